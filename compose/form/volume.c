/* SPDX-License-Identifier: Apache-2.0
 *
 * Short volumes; see compose/form/volume.h.
 */
#include "compose/form/volume.h"

#include <string.h>

#include "compose/form/path.h"
#include "core/str.h"

#include "core/banned.h"

static bool letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int set_option(struct sc_volume_spec *spec, const char *option, size_t len)
{
    static const char *const propagations[] = {"rprivate", "private", "rshared",
                                               "shared",   "rslave",  "slave"};
    static const struct {
        const char *name;
        bool read_only;
    } access[] = {{"ro", true}, {"rw", false}};
    for (size_t i = 0; i < SC_ARRAY_SIZE(access); i++) {
        if (strlen(access[i].name) == len && memcmp(access[i].name, option, len) == 0)
            spec->read_only = access[i].read_only;
    }
    for (size_t i = 0; i < SC_ARRAY_SIZE(propagations); i++) {
        if (strlen(propagations[i]) == len && memcmp(propagations[i], option, len) == 0)
            spec->propagation = propagations[i];
    }
    if (len == 6 && memcmp(option, "nocopy", 6) == 0)
        spec->nocopy = true;
    if (len == 1 && (*option == 'z' || *option == 'Z'))
        spec->selinux = *option == 'z' ? "z" : "Z";
    return 0;
}

static int set_part(struct sc_model_pool *pool, struct sc_volume_spec *spec, const char *part,
                    size_t len, bool last, struct sc_error *err)
{
    if (len == 0)
        return sc_fail(err, SC_E_SYNTAX, "a volume with nothing between two colons");
    const char **field = NULL;
    if (spec->source == NULL)
        field = last ? &spec->target : &spec->source;
    else if (spec->target == NULL)
        field = &spec->target;
    if (field != NULL) {
        *field = sc_model_pool_ndup(pool, part, len);
        return *field != NULL ? 0 : sc_model_pool_fail(pool, err);
    }
    if (!last)
        return sc_fail(err, SC_E_SYNTAX, "a volume with too many colons");
    while (len > 0) {
        const char *comma = memchr(part, ',', len);
        size_t option = comma != NULL ? (size_t)(comma - part) : len;
        set_option(spec, part, option);
        option += comma != NULL ? 1 : 0;
        part += option;
        len -= option;
    }
    return 0;
}

static bool is_host_path(const char *source)
{
    if (source == NULL)
        return false;
    if (strchr("./~", source[0]) != NULL || (source[0] == '\\' && source[1] == '\\'))
        return true;
    return letter(source[0]) && source[1] == ':';
}

int sc_volume_parse(struct sc_model_pool *pool, const char *text, struct sc_volume_spec *ret,
                    struct sc_error *err)
{
    struct sc_volume_spec spec = {0};
    size_t len = strlen(text);
    if (len == 0)
        return sc_fail(err, SC_E_SYNTAX, "an empty volume");
    if (len <= 2) {
        spec.target = sc_model_pool_ndup(pool, text, len);
        spec.options_only = true;
        *ret = spec;
        return spec.target != NULL ? 0 : sc_model_pool_fail(pool, err);
    }
    size_t nested = 0; /* inside ${...}, which a text keeps where nothing is interpolated */
    const char *part = text;
    for (const char *c = text; c <= text + len; c++) {
        if (*c == '$' && c[1] == '{')
            nested++;
        if (*c == '}' && nested > 0)
            nested--;
        bool drive = *c == ':' && c - part == 1 && letter(*part);
        if (nested > 0 || drive || (*c != ':' && *c != '\0'))
            continue;
        int rc = set_part(pool, &spec, part, (size_t)(c - part), *c == '\0', err);
        if (rc < 0)
            return rc;
        part = c + 1;
    }
    if (spec.target == NULL)
        return sc_fail(err, SC_E_SYNTAX, "a volume without a target");
    spec.bind = is_host_path(spec.source);
    *ret = spec;
    return 0;
}

struct map_builder {
    struct sc_model_pool *pool;
    const struct sc_value *spec;
    struct sc_error *err;
    int rc; /* the first failure */
};

static void put(struct map_builder *b, struct sc_value *map, const char *key,
                struct sc_value *value)
{
    if (b->rc == 0 && map != NULL)
        b->rc = sc_tree_set(b->pool, map, key, value, &b->spec->origin->place, b->err);
    else if (b->rc == 0)
        b->rc = sc_model_pool_fail(b->pool, b->err);
}

static void put_text(struct map_builder *b, struct sc_value *map, const char *key, const char *text)
{
    if (text != NULL)
        put(b, map, key, sc_tree_text(b->pool, text, b->spec->origin));
}

static void put_true(struct map_builder *b, struct sc_value *map, const char *key, bool value)
{
    if (value)
        put(b, map, key, sc_tree_bool(b->pool, true, b->spec->origin));
}

struct sc_value *sc_volume_map(struct sc_model_pool *pool, const struct sc_value *text,
                               struct sc_error *err)
{
    struct sc_volume_spec spec = {0};
    struct map_builder b = {.pool = pool, .spec = text, .err = err};
    b.rc = sc_volume_parse(pool, text->u.text, &spec, err);
    if (b.rc < 0)
        return NULL;
    struct sc_value *map = sc_tree_new(pool, SC_VALUE_MAP, text->origin);
    put_text(&b, map, "type", spec.bind ? "bind" : "volume");
    put_text(&b, map, "source", spec.source);
    put_text(&b, map, "target", sc_path_clean(pool, spec.target));
    put_true(&b, map, "read_only", spec.read_only);
    if (spec.bind || spec.propagation != NULL || spec.selinux != NULL) {
        struct sc_value *bind = sc_tree_new(pool, SC_VALUE_MAP, text->origin);
        put_text(&b, bind, "selinux", spec.selinux);
        put_text(&b, bind, "propagation", spec.propagation);
        put_true(&b, bind, "create_host_path", spec.bind);
        put(&b, map, "bind", bind);
    }
    if ((!spec.bind && !spec.options_only) || spec.nocopy) {
        struct sc_value *volume = sc_tree_new(pool, SC_VALUE_MAP, text->origin);
        put_true(&b, volume, "nocopy", spec.nocopy);
        put(&b, map, "volume", volume);
    }
    return b.rc == 0 ? map : NULL;
}
