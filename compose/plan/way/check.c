/* SPDX-License-Identifier: Apache-2.0
 *
 * Health checks of services that start through the shim. The engine runs a check beside the
 * service, with the environment as the Compose file has it: a program that looks into it
 * (`celery inspect ping`, `rabbitmq-diagnostics`) would find a template there. So it is started
 * through the shim too, unless it is known to have no use for the environment.
 */
#include <string.h>

#include "compose/plan/internal.h"
#include "core/str.h"

#include "core/banned.h"

/* Substitutions inside each other. */
#define DEPTH_MAX 8

static const char front[] = SC_PLAN_SHIM_TARGET " -- ";

static bool is_one_of(const char *const *list, const char *word, size_t len)
{
    for (; *list != NULL; list++) {
        if (strlen(*list) == len && memcmp(*list, word, len) == 0)
            return true;
    }
    return false;
}

/* Words of the shell behind which a command stands still. */
static bool leads_on(const char *word, size_t len)
{
    static const char *const words[] = {"if",   "then", "elif",    "else", "while", "until", "do",
                                        "exec", "time", "command", "{",    "!",     "nohup", NULL};
    const char *equal = memchr(word, '=', len);
    return is_one_of(words, word, len) ||
           (equal != NULL && memchr(word, '/', (size_t)(equal - word)) == NULL);
}

/* Clients of databases look for few variables only. */
static bool is_client(const char *word, size_t len)
{
    static const char *const names[] = {"redis-cli",     "valkey-cli", "keydb-cli", "mysqladmin",
                                        "mariadb-admin", "mysql",      "mariadb",   "mysqlshow",
                                        "psql",          "pg_isready", NULL};
    return is_one_of(names, word, len);
}

static bool is_for_clients(const char *variable)
{
    static const char *const names[] = {"REDISCLI_AUTH", "VALKEYCLI_AUTH", "MYSQL_PWD",
                                        "PGPASSWORD", NULL};
    return is_one_of(names, variable, strlen(variable));
}

/* Programs that take nothing secret from the environment. */
static bool is_indifferent(const char *word, size_t len, bool clients)
{
    static const char *const names[] = {
        "shim",     "curl",    "wget",   "nc",      "ncat",
        "true",     "false",   ":",      "test",    "[",
        "[[",       "]",       "exit",   "echo",    "printf",
        "cat",      "ls",      "stat",   "grep",    "egrep",
        "awk",      "sed",     "head",   "tail",    "tr",
        "cut",      "wc",      "pgrep",  "ps",      "pidof",
        "ss",       "netstat", "kill",   "sleep",   "fi",
        "done",     "for",     "case",   "esac",    "}",
        "cd",       "set",     "export", "mc",      "dig",
        "nslookup", "su",      "gosu",   "mongosh", "mongo",
        "ping",     "jq",      "find",   "openssl", "healthcheck.sh",
        "su-exec",  NULL};
    size_t from = len;
    while (from > 0 && word[from - 1] != '/')
        from--;
    word += from;
    len -= from;
    return is_one_of(names, word, len) || (!clients && is_client(word, len));
}

/* Where a script is read. */
struct script {
    const char *text;
    size_t at;
    bool quoted[DEPTH_MAX]; /* inside double quotes, for each substitution */
    size_t depth;
    bool command; /* a command begins at the next word */
    bool clients; /* of databases find something in the environment */
};

/* The next command word that is not indifferent; false at the end. */
static bool next_command(struct script *s, size_t *ret_start, size_t *ret_end)
{
    while (s->text[s->at] != '\0') {
        const char *p = s->text + s->at;
        bool *quoted = &s->quoted[s->depth];
        size_t word = strcspn(p, " \t\n;|&()<>\"'`");
        if (*p == '\'' && !*quoted) {
            const char *end = strchr(p + 1, '\'');
            s->at = end == NULL ? strlen(s->text) : (size_t)(end + 1 - s->text);
            s->command = false;
        } else if (*p == '"') {
            *quoted = !*quoted;
            s->command = false;
            s->at++;
        } else if (p[0] == '$' && (p[1] == '(' || (p[1] == '$' && p[2] == '('))) {
            s->at += p[1] == '(' ? 2 : 3;
            s->depth += s->depth + 1 < DEPTH_MAX;
            s->quoted[s->depth] = false;
            s->command = true;
        } else if (*p == ')' && !*quoted) {
            s->depth -= s->depth > 0;
            s->command = false;
            s->at++;
        } else if (*quoted || strchr(" \t", *p) != NULL) {
            s->at++;
        } else if (word == 0) {
            s->command = strchr("<>", *p) == NULL;
            s->at++;
        } else {
            /* a substitution inside of the word begins another one */
            const char *inner = memmem(p, word + (p[word] == '('), "$(", 2);
            if (inner != NULL && inner > p)
                word = (size_t)(inner - p) - (inner[-1] == '$' && inner - 1 > p);
            bool found = s->command && !leads_on(p, word) && !is_indifferent(p, word, s->clients);
            s->command = s->command && leads_on(p, word);
            *ret_start = s->at;
            s->at += word;
            *ret_end = s->at;
            if (found)
                return true;
        }
    }
    return false;
}

/* What is done about a health check, and said about it: that it changed, or why a person has to
 * change it. */
struct change {
    bool clients;
    bool done;
    bool missed;
};

/* The words of a block scalar are exchanged where they stand, so they have to stand there once, on
 * one line: with more of what follows, until they do. 0: they never do. */
static size_t unique_end(const struct context *c, const struct definition *d,
                         const struct sc_yaml_node *node, size_t start, size_t end)
{
    bool block = node->style == SC_YAML_LITERAL || node->style == SC_YAML_FOLDED;
    while (block && !sc_plan_once(c->plan, d->file, node, node->text + start, end - start)) {
        end += strspn(node->text + end, " ");
        size_t word = strcspn(node->text + end, " \n");
        if (word == 0)
            return 0;
        end += word;
    }
    return end;
}

/* All of its commands, or none. */
static int lead_commands(struct context *c, const struct definition *d,
                         const struct sc_yaml_node *node, struct change *change,
                         struct sc_error *err)
{
    struct script look = {.text = node->text, .command = true, .clients = change->clients};
    struct script s = look;
    size_t start = 0, end = 0;
    int rc = 0;
    while (next_command(&look, &start, &end) && !change->missed)
        change->missed = unique_end(c, d, node, start, end) == 0;
    while (rc == 0 && !change->missed && next_command(&s, &start, &end)) {
        struct exchange exchange = {.file = d->file, .node = node, .start = start};
        exchange.end = unique_end(c, d, node, start, end);
        exchange.text = sc_stash_printf(&c->plan->pool, err, "%s%.*s", front,
                                        (int)(exchange.end - start), node->text + start);
        rc = exchange.text == NULL ? SC_E_NOMEM : sc_plan_exchange(c, &exchange, err);
        change->done = true;
    }
    return rc;
}

/* ["CMD", program, ...] becomes ["CMD", shim, "--", program, ...]. */
static int lead_list(struct context *c, const struct definition *d, const struct sc_yaml_node *list,
                     struct sc_error *err)
{
    static const struct sc_edit_value words[] = {
        {.kind = SC_YAML_SCALAR, .text = "CMD"},
        {.kind = SC_YAML_SCALAR, .text = SC_PLAN_SHIM_TARGET},
    };
    struct sc_edits *edits = &c->plan->files[d->file].edits;
    int rc = sc_edit_lead(edits, list, &words[0], err);
    if (rc == 0)
        rc = sc_edit_lead(edits, list, &words[1], err);
    return rc < 0 ? rc : sc_edit_set(edits, list->values[0], "--", err);
}

/* Whether the list becomes a text that reads the credentials in it. */
static bool is_rewritten(const struct context *c, const struct sc_yaml_node *list)
{
    for (size_t i = 0; i < c->literal_count; i++) {
        if (c->literals[i].list == list && c->literals[i].reason == NULL)
            return true;
    }
    return false;
}

static int lead(struct context *c, const struct definition *d, const struct sc_yaml_node *test,
                struct change *change, struct sc_error *err)
{
    if (sc_yaml_is(test, SC_YAML_SCALAR))
        return lead_commands(c, d, test, change, err);
    const char *kind = test->count > 1 ? sc_node_text(test->values[0]) : NULL;
    const char *program = kind != NULL ? sc_node_text(test->values[1]) : NULL;
    if (program == NULL || is_rewritten(c, test) || test->values[0]->kind != SC_YAML_SCALAR ||
        test->values[1]->kind != SC_YAML_SCALAR)
        return 0;
    if (strcmp(kind, "CMD-SHELL") == 0)
        return lead_commands(c, d, test->values[1], change, err);
    if (strcmp(kind, "CMD") != 0 || is_indifferent(program, strlen(program), change->clients))
        return 0;
    change->done = true;
    return lead_list(c, d, test, err);
}

/* Whether the check starts anything that may look into the environment. */
static bool lead_is_needed(const struct sc_yaml_node *test, const struct change *change)
{
    bool list = sc_yaml_is(test, SC_YAML_SEQUENCE) && test->count > 1;
    const char *kind = list ? sc_node_text(test->values[0]) : "CMD-SHELL";
    const char *text = list ? sc_node_text(test->values[1]) : sc_node_text(test);
    if (text == NULL || kind == NULL)
        return false;
    struct script s = {.text = text, .command = true, .clients = change->clients};
    size_t start = 0, end = 0;
    return strcmp(kind, "CMD") == 0 ? !is_indifferent(text, strlen(text), change->clients)
                                    : next_command(&s, &start, &end);
}

/* The first variable of the service that the shim fills in; NULL if it fills in none. */
static const struct occurrence *filled_in(const struct context *c, const struct definition *d,
                                          struct change *change)
{
    const struct occurrence *first = NULL;
    for (size_t i = 0; i < c->found_count; i++) {
        const struct occurrence *o = &c->found[i];
        if (o->reason != NULL || !o->use_shim || !sc_plan_serves(c, d, o->service))
            continue;
        first = first == NULL ? o : first;
        change->clients = change->clients || is_for_clients(o->key);
    }
    return first;
}

static const struct sc_yaml_node *test_of(const struct definition *d)
{
    return sc_yaml_resolve(sc_merged_get(sc_merged_get(d->node, "healthcheck"), "test"));
}

/* How many services have this check, of their own or through an anchor, and how many of them start
 * through the shim. */
static void count_users(const struct context *c, const struct sc_yaml_node *test,
                        struct change *change, size_t *ret_all, size_t *ret_filled)
{
    *ret_all = *ret_filled = 0;
    for (size_t i = 0; i < c->definition_count; i++) {
        if (test_of(&c->definitions[i]) != test)
            continue;
        *ret_all += 1;
        *ret_filled += filled_in(c, &c->definitions[i], change) != NULL;
    }
}

static int say(struct context *c, const struct definition *d, const struct occurrence *o,
               const struct change *change, struct sc_error *err)
{
    struct sc_plan_item item = {
        .action = change->missed ? SC_PLAN_REPORT : SC_PLAN_ADAPT,
        .service = d->name,
        .where = "healthcheck",
        .class = "command",
        .file = d->file,
        .at = test_of(d)->at,
    };
    if (change->missed) {
        item.reason = "its programs may look into the environment, where templates stand now; put "
                      "'" SC_PLAN_SHIM_TARGET " --' in front of them by hand";
    } else {
        item.secret = c->plan->secrets[o->secret].name;
        item.change = "starts through the shim, since it may look into the environment";
    }
    return sc_plan_item_add(c->plan, &item, err);
}

/* Whether the check is written in this definition; or in none, and this is the first that has it.
 */
static bool is_home(const struct context *c, const struct definition *d)
{
    const struct sc_yaml_node *test = test_of(d);
    bool first = true, elsewhere = false;
    for (size_t i = 0; i < c->definition_count; i++) {
        const struct definition *other = &c->definitions[i];
        first = first && (other >= d || test_of(other) != test);
        elsewhere = elsewhere || sc_node_inside(test, other->node);
    }
    return sc_node_inside(test, d->node) || (first && !elsewhere);
}

/* A check, for all services that have it. */
static int check(struct context *c, const struct definition *d, struct sc_error *err)
{
    const struct sc_yaml_node *test = test_of(d);
    struct change change = {0};
    size_t all = 0, filled = 0;
    count_users(c, test, &change, &all, &filled);
    bool may = all == filled && sc_node_inside(test, d->node) && !sc_plan_has_custom_tag(test) &&
               sc_plan_fixed_reason(c, d, d->file) == NULL;
    int rc = filled > 0 && may ? lead(c, d, test, &change, err) : 0;
    change.missed = change.missed || (filled > 0 && !may && lead_is_needed(test, &change));
    for (size_t i = 0; i < c->definition_count && rc == 0 && (change.done || change.missed); i++) {
        const struct definition *other = &c->definitions[i];
        const struct occurrence *o = test_of(other) == test ? filled_in(c, other, &change) : NULL;
        rc = o != NULL ? say(c, other, o, &change, err) : 0;
    }
    return rc;
}

int sc_plan_checks(struct context *c, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < c->definition_count && rc == 0; i++) {
        const struct definition *d = &c->definitions[i];
        if (test_of(d) != NULL && is_home(c, d))
            rc = check(c, d, err);
    }
    return rc;
}
