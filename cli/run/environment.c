/* SPDX-License-Identifier: Apache-2.0
 *
 * What the child gets as its environment; see cli/run/run.h.
 */
#include "cli/run/run.h"

#include <string.h>
#include <unistd.h>

#include "core/arena.h"

#include "core/banned.h"

/* The kernel's limit for one string, its NUL included (MAX_ARG_STRLEN). */
#define STRING_MAX 131072

static bool is_ours(const char *variable)
{
    return sc_str_has_prefix(variable, "SECRETSCTL_") ||
           sc_str_has_prefix(variable, "CREDENTIALS_DIRECTORY=");
}

static bool is_kept_clean(const char *variable)
{
    static const char *const kept[] = {
        "PATH=", "HOME=", "USER=", "LOGNAME=", "SHELL=",           "TERM=", "COLORTERM=",
        "LANG=", "LC_",   "TZ=",   "TMPDIR=",  "XDG_RUNTIME_DIR=", "CI="};
    for (size_t i = 0; i < SC_ARRAY_SIZE(kept); i++)
        if (sc_str_has_prefix(variable, kept[i]))
            return true;
    return false;
}

/* Whether one of the new variables takes this one's place. */
static bool is_replaced(const struct sc_run_values *values, const char *variable)
{
    size_t len = strcspn(variable, "=");
    for (size_t i = 0; i < values->count; i++) {
        const char *name = values->items[i].variable;
        size_t n = name != NULL ? strlen(name) : 0;
        bool file = values->items[i].path != NULL;
        if (name != NULL && strncmp(variable, name, n) == 0 &&
            (file ? len == n + 5 && memcmp(variable + n, "_FILE", 5) == 0 : len == n))
            return true;
    }
    return false;
}

/* Writes the strings one after the other; with block NULL it only measures. */
struct builder {
    char *block;
    size_t used;
    char **items;
    size_t count;
};

static void put(struct builder *builder, const void *bytes, size_t len)
{
    if (builder->block != NULL && len > 0)
        memcpy(builder->block + builder->used, bytes, len);
    builder->used += len;
}

static void begin(struct builder *builder)
{
    if (builder->block != NULL)
        builder->items[builder->count] = builder->block + builder->used;
    builder->count++;
}

static void put_value(struct builder *builder, const struct sc_run_value *item)
{
    if (item->variable == NULL)
        return;
    begin(builder);
    put(builder, item->variable, strlen(item->variable));
    if (item->path == NULL) {
        struct sc_bytes value = sc_secret_view(&item->value);
        put(builder, "=", 1);
        put(builder, value.ptr, value.len);
    } else {
        put(builder, "_FILE=", 6);
        put(builder, item->path, strlen(item->path));
    }
    put(builder, "", 1);
}

static void build(struct builder *builder, const struct sc_run_values *values, bool clean)
{
    for (char **at = environ; *at != NULL; at++) {
        if (is_ours(*at) || (clean && !is_kept_clean(*at)) || is_replaced(values, *at))
            continue;
        begin(builder);
        put(builder, *at, strlen(*at) + 1);
    }
    for (size_t i = 0; i < values->count; i++)
        put_value(builder, &values->items[i]);
}

static int check_values(const struct sc_run_values *values, struct sc_error *err)
{
    for (size_t i = 0; i < values->count; i++) {
        const struct sc_run_value *item = &values->items[i];
        struct sc_bytes value = sc_secret_view(&item->value);
        if (item->variable == NULL || item->path != NULL || value.len == 0)
            continue;
        if (memchr(value.ptr, 0, value.len) != NULL)
            return sc_fail(err, SC_E_FAILED,
                           "'%s' holds a NUL byte, which no variable can; use --files", item->name);
        if (strlen(item->variable) + 1 + value.len >= STRING_MAX)
            return sc_fail(
                err, SC_E_TOOBIG,
                "'%s' is longer than the kernel takes in one variable (%d bytes with its "
                "name); use --files",
                item->name, STRING_MAX - 1);
    }
    return 0;
}

int sc_run_environment_make(const struct sc_run_values *values, bool clean,
                            struct sc_run_environment *ret, struct sc_error *err)
{
    int rc = check_values(values, err);
    if (rc < 0)
        return rc;
    struct builder measure = {0};
    build(&measure, values, clean);
    size_t table = (measure.count + 1) * sizeof(char *);
    size_t size = table + measure.used + 1;
    char *block = sc_arena_pages_get(size, SC_ARENA_FORK_KEEPS, err);
    if (block == NULL)
        return SC_E_NOMEM;
    struct builder builder = {.block = block + table, .items = (char **)(void *)block};
    build(&builder, values, clean);
    *ret = (struct sc_run_environment){.block = block, .size = size, .items = builder.items};
    return 0;
}

void sc_run_environment_done(struct sc_run_environment *environment)
{
    sc_arena_pages_release(environment->block, environment->size);
    *environment = (struct sc_run_environment){0};
}
