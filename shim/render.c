/* SPDX-License-Identifier: Apache-2.0
 *
 * From our environment to the child's: placeholders, --from-file, --env and --file.
 */
#include "shim/shim.h"

#include <string.h>

#include "core/text/template.h"
#include "shim/file.h"

#include "core/banned.h"

/* The environment being built. */
struct builder {
    struct shim *shim;
    char **items;
    size_t count;
    bool failed;
};

static struct shim_asker asker_of(const struct shim_item *item)
{
    return (struct shim_asker){item->name, item->name_len};
}

/* Variables that are ours are not passed on. */
static bool is_ours(const char *variable)
{
    return strncmp(variable, "SECRETSCTL_", 11) == 0 ||
           strncmp(variable, "CREDENTIALS_DIRECTORY=", 22) == 0;
}

static bool fail_template(struct shim_asker asker, const struct sc_template_part *part)
{
    char offset[24];
    shim_say_of(asker, "the placeholder does not parse at offset ",
                shim_number(offset, part->offset, 10), ": ", part->ptr, NULL);
    return false;
}

static bool fetch(struct shim *shim, struct shim_asker asker, const struct sc_template_part *part,
                  struct shim_bytes *ret)
{
    char path[SHIM_PATH_MAX];
    size_t dir_len = strlen(shim->options.dir);
    if (dir_len + 1 + part->len >= sizeof(path)) {
        shim_say_of(asker, "the path of the value is too long", NULL);
        return false;
    }
    memcpy(path, shim->options.dir, dir_len);
    path[dir_len] = '/';
    memcpy(path + dir_len + 1, part->ptr, part->len);
    path[dir_len + 1 + part->len] = '\0';
    if (!shim_read_value(shim, asker, path, ret))
        return false;
    if (shim->options.check)
        shim_print(shim_copy(&shim->text, asker.name, asker.name_len), "\t", path, "\n", NULL);
    for (size_t i = 0; i < part->filter_count; i++) {
        size_t len = sc_template_filter(part->filters[i], ret->ptr, ret->len, NULL);
        char *filtered = shim_alloc(&shim->values, len);
        if (filtered == NULL)
            return false;
        sc_template_filter(part->filters[i], ret->ptr, ret->len, filtered);
        *ret = (struct shim_bytes){filtered, len};
    }
    return true;
}

/* Renders behind `prefix` ("NAME=", or nothing for a file) into one block: first all parts, then
 * their sum, since the arena hands out blocks and does not grow them. */
static bool render(struct shim *shim, struct shim_asker asker, struct shim_bytes prefix,
                   struct shim_bytes text, struct shim_bytes *ret)
{
    struct sc_template_part part;
    struct shim_bytes parts[SHIM_PARTS_MAX] = {prefix};
    size_t count = 1;
    size_t total = prefix.len;
    size_t at = 0;
    int got = 0;
    while ((got = sc_template_next(text.ptr, text.len, &at, &part)) > 0) {
        if (count == SHIM_PARTS_MAX) {
            shim_say_of(asker, "there are too many placeholders", NULL);
            return false;
        }
        parts[count] = (struct shim_bytes){part.ptr, part.len};
        if (part.kind != SC_TEMPLATE_TEXT && !fetch(shim, asker, &part, &parts[count]))
            return false;
        total += parts[count++].len;
    }
    if (got < 0)
        return fail_template(asker, &part);
    char *block = shim_alloc(&shim->values, total + 1);
    if (block == NULL)
        return false;
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        memcpy(block + len, parts[i].ptr, parts[i].len);
        len += parts[i].len;
    }
    block[len] = '\0';
    *ret = (struct shim_bytes){block, len};
    return true;
}

/* What cannot be a variable's value. */
static bool check_string(const struct shim *shim, struct shim_asker asker, struct shim_bytes string)
{
    if (memchr(string.ptr, '\0', string.len) != NULL) {
        shim_say_of(asker,
                    "the value holds a NUL byte, which no variable can; use --file, or let "
                    "the program read the file",
                    NULL);
        return false;
    }
    if (string.len + 1 > SHIM_STRING_MAX) {
        shim_say_of(asker,
                    "name and value are longer than 131071 bytes, the kernel's limit; use "
                    "--file, or let the program read the file",
                    NULL);
        return false;
    }
    if (!shim->options.strip_newline && string.len > 0 && string.ptr[string.len - 1] == '\n')
        shim_say_of(asker, "warning: the value ends in a line end; --strip-newline drops it", NULL);
    return true;
}

/* Replaces the variable, or adds it. */
static void set_string(struct builder *builder, struct shim_asker asker, char *string)
{
    for (size_t i = 0; i < builder->count; i++) {
        if (strncmp(builder->items[i], asker.name, asker.name_len) == 0 &&
            builder->items[i][asker.name_len] == '=') {
            builder->items[i] = string;
            return;
        }
    }
    builder->items[builder->count++] = string;
}

static void set_rendered(struct builder *builder, struct shim_asker asker, struct shim_bytes text)
{
    struct shim *shim = builder->shim;
    char *prefix = shim_alloc(&shim->text, asker.name_len + 1);
    struct shim_bytes string;
    if (prefix == NULL) {
        builder->failed = true;
        return;
    }
    memcpy(prefix, asker.name, asker.name_len);
    prefix[asker.name_len] = '=';
    if (render(shim, asker, (struct shim_bytes){prefix, asker.name_len + 1}, text, &string) &&
        check_string(shim, asker, string))
        set_string(builder, asker, (char *)(uintptr_t)string.ptr);
    else
        builder->failed = true;
}

static bool has_braces(const char *text)
{
    for (; *text != '\0'; text++)
        if (text[0] == '{' && text[1] == '{')
            return true;
    return false;
}

/* The given variables in order; those without "{{" are passed on by pointer. */
static void copy_environment(struct builder *builder)
{
    for (char **at = builder->shim->environment; *at != NULL; at++) {
        size_t name_len = strcspn(*at, "=");
        if (is_ours(*at))
            continue;
        builder->items[builder->count++] = *at;
        if ((*at)[name_len] != '=' || !has_braces(*at + name_len))
            continue;
        const char *text = *at + name_len + 1;
        set_rendered(builder, (struct shim_asker){*at, name_len},
                     (struct shim_bytes){text, strlen(text)});
    }
}

static void drop(struct builder *builder, const char *name, size_t len)
{
    size_t kept = 0;
    for (size_t i = 0; i < builder->count; i++)
        if (strncmp(builder->items[i], name, len) != 0 || builder->items[i][len] != '=')
            builder->items[kept++] = builder->items[i];
    builder->count = kept;
}

static bool take_from_file(struct builder *builder, const struct shim_item *item)
{
    struct shim *shim = builder->shim;
    struct shim_asker asker = asker_of(item);
    char name[SHIM_PATH_MAX];
    struct shim_bytes value;
    if (item->name_len + sizeof("_FILE") > sizeof(name)) {
        shim_say_of(asker, "the name is too long", NULL);
        return false;
    }
    memcpy(name, item->name, item->name_len);
    memcpy(name + item->name_len, "_FILE", sizeof("_FILE"));
    size_t name_len = item->name_len + 5;
    builder->items[builder->count] = NULL;
    const char *path = shim_lookup(builder->items, name, name_len);
    if (path == NULL || *path == '\0') {
        shim_say_of(asker, "'", name, "' is not set, so there is no file to take it from", NULL);
        return false;
    }
    if (shim_lookup(builder->items, item->name, item->name_len) != NULL) {
        shim_say_of(asker, "'", name, "' is set as well; remove one of the two", NULL);
        return false;
    }
    if (!shim_read_value(shim, asker, path, &value))
        return false;
    if (shim->options.check)
        shim_print(shim_copy(&shim->text, item->name, item->name_len), "\t", path, "\n", NULL);
    char *string = shim_alloc(&shim->values, item->name_len + 1 + value.len + 1);
    if (string == NULL)
        return false;
    memcpy(string, item->name, item->name_len);
    string[item->name_len] = '=';
    memcpy(string + item->name_len + 1, value.ptr, value.len);
    size_t len = item->name_len + 1 + value.len;
    string[len] = '\0';
    if (!check_string(shim, asker, (struct shim_bytes){string, len}))
        return false;
    drop(builder, name, name_len);
    set_string(builder, asker, string);
    return true;
}

static bool make_file(struct builder *builder, const struct shim_item *item)
{
    struct shim *shim = builder->shim;
    struct shim_bytes text = {item->template, strlen(item->template)};
    struct shim_bytes content;
    char *string = NULL;
    if (!render(shim, asker_of(item), (struct shim_bytes){"", 0}, text, &content))
        return false;
    if (shim->options.check)
        return true;
    if (!shim_write_file(shim, item, content, &string))
        return false;
    set_string(builder, asker_of(item), string);
    return true;
}

bool shim_build_environment(struct shim *shim, char ***ret)
{
    size_t count =
        shim->options.env_count + shim->options.file_count + shim->options.from_file_count + 1;
    for (char **at = shim->environment; *at != NULL; at++)
        count++;
    struct builder builder = {.shim = shim};
    builder.items = shim_alloc(&shim->values, count * sizeof(char *));
    if (builder.items == NULL)
        return false;
    copy_environment(&builder);
    for (size_t i = 0; i < shim->options.from_file_count; i++)
        if (!take_from_file(&builder, &shim->options.from_file[i]))
            builder.failed = true;
    for (size_t i = 0; i < shim->options.env_count; i++) {
        const struct shim_item *item = &shim->options.env[i];
        set_rendered(&builder, asker_of(item),
                     (struct shim_bytes){item->template, strlen(item->template)});
    }
    for (size_t i = 0; i < shim->options.file_count && !builder.failed; i++)
        if (!make_file(&builder, &shim->options.files[i]))
            builder.failed = true;
    builder.items[builder.count] = NULL;
    *ret = builder.items;
    return !builder.failed;
}
