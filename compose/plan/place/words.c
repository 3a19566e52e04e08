/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials in commands and health checks, and what would have to be exchanged with each: the
 * option in front of it, the quotes around it.
 */
#include <string.h>

#include "compose/plan/place/scan.h"
#include "core/str.h"

#include "core/banned.h"

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

/* In which quotes of a command line as one text this place is. */
static char quotes_of_line(const char *text, size_t at)
{
    char quote = '\0';
    for (size_t i = 0; i < at; i++) {
        if (text[i] == '\\' && quote != '\'')
            i++;
        else if (quote == '\0' && (text[i] == '"' || text[i] == '\''))
            quote = text[i];
        else if (text[i] == quote)
            quote = '\0';
    }
    return quote;
}

/* Sets what goes with a value that a shell reads: quotes that would keep it from doing so. */
static void in_script(const struct scan *s, const struct sc_argv_pair *pair, size_t at, size_t end,
                      struct literal *l)
{
    char quote = quotes_around(s, pair, at);
    char outer = s->shell || s->list != NULL ? '\'' : quotes_of_line(s->text, at);
    if (quote == '?' || outer == '\0' || s->reader.depth > (s->shell ? 0U : 1U))
        return;
    l->in_text = outer == '"';
    l->way = LITERAL_SHELL;
    l->quoted = quote == '"';
    if (quote == '\'' && s->text[at - 1] == '\'' && s->text[end] == '\'') {
        l->first = l->start - 1; /* '...' around nothing but the value goes with it */
        l->last = l->end + 1;
    } else if (quote == '\'') {
        l->way = LITERAL_STAYS;
    }
}

/* One credential of a word. */
static int add_part(struct scan *s, const struct sc_argv_pair *pair,
                    const struct sc_credential_part *part, struct sc_error *err)
{
    const struct place_text in = {pair->word->text + pair->from, pair->key, pair->key_len};
    struct literal l = {.list = s->list};
    int rc = sc_plan_place_part(s, &in, part, &l, err);
    if (rc < 0)
        return rc;
    size_t at = 0, inside = 0;
    bool plain = place_in_word(s, pair, &at);
    if (!plain)
        at = pair->word->raw.offset;
    size_t item = scalar_at(s, at, &inside);
    size_t start = at + l.start, end = at + l.end; /* in the text of the command */
    l.node = s->items[item];
    l.start = plain ? inside + l.start : 0;
    l.end = plain ? inside + l.end : l.node->len;
    const char *option = plain ? included_option(pair, s->service) : NULL;
    if (option != NULL)
        include(s, pair, option, &l);
    else if (plain && (s->shell || s->reader.depth > 0))
        in_script(s, pair, start, end, &l);
    else if (plain && s->list != NULL && sc_yaml_equals(s->list->values[0], "CMD"))
        l.way = LITERAL_CHECK;
    return sc_plan_place_add(s, &l, err);
}

static int on_pair(void *ctx, const struct sc_argv_pair *pair, struct sc_error *err)
{
    struct sc_credential_part parts[SC_CREDENTIAL_PARTS_MAX];
    size_t count = sc_credential_parts(pair->key, pair->key_len, pair->word->text + pair->from,
                                       pair->to - pair->from, parts);
    int rc = 0;
    for (size_t i = 0; i < SC_MIN(count, (size_t)SC_CREDENTIAL_PARTS_MAX) && rc == 0; i++) {
        if (parts[i].credential.key != SC_KEY_HALF)
            rc = add_part(ctx, pair, &parts[i], err);
    }
    return rc;
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

int sc_plan_place_words(const struct scan *from, const char *where, const struct sc_yaml_node *node,
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
