/* SPDX-License-Identifier: Apache-2.0
 *
 * Look-up in the table of images; see compose/images/images.h.
 */
#include "compose/images/images.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "compose/images/table.h"
#include "core/macros.h"
#include "core/str.h"

#include "core/banned.h"

#define REPOSITORY_SIZE 256

/* Where the tag begins (behind the ':'), or the end; a digest does not count. */
static size_t tag_start(const char *image)
{
    size_t end = strcspn(image, "@");
    for (size_t i = end; i > 0 && image[i - 1] != '/'; i--) {
        if (image[i - 1] == ':')
            return i;
    }
    return end;
}

const char *sc_image_text(struct sc_image_string string)
{
    return &sc_image_texts[string.offset];
}

bool sc_image_repository(const char *image, char *out, size_t size)
{
    size_t end = tag_start(image);
    if (end > 0 && image[end - 1] == ':')
        end--;
    static const char *const hubs[] = {"docker.io/", "index.docker.io/", "registry-1.docker.io/"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(hubs); i++) {
        size_t n = strlen(hubs[i]);
        if (end > n && strncmp(image, hubs[i], n) == 0) {
            image += n;
            end -= n;
        }
    }
    if (end > 8 && strncmp(image, "library/", 8) == 0) {
        image += 8;
        end -= 8;
    }
    if (end == 0 || end >= size || memchr(image, '$', end) != NULL)
        return false;
    memcpy(out, image, end);
    out[end] = '\0';
    return true;
}

/* Compares dotted numbers as far as both have parts: "16" and "16.2" are equal. */
static int compare_versions(const char *a, const char *b)
{
    while (isdigit((unsigned char)*a) != 0 && isdigit((unsigned char)*b) != 0) {
        char *a_end = NULL, *b_end = NULL;
        unsigned long x = strtoul(a, &a_end, 10), y = strtoul(b, &b_end, 10);
        if (x != y)
            return x < y ? -1 : 1;
        if (*a_end != '.' || *b_end != '.')
            return 0;
        a = a_end + 1;
        b = b_end + 1;
    }
    return 0;
}

static bool version_fits(const struct sc_image_rule *rule, const char *image)
{
    const char *tag = image + tag_start(image);
    tag += *tag == 'v' || *tag == 'V';
    if (isdigit((unsigned char)*tag) == 0)
        return true; /* latest, a name, or none: taken as current */
    const char *min = sc_image_text(rule->min_version), *max = sc_image_text(rule->max_version);
    return (*min == '\0' || compare_versions(tag, min) >= 0) &&
           (*max == '\0' || compare_versions(tag, max) <= 0);
}

/* What follows the registry's host ("registry.example.com:5000/postgres", "localhost/postgres"), or
 * the whole: a registry of one's own is a mirror as a rule, and its images keep their names. A
 * first part is a host when it holds a dot or a port, or is "localhost" (the engine's rule). */
static const char *without_host(const char *repository)
{
    size_t n = strcspn(repository, "/");
    bool host = memchr(repository, '.', n) != NULL || memchr(repository, ':', n) != NULL ||
                (n == 9 && memcmp(repository, "localhost", n) == 0);
    if (!host || repository[n] == '\0')
        return repository;
    const char *rest = repository + n + 1;
    return strncmp(rest, "library/", 8) == 0 ? rest + 8 : rest;
}

static bool names_image(const char *pattern, const char *repository)
{
    return sc_str_glob(pattern, repository) || sc_str_glob(pattern, without_host(repository));
}

static bool is_known(const char *image, bool by_its_own_name)
{
    char repository[REPOSITORY_SIZE];
    if (image == NULL || !sc_image_repository(image, repository, sizeof(repository)))
        return false;
    for (size_t i = 0; i < sc_image_table_count; i++) {
        const char *pattern = sc_image_text(sc_image_table[i].image);
        if (strcmp(pattern, "*") != 0 &&
            (by_its_own_name ? sc_str_glob(pattern, repository) : names_image(pattern, repository)))
            return true;
    }
    return false;
}

bool sc_image_known(const char *image)
{
    return is_known(image, false);
}

bool sc_image_is_mirror(const char *image)
{
    return is_known(image, false) && !is_known(image, true);
}

/* 0 = does not fit; the more exact, the larger. */
static int fitness(const struct sc_image_rule *rule, const char *repository, const char *variable)
{
    const char *images = sc_image_text(rule->image), *variables = sc_image_text(rule->variable);
    bool every = strcmp(images, "*") == 0;
    if (!sc_str_glob(variables, variable) || (!every && !names_image(images, repository)))
        return 0;
    int score = every ? 1 : strchr(images, '*') != NULL ? 3 : 5;
    return score * 4 + (strcmp(variables, "*") == 0 ? 0 : strchr(variables, '*') != NULL ? 1 : 2);
}

const struct sc_image_rule *sc_image_rule(const char *image, const char *variable)
{
    char repository[REPOSITORY_SIZE] = "";
    if (image == NULL)
        image = "";
    if (!sc_image_repository(image, repository, sizeof(repository)))
        repository[0] = '\0';
    const struct sc_image_rule *best = NULL;
    int best_score = 0;
    for (size_t i = 0; i < sc_image_table_count; i++) {
        int score = fitness(&sc_image_table[i], repository, variable);
        if (score > best_score && version_fits(&sc_image_table[i], image)) {
            best = &sc_image_table[i];
            best_score = score;
        }
    }
    return best;
}

bool sc_image_rule_is_credential(const struct sc_image_rule *rule)
{
    static const char *const not_secret[] = {"user", "other", "none"};
    if (rule == NULL || rule->way == SC_IMAGE_WAY_NONE ||
        strcmp(sc_image_text(rule->variable), "*") == 0)
        return false;
    for (size_t i = 0; i < SC_ARRAY_SIZE(not_secret); i++) {
        if (strcmp(sc_image_text(rule->kind), not_secret[i]) == 0)
            return false;
    }
    return true;
}

/* What the '*' of the pattern stands for; "" without one. */
static const char *rest_of(const char *pattern, const char *variable)
{
    const char *star = strchr(pattern, '*');
    return star == NULL ? "" : variable + (star - pattern);
}

/* Behind what stands in out; false when it does not fit. */
static bool add(char out[SC_IMAGE_ARGUMENT_SIZE], size_t *len, const char *text, size_t count)
{
    if (count >= SC_IMAGE_ARGUMENT_SIZE - *len)
        return false;
    memcpy(out + *len, text, count);
    *len += count;
    out[*len] = '\0';
    return true;
}

int sc_image_argument(const struct sc_image_rule *rule, const char *variable,
                      char out[SC_IMAGE_ARGUMENT_SIZE], struct sc_error *err)
{
    char text[SC_IMAGE_ARGUMENT_SIZE] = "";
    size_t len = 0;
    bool fits = true;
    const char *from = sc_image_text(rule->argument);
    while (*from != '\0' && fits) {
        if (strncmp(from, "{VAR}", 5) == 0) {
            fits = add(text, &len, variable, strlen(variable));
            from += 5;
        } else if (strncmp(from, "{var}", 5) == 0) {
            size_t start = len;
            fits = add(text, &len, variable, strlen(variable));
            for (; start < len; start++)
                text[start] = (char)tolower((unsigned char)text[start]);
            from += 5;
        } else if (strncmp(from, "{rest}", 6) == 0) {
            const char *rest = rest_of(sc_image_text(rule->variable), variable);
            fits = add(text, &len, rest, strlen(rest));
            from += 6;
        } else {
            fits = add(text, &len, from++, 1);
        }
    }
    if (!fits)
        return sc_fail(err, SC_E_TOOBIG, "'%s' is too long a name", variable);
    memcpy(out, text, len + 1);
    return 0;
}
