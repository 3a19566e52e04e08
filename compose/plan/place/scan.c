/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds credentials outside of the environments: commands, health checks, labels, build arguments,
 * contents of configs, options of drivers, hooks, extension fields. What is found, and how it is
 * judged, is what `audit` finds.
 */
#include <string.h>

#include "compose/judge/lines.h"
#include "compose/plan/internal.h"
#include "core/str.h"

#include "core/banned.h"

/* Where a scan stands. */
struct scan {
    struct context *c;
    struct definition *service;
    size_t file;
    const char *where;
    /* the command at hand: its scalars one behind the other */
    const struct sc_yaml_node *list;
    const struct sc_yaml_node *const *items;
    size_t *starts;
    size_t count;
    const char *text;
    bool shell; /* the text itself is read by a shell */
    struct sc_shell_reader reader;
};

/* ---- what was found ---- */

static bool known(const struct context *c, const struct sc_yaml_node *node, size_t start,
                  size_t end)
{
    for (size_t i = 0; i < c->found_count; i++) {
        if (sc_yaml_resolve(c->found[i].value_node) == node)
            return true;
    }
    for (size_t i = 0; i < c->literal_count; i++) {
        const struct literal *l = &c->literals[i];
        if (l->node == node && l->start < end && start < l->end)
            return true;
    }
    return false;
}

static int add(struct scan *s, const struct literal *l, struct sc_error *err)
{
    struct context *c = s->c;
    if (known(c, l->node, l->start, l->end))
        return 0;
    if (c->literal_count == SC_PLAN_ITEMS_MAX)
        return sc_fail(err, SC_E_TOOBIG, "more than %d credentials", SC_PLAN_ITEMS_MAX);
    if (!sc_plan_room(&c->literals, c->literal_count, &c->literal_cap, sizeof(*c->literals), err))
        return SC_E_NOMEM;
    struct literal *copy = &c->literals[c->literal_count++];
    *copy = *l;
    copy->service = s->service;
    copy->file = s->file;
    copy->where = s->where;
    copy->first = l->first < l->last ? l->first : l->start;
    copy->last = l->first < l->last ? l->last : l->end;
    return 0;
}

/* Judges the text from..to of a scalar. */
static int judge(struct scan *s, const struct sc_yaml_node *node, const char *key, size_t key_len,
                 size_t from, size_t to, struct literal *l, struct sc_error *err)
{
    const char *value = node->text + from;
    size_t start = 0, end = to - from;
    if (!sc_credential_judge(key, key_len, value, to - from, &l->credential) ||
        l->credential.key == SC_KEY_HALF)
        return 0;
    sc_plan_part(value, to - from, &l->credential, &start, &end);
    l->node = node;
    l->start = from + start;
    l->end = from + end;
    if (key != NULL) {
        l->key = sc_stash_dup(&s->c->plan->pool, key, key_len, err);
        if (l->key == NULL)
            return SC_E_NOMEM;
    }
    return add(s, l, err);
}

/* ---- pairs ---- */

/* Hashes of basic authentication stand in labels of proxies. */
static bool is_user_list(const char *key, size_t len)
{
    return key != NULL && memmem(key, len, "basicauth.users", 15) != NULL;
}

static int judge_pair(struct scan *s, const char *key, size_t key_len,
                      const struct sc_yaml_node *node, size_t from, struct sc_error *err)
{
    struct literal l = {0};
    const char *value = node->text + from;
    if (is_user_list(key, key_len) && strchr(value, ':') != NULL && value[0] != '{' &&
        strstr(value, "${") == NULL) {
        l.credential = (struct sc_credential){
            .shape = SC_SHAPE_LITERAL, .key = SC_KEY_PASSWORD, .length = node->len - from};
        l.node = node;
        l.start = from;
        l.end = node->len;
        l.key = sc_stash_dup(&s->c->plan->pool, key, key_len, err);
        return l.key == NULL ? SC_E_NOMEM : add(s, &l, err);
    }
    return judge(s, node, key, key_len, from, node->len, &l, err);
}

/* key: value, - key=value, - text; all the way down. */
static int scan_pairs(struct scan *s, const struct sc_yaml_node *node, struct sc_error *err)
{
    int rc = 0;
    if (node == NULL || node->kind == SC_YAML_ALIAS)
        return 0; /* what an alias stands for is looked at where it is written */
    for (size_t i = 0; i < node->count && rc == 0; i++) {
        const struct sc_yaml_node *value = node->values[i];
        if (value->kind == SC_YAML_MAPPING || value->kind == SC_YAML_SEQUENCE) {
            rc = scan_pairs(s, value, err);
            continue;
        }
        if (value->kind != SC_YAML_SCALAR || sc_yaml_is_null(value))
            continue;
        const char *key = node->kind == SC_YAML_MAPPING ? sc_node_text(node->keys[i]) : NULL;
        const char *equal = key == NULL ? strchr(value->text, '=') : NULL;
        const char *scheme = strstr(value->text, "://");
        if (key != NULL)
            rc = judge_pair(s, key, strlen(key), value, 0, err);
        else if (equal != NULL && (scheme == NULL || equal < scheme))
            rc = judge_pair(s, value->text, (size_t)(equal - value->text), value,
                            (size_t)(equal + 1 - value->text), err);
        else
            rc = judge_pair(s, NULL, 0, value, 0, err);
    }
    return rc;
}

/* ---- commands ---- */

/* The scalar that has the byte of the joined text, and where in it. */
static size_t scalar_at(const struct scan *s, size_t offset, size_t *ret)
{
    size_t i = s->count - 1;
    while (i > 0 && s->starts[i] > offset)
        i--;
    *ret = offset - s->starts[i];
    return i;
}

/* The value's place in the word as it is written; false where escapes stand in the way. */
static bool place_in_word(const struct scan *s, const struct sc_argv_pair *pair, size_t *ret)
{
    const struct sc_word *word = pair->word;
    size_t n = pair->to - pair->from, from = word->raw.offset + pair->from;
    size_t end = word->raw.offset + word->raw.len;
    const char *found =
        from <= end ? memmem(s->text + from, end - from, word->text + pair->from, n) : NULL;
    *ret = found != NULL ? (size_t)(found - s->text) : 0;
    return found != NULL;
}

/* Whether the word in front is an option that redis takes from a file that is included. */
static const char *included_option(const struct sc_argv_pair *pair, const struct definition *d)
{
    static const char *const servers[] = {"redis-server", "valkey-server", "keydb-server"};
    static const char *const images[] = {"redis", "valkey/valkey", "eqalpha/keydb"};
    const struct sc_word *word = pair->word, *all = pair->all->items;
    if (word == all || pair->from != 0 || pair->to != word->len ||
        (strcmp(word[-1].text, "--requirepass") != 0 && strcmp(word[-1].text, "--masterauth") != 0))
        return NULL;
    for (const struct sc_word *w = all; w < word; w++) {
        const char *slash = strrchr(w->text, '/');
        const char *name = slash == NULL ? w->text : slash + 1;
        for (size_t i = 0; i < SC_ARRAY_SIZE(servers); i++) {
            if (strcmp(name, servers[i]) == 0)
                return word[-1].text + 2;
        }
    }
    char repository[128];
    if (all[0].text[0] != '-' || d == NULL || d->image == NULL ||
        !sc_image_repository(d->image, repository, sizeof(repository)))
        return NULL;
    for (size_t i = 0; i < SC_ARRAY_SIZE(images); i++) {
        if (strcmp(repository, images[i]) == 0)
            return word[-1].text + 2; /* the entrypoint puts the server in front of options */
    }
    return NULL;
}

/* Sets what goes with an included option: the word in front. */
static void include(const struct scan *s, const struct sc_argv_pair *pair, const char *option,
                    struct literal *l)
{
    size_t at = 0;
    size_t item = scalar_at(s, pair->word[-1].raw.offset, &at);
    size_t end = pair->word->raw.offset + pair->word->raw.len;
    l->way = LITERAL_INCLUDE;
    l->key = strcmp(option, "masterauth") == 0 ? "masterauth" : "requirepass";
    if (s->items[item] == l->node) {
        l->first = at;
        scalar_at(s, end, &l->last);
    } else {
        l->option = s->items[item];
        l->first = 0;
        l->last = l->node->len;
    }
}

/* In which quotes of the script the value stands; '\0' for none, '?' where that is not plain. */
static char quotes_around(const struct scan *s, const struct sc_argv_pair *pair, size_t at)
{
    char quote = '\0';
    for (size_t i = pair->word->raw.offset; i < at; i++) {
        char ch = s->text[i];
        if (ch == '\\' || ch == '`' || (ch == '$' && s->text[i + 1] == '('))
            return '?';
        if (quote == '\0' && (ch == '"' || ch == '\''))
            quote = ch;
        else if (ch == quote)
            quote = '\0';
    }
    return quote;
}

/* Sets what goes with a value that a shell reads: quotes that would keep it from doing so. */
static void in_script(const struct scan *s, const struct sc_argv_pair *pair, size_t at, size_t end,
                      struct literal *l)
{
    char quote = quotes_around(s, pair, at);
    if (quote == '?' || s->reader.depth > (s->shell ? 0U : 1U))
        return;
    l->way = LITERAL_SHELL;
    l->quoted = quote == '"';
    if (quote == '\'' && s->text[at - 1] == '\'' && s->text[end] == '\'') {
        l->first = l->start - 1; /* '...' around nothing but the value goes with it */
        l->last = l->end + 1;
    } else if (quote == '\'') {
        l->way = LITERAL_STAYS;
    }
}

static int on_pair(void *ctx, const struct sc_argv_pair *pair, struct sc_error *err)
{
    struct scan *s = ctx;
    const char *text = pair->word->text + pair->from;
    size_t len = pair->to - pair->from, at = 0, inside = 0;
    struct literal l = {.list = s->list};
    if (!sc_credential_judge(pair->key, pair->key_len, text, len, &l.credential) ||
        l.credential.key == SC_KEY_HALF)
        return 0;
    bool plain = place_in_word(s, pair, &at);
    if (!plain)
        at = pair->word->raw.offset;
    size_t item = scalar_at(s, at, &inside);
    l.node = s->items[item];
    size_t start = 0, end = len;
    sc_plan_part(text, len, &l.credential, &start, &end);
    l.start = plain ? inside + start : 0;
    l.end = plain ? inside + end : l.node->len;
    l.key =
        pair->key == NULL ? NULL : sc_stash_dup(&s->c->plan->pool, pair->key, pair->key_len, err);
    if (pair->key != NULL && l.key == NULL)
        return SC_E_NOMEM;
    const char *option = plain ? included_option(pair, s->service) : NULL;
    if (option != NULL)
        include(s, pair, option, &l);
    else if (plain && (s->shell || s->reader.depth > 0))
        in_script(s, pair, at + start, at + end, &l);
    else if (plain && s->list != NULL && sc_yaml_equals(s->list->values[0], "CMD"))
        l.way = LITERAL_CHECK;
    return add(s, &l, err);
}

/* Words of a list, joined for positions; `CMD` and `CMD-SHELL` in front are none. */
static int scan_words(struct scan *s, const struct sc_yaml_node *list, size_t skip,
                      struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(SC_YAML_SIZE_MAX);
    SC_CLEANUP(sc_words_done) struct sc_words words = {0};
    s->starts = sc_stash_array(&s->c->plan->pool, list->count + 1, sizeof(*s->starts), err);
    s->items = list->values;
    s->count = list->count;
    if (s->starts == NULL)
        return SC_E_NOMEM;
    for (size_t i = 0; i < list->count; i++) {
        if (list->values[i]->kind != SC_YAML_SCALAR)
            return 0; /* an alias in a command: nobody does that */
        s->starts[i] = text.len;
        sc_buf_append(&text, list->values[i]->text, list->values[i]->len);
        sc_buf_putc(&text, '\n');
    }
    int rc = sc_buf_status(&text, err);
    for (size_t i = skip; i < list->count && rc == 0; i++) {
        const struct sc_yaml_node *item = list->values[i];
        rc = sc_words_add(&words, item->text, item->len,
                          (struct sc_region){s->starts[i], item->len}, err);
    }
    s->text = s->reader.text = sc_buf_text(&text);
    s->list = list;
    if (rc == 0 && s->shell && list->count > 1)
        rc = sc_shell_read(&s->reader, (struct sc_region){s->starts[1], list->values[1]->len}, err);
    else if (rc == 0 && words.count > 0)
        rc = sc_argv_read(&s->reader, &words, err);
    return rc;
}

static int scan_command(const struct scan *from, const char *where, const struct sc_yaml_node *node,
                        struct sc_error *err)
{
    struct scan s = *from;
    size_t zero = 0;
    s.where = where;
    s.reader = (struct sc_shell_reader){.pair = on_pair, .ctx = &s};
    bool check = strcmp(where, "healthcheck") == 0;
    if (sc_yaml_is(node, SC_YAML_SEQUENCE) && node->count > 0) {
        s.shell = check && sc_yaml_equals(node->values[0], "CMD-SHELL");
        return scan_words(&s, node, check ? 1 : 0, err);
    }
    if (!sc_yaml_is(node, SC_YAML_SCALAR))
        return 0;
    s.shell = check;
    s.items = &node;
    s.starts = &zero;
    s.count = 1;
    s.text = s.reader.text = node->text;
    return sc_shell_read(&s.reader, (struct sc_region){0, node->len}, err);
}

/* ---- attributes ---- */

static int scan_service(const struct scan *from, const struct sc_yaml_node *service,
                        struct sc_error *err);

static int pairs_at(const struct scan *from, const char *where, const struct sc_yaml_node *node,
                    struct sc_error *err)
{
    struct scan s = *from;
    s.where = where;
    return scan_pairs(&s, node, err);
}

/* post_start, pre_stop, develop.watch[].exec */
static int scan_hooks(const struct scan *s, const char *where, const struct sc_yaml_node *node,
                      struct sc_error *err)
{
    int rc = 0;
    if (sc_yaml_is(node, SC_YAML_SEQUENCE)) {
        for (size_t i = 0; i < node->count && rc == 0; i++)
            rc = scan_hooks(s, where, node->values[i], err);
        return rc;
    }
    rc = scan_command(s, where, sc_yaml_get(node, "command"), err);
    if (rc == 0)
        rc = pairs_at(s, where, sc_yaml_get(node, "environment"), err);
    const struct sc_yaml_node *exec = sc_yaml_get(node, "exec");
    return rc == 0 && exec != NULL ? scan_hooks(s, where, exec, err) : rc;
}

static int scan_attribute(const struct scan *s, const char *name, const struct sc_yaml_node *value,
                          struct sc_error *err)
{
    static const char *const hooks[] = {"post_start", "pre_stop", "pre_start"};
    static const char *const options[] = {"storage_opt", "sysctls", "provider", "log_opt"};
    if (strcmp(name, "command") == 0 || strcmp(name, "entrypoint") == 0)
        return scan_command(s, name, value, err);
    if (strcmp(name, "healthcheck") == 0)
        return scan_command(s, name, sc_yaml_get(value, "test"), err);
    if (strcmp(name, "labels") == 0 || strcmp(name, "annotations") == 0)
        return pairs_at(s, name, value, err);
    if (strcmp(name, "deploy") == 0)
        return pairs_at(s, "labels", sc_yaml_get(value, "labels"), err);
    if (strcmp(name, "logging") == 0)
        return pairs_at(s, "logging.options", sc_yaml_get(value, "options"), err);
    if (strcmp(name, "develop") == 0)
        return scan_hooks(s, "develop.watch", sc_yaml_get(value, "watch"), err);
    if (strcmp(name, "build") == 0) {
        int rc = pairs_at(s, "build.args", sc_yaml_get(value, "args"), err);
        return rc < 0 ? rc : pairs_at(s, "build.labels", sc_yaml_get(value, "labels"), err);
    }
    for (size_t i = 0; i < SC_ARRAY_SIZE(hooks); i++) {
        if (strcmp(name, hooks[i]) == 0)
            return scan_hooks(s, hooks[i], value, err);
    }
    for (size_t i = 0; i < SC_ARRAY_SIZE(options); i++) {
        if (strcmp(name, options[i]) == 0)
            return pairs_at(s, options[i], value, err);
    }
    return sc_str_has_prefix(name, "x-") ? pairs_at(s, "extension", value, err) : 0;
}

static int scan_service(const struct scan *from, const struct sc_yaml_node *service,
                        struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; sc_yaml_is(service, SC_YAML_MAPPING) && i < service->count && rc == 0; i++) {
        const char *name = sc_node_text(service->keys[i]);
        if (name != NULL && service->values[i]->kind != SC_YAML_ALIAS)
            rc = scan_attribute(from, name, service->values[i], err);
    }
    return rc;
}

/* ---- the rest of a file ---- */

struct content {
    struct scan *s;
    const struct sc_yaml_node *node;
};

static int on_line(void *ctx, struct sc_region key, struct sc_region value, struct sc_error *err)
{
    const struct content *in = ctx;
    struct literal l = {.way = LITERAL_CONTENT};
    const char *text = in->node->text;
    return judge(in->s, in->node, text + key.offset, key.len, value.offset,
                 value.offset + value.len, &l, err);
}

static int scan_configs(const struct scan *from, const struct sc_yaml_node *configs,
                        struct sc_error *err)
{
    struct scan s = *from;
    int rc = 0;
    s.where = "configs.content";
    for (size_t i = 0; sc_yaml_is(configs, SC_YAML_MAPPING) && i < configs->count && rc == 0; i++) {
        const struct sc_yaml_node *node = sc_yaml_get(configs->values[i], "content");
        struct content in = {&s, node};
        if (sc_yaml_is(node, SC_YAML_SCALAR) && configs->values[i]->kind == SC_YAML_MAPPING)
            rc = sc_lines_read(node->text, (struct sc_region){0, node->len}, on_line, &in, err);
    }
    return rc;
}

/* Volumes and networks: options of their drivers, and labels. */
static int scan_resources(const struct scan *s, const char *where, const struct sc_yaml_node *node,
                          struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; sc_yaml_is(node, SC_YAML_MAPPING) && i < node->count && rc == 0; i++) {
        rc = pairs_at(s, where, sc_yaml_get(node->values[i], "driver_opts"), err);
        if (rc == 0)
            rc = pairs_at(s, "labels", sc_yaml_get(node->values[i], "labels"), err);
    }
    return rc;
}

/* x-name: a fragment of a service, or anything. */
static int scan_extension(const struct scan *s, const struct sc_yaml_node *node,
                          struct sc_error *err)
{
    static const char *const marks[] = {"environment", "command", "image", "healthcheck", "build"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(marks); i++) {
        if (node->kind == SC_YAML_MAPPING && sc_yaml_get(node, marks[i]) != NULL) {
            int rc = scan_service(s, node, err);
            return rc < 0 ? rc : pairs_at(s, "extension", sc_yaml_get(node, "environment"), err);
        }
    }
    return pairs_at(s, "extension", node, err);
}

static int scan_root(struct context *c, size_t file, const struct sc_yaml_node *root,
                     struct sc_error *err)
{
    struct scan s = {.c = c, .file = file};
    int rc = 0;
    for (size_t i = 0; sc_yaml_is(root, SC_YAML_MAPPING) && i < root->count && rc == 0; i++) {
        const char *name = sc_node_text(root->keys[i]);
        const struct sc_yaml_node *value = root->values[i];
        if (name == NULL)
            continue;
        if (strcmp(name, "volumes") == 0)
            rc = scan_resources(&s, "volumes.driver_opts", value, err);
        else if (strcmp(name, "networks") == 0)
            rc = scan_resources(&s, "networks.driver_opts", value, err);
        else if (strcmp(name, "configs") == 0)
            rc = scan_configs(&s, value, err);
        else if (sc_str_has_prefix(name, "x-"))
            rc = scan_extension(&s, value, err);
    }
    return rc;
}

int sc_plan_places(struct context *c, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < c->definition_count && rc == 0; i++) {
        struct definition *d = &c->definitions[i];
        const struct scan s = {.c = c, .service = d, .file = d->file};
        if (d->own)
            rc = scan_service(&s, d->node, err);
    }
    for (size_t f = 0; f < c->plan->file_count; f++) {
        const struct sc_yaml_stream *yaml = c->plan->files[f].yaml;
        for (size_t i = 0; yaml != NULL && i < sc_yaml_count(yaml) && rc == 0; i++)
            rc = scan_root(c, f, sc_yaml_document(yaml, i)->root, err);
    }
    return rc;
}
