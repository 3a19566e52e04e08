/* SPDX-License-Identifier: Apache-2.0
 *
 * Markdown: each fence is looked at as the language it names, or as what it looks like.
 */
#include <string.h>
#include <strings.h>

#include "audit/detect/region.h"
#include "core/str.h"

#include "core/banned.h"

#define FENCE_MAX 64 /* more backticks than that are an ornament */

struct fence {
    char mark;
    size_t width;
    size_t info, info_len; /* the language */
};

/* Whether the line text[at..end) opens or closes a fence; indentation and block quotes allowed. */
static bool read_fence(const char *text, size_t at, size_t end, struct fence *ret)
{
    while (at < end && (text[at] == ' ' || text[at] == '\t' || text[at] == '>'))
        at++;
    size_t start = at;
    while (at < end && at - start < FENCE_MAX && text[at] == text[start] &&
           (text[start] == '`' || text[start] == '~'))
        at++;
    if (at - start < 3)
        return false;
    ret->mark = text[start];
    ret->width = at - start;
    while (at < end && (text[at] == ' ' || text[at] == '{' || text[at] == '.'))
        at++;
    ret->info = at;
    while (at < end && strchr(" \t\r,:{}", text[at]) == NULL)
        at++;
    ret->info_len = at - ret->info;
    return true;
}

struct language {
    const char *name;
    enum sc_text_kind kind;
    const char *path; /* of a program: what a file of it is called */
};

static const struct language languages[] = {
    {"yaml", SC_TEXT_YAML},
    {"yml", SC_TEXT_YAML},
    {"docker-compose", SC_TEXT_YAML},
    {"compose", SC_TEXT_YAML},
    {"dockerfile", SC_TEXT_DOCKERFILE},
    {"docker", SC_TEXT_DOCKERFILE},
    {"bash", SC_TEXT_SHELL},
    {"sh", SC_TEXT_SHELL},
    {"shell", SC_TEXT_SHELL},
    {"console", SC_TEXT_SHELL},
    {"zsh", SC_TEXT_SHELL},
    {"terminal", SC_TEXT_SHELL},
    {"shell-session", SC_TEXT_SHELL},
    {"sh-session", SC_TEXT_SHELL},
    {"env", SC_TEXT_DOTENV},
    {"dotenv", SC_TEXT_DOTENV},
    {"ini", SC_TEXT_CONFIG},
    {"toml", SC_TEXT_CONFIG},
    {"properties", SC_TEXT_CONFIG},
    {"conf", SC_TEXT_CONFIG},
    {"json", SC_TEXT_CONFIG},
    {"sql", SC_TEXT_SQL},
    {"mysql", SC_TEXT_SQL},
    {"make", SC_TEXT_MAKEFILE},
    {"makefile", SC_TEXT_MAKEFILE},
    {"systemd", SC_TEXT_UNIT},
    {"groovy", SC_TEXT_PROGRAM, "Jenkinsfile"},
    {"jenkinsfile", SC_TEXT_PROGRAM, "Jenkinsfile"},
    {"hcl", SC_TEXT_PROGRAM, "x.hcl"},
    {"terraform", SC_TEXT_PROGRAM, "x.tf"},
    {"tf", SC_TEXT_PROGRAM, "x.tf"},
    {"powershell", SC_TEXT_PROGRAM, "x.ps1"},
    {"ps1", SC_TEXT_PROGRAM, "x.ps1"},
    {"pwsh", SC_TEXT_PROGRAM, "x.ps1"},
};

static bool begins_with(const char *text, size_t len, const char *word)
{
    size_t n = strlen(word);
    return len >= n && memcmp(text, word, n) == 0;
}

enum sc_text_kind sc_text_kind_of_start(const char *text, size_t len)
{
    while (len > 0 && strchr(" \t\r\n$", *text) != NULL) {
        text++;
        len--;
    }
    static const char *const yaml[] = {
        "version:", "services:", "apiVersion:", "name:", "stages:", "---\n", NULL};
    static const char *const shell[] = {"docker ",  "docker-compose ", "export ", "curl ",
                                        "kubectl ", "sudo ",           "podman ", "#!/",
                                        "git ",     "mysql ",          "psql ",   "redis-cli ",
                                        NULL};
    static const char *const dockerfile[] = {"FROM ", "ARG ", "ENV ", NULL};
    for (const char *const *word = yaml; *word != NULL; word++) {
        if (begins_with(text, len, *word))
            return SC_TEXT_YAML;
    }
    for (const char *const *word = shell; *word != NULL; word++) {
        if (begins_with(text, len, *word))
            return SC_TEXT_SHELL;
    }
    for (const char *const *word = dockerfile; *word != NULL; word++) {
        if (begins_with(text, len, *word))
            return SC_TEXT_DOCKERFILE;
    }
    size_t name = 0;
    while (name < len && ((text[name] >= 'A' && text[name] <= 'Z') || text[name] == '_'))
        name++;
    return name > 2 && name < len && text[name] == '=' ? SC_TEXT_DOTENV : SC_TEXT_OTHER;
}

static int read_body(struct sc_detect *detect, const struct fence *fence, struct sc_region body,
                     struct sc_error *err)
{
    for (size_t i = 0; i < SC_ARRAY_SIZE(languages); i++) {
        const struct language *language = &languages[i];
        if (strlen(language->name) != fence->info_len ||
            strncasecmp(language->name, detect->text + fence->info, fence->info_len) != 0)
            continue;
        return language->path == NULL ? sc_detect_region(detect, body, language->kind, err)
                                      : sc_detect_program(detect, body, language->path, err);
    }
    if (fence->info_len > 0 &&
        strncasecmp(detect->text + fence->info, "text", fence->info_len) != 0)
        return 0; /* only the token rules */
    return sc_detect_region(detect, body,
                            sc_text_kind_of_start(detect->text + body.offset, body.len), err);
}

int sc_detect_markdown(struct sc_detect *detect, struct sc_region region, struct sc_error *err)
{
    const char *text = detect->text;
    size_t end = region.offset + region.len;
    struct fence open = {0};
    size_t body = 0;
    for (size_t at = region.offset; at < end;) {
        size_t line_end = sc_str_line_end(text, at, end);
        struct fence fence;
        bool is_fence = read_fence(text, at, line_end, &fence);
        if (is_fence && open.width == 0) {
            open = fence;
            body = SC_MIN(line_end + 1, end);
        } else if (is_fence && fence.mark == open.mark && fence.width >= open.width &&
                   fence.info_len == 0) {
            struct sc_region inside = {body, at > body ? at - body : 0};
            int rc = read_body(detect, &open, inside, err);
            if (rc < 0)
                return rc;
            open.width = 0;
        }
        at = line_end + 1;
    }
    if (open.width > 0 && body < end) { /* never closed */
        struct sc_region inside = {body, end - body};
        return read_body(detect, &open, inside, err);
    }
    return 0;
}
