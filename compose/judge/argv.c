/* SPDX-License-Identifier: Apache-2.0
 *
 * What one command line gives away; see compose/judge/shell.h.
 *
 * The program that an option belongs to is the last known one in front of it, so that
 * `docker exec db mysql -uroot -psecret` is read as mysql's.
 */
#include "compose/judge/shell.h"

#include <stdint.h>
#include <string.h>

#include "compose/credential.h"
#include "compose/judge/lines.h"
#include "compose/judge/option.h"
#include "compose/judge/sql.h"

#include "core/banned.h"

/* A name of one dash that is no row of short options. */
#define LONG_NAME ((size_t)8)

struct reader {
    struct sc_shell_reader *to;
    const struct sc_words *words;
    const char *program; /* a row's program, or NULL */
    size_t program_len;
    bool container; /* behind docker, podman, ...: -e is an environment */
    bool shell;     /* behind sh, bash: -c is a script */
};

struct name {
    const char *ptr;
    size_t len;
};

static const struct name no_key = {NULL, 0};
static const struct name password_key = {"password", 8};
static const struct name token_key = {"token", 5};

static void note_program(struct reader *r, const char *word)
{
    static const char *const shells[] = {"sh", "bash", "ash", "dash", "zsh", "ksh", "su", NULL};
    static const char *const engines[] = {"docker", "podman", "nerdctl", "docker-compose", NULL};
    size_t len;
    const char *name = sc_argv_program(word, &len);
    for (size_t i = 0; i < sc_argv_option_count; i++) {
        if (sc_argv_option_is_of(&sc_argv_options[i], name, len)) {
            r->program = name;
            r->program_len = len;
            break;
        }
    }
    for (const char *const *shell = shells; *shell != NULL; shell++)
        r->shell = r->shell || (strlen(*shell) == len && memcmp(name, *shell, len) == 0);
    for (const char *const *engine = engines; *engine != NULL; engine++)
        r->container = r->container || (strlen(*engine) == len && memcmp(name, *engine, len) == 0);
}

/* A pair whose value is the rest of the word, or a part of it. */
static int give_part(struct reader *r, struct name key, const struct sc_word *word,
                     struct sc_region value, struct sc_error *err)
{
    const struct sc_argv_pair pair = {
        .role = SC_ARGV_ARGUMENT,
        .key = key.ptr,
        .key_len = key.len,
        .word = word,
        .from = value.offset,
        .to = value.offset + value.len,
        .all = r->words,
    };
    return r->to->pair(r->to->ctx, &pair, err);
}

static int give(struct reader *r, enum sc_argv_role role, struct name key,
                const struct sc_word *word, size_t from, struct sc_error *err)
{
    const struct sc_argv_pair pair = {
        .role = role,
        .key = key.ptr,
        .key_len = key.len,
        .word = word,
        .from = from,
        .to = word->len,
        .all = r->words,
    };
    return r->to->pair(r->to->ctx, &pair, err);
}

static size_t name_length(const char *text)
{
    size_t n = 0;
    while ((text[n] >= 'A' && text[n] <= 'Z') || (text[n] >= 'a' && text[n] <= 'z') ||
           text[n] == '_' ||
           (n > 0 && ((text[n] >= '0' && text[n] <= '9') || text[n] == '.' || text[n] == '-')))
        n++;
    return n;
}

static int give_assignment(struct reader *r, enum sc_argv_role role, const struct sc_word *word,
                           size_t from, struct sc_error *err)
{
    size_t len = name_length(word->text + from);
    if (len == 0 || word->text[from + len] != '=')
        return give(r, role, no_key, word, from, err);
    return give(r, role, (struct name){word->text + from, len}, word, from + len + 1, err);
}

/* "Authorization: Bearer VALUE", "X-Api-Key: VALUE". */
static int give_header(struct reader *r, const struct sc_word *word, size_t from,
                       struct sc_error *err)
{
    const char *colon = memchr(word->text + from, ':', word->len - from);
    if (colon == NULL)
        return 0;
    size_t at = (size_t)(colon - word->text) + 1;
    while (word->text[at] == ' ')
        at++;
    struct name name = {word->text + from, (size_t)(colon - word->text) - from};
    size_t scheme = sc_credential_scheme(word->text + at, word->len - at);
    return give(r, SC_ARGV_ARGUMENT, scheme > 0 ? token_key : name, word, at + scheme, err);
}

/* USER:VALUE, or with what else the program has between them. */
static int give_userpass(struct reader *r, const struct sc_word *word, size_t from, char between,
                         struct sc_error *err)
{
    const char *sign = memchr(word->text + from, between == 0 ? ':' : between, word->len - from);
    if (sign == NULL)
        return 0;
    return give(r, SC_ARGV_ARGUMENT, password_key, word, (size_t)(sign - word->text) + 1, err);
}

/* What a form or a document that is sent holds. */
struct data {
    struct reader *reader;
    const struct sc_word *word;
};

static int give_member(void *ctx, struct sc_region key, struct sc_region value,
                       struct sc_error *err)
{
    const struct data *data = ctx;
    struct name name = {data->word->text + key.offset, key.len};
    return give_part(data->reader, name, data->word, value, err);
}

static int give_data(struct reader *r, const struct sc_word *word, size_t from,
                     struct sc_error *err)
{
    struct data data = {r, word};
    const char *text = word->text;
    if (text[from] == '@') /* the name of a file */
        return 0;
    if (memchr("{[", text[from], 2) != NULL)
        return sc_lines_read(text, (struct sc_region){from, word->len - from}, give_member, &data,
                             err);
    int rc = 0;
    for (size_t at = from, next; at < word->len && rc == 0; at = next + 1) {
        const char *and = memchr(text + at, '&', word->len - at);
        next = and == NULL ? word->len : (size_t)(and-text);
        const char *sign = memchr(text + at, '=', next - at);
        size_t value = sign == NULL ? next : (size_t)(sign - text) + 1;
        if (value < next)
            rc = give_member(&data, (struct sc_region){at, value - 1 - at},
                             (struct sc_region){value, next - value}, err);
    }
    return rc;
}

/* A field of a form, which may come out of a file. */
static int give_field(struct reader *r, const struct sc_word *word, size_t from,
                      struct sc_error *err)
{
    const char *sign = memchr(word->text + from, '=', word->len - from);
    if (sign == NULL || sign[1] == '@' || sign[1] == '<')
        return 0;
    return give_assignment(r, SC_ARGV_ARGUMENT, word, from, err);
}

/* The n-th operand behind this word; NULL if there are fewer, or something else is among them. */
static const struct sc_word *operand(const struct sc_words *words, size_t from, size_t n)
{
    if (words->count - from <= n)
        return NULL;
    for (size_t i = from + 1; i <= from + n; i++) {
        if (words->items[i].text[0] == '-' || words->items[i].text[0] == '/')
            return NULL;
    }
    const struct sc_word *found = &words->items[from + n];
    bool other = memchr(found->text, '=', found->len) != NULL;
    return other ? NULL : found;
}

/* NAME VALUE behind this word; options may stand in front. */
static int give_named(struct reader *r, size_t *index, struct sc_error *err)
{
    const struct sc_words *words = r->words;
    size_t at = *index + 1;
    while (at < words->count && words->items[at].text[0] == '-')
        at++;
    if (at + 1 >= words->count || words->items[at + 1].text[0] == '-')
        return 0;
    *index = at + 1;
    const struct sc_word *key = &words->items[at];
    return give(r, SC_ARGV_ARGUMENT, (struct name){key->text, key->len}, key + 1, 0, err);
}

/* The value is the rest of this word, from `from` on, or (SIZE_MAX) the next word. */
static int take_value(struct reader *r, const struct sc_argv_option *row, size_t *index,
                      size_t from, struct sc_error *err)
{
    const struct sc_word *word = &r->words->items[*index];
    if (from == SIZE_MAX) {
        word = &r->words->items[++*index];
        from = 0;
    }
    switch (row->taking) {
    case SC_TAKES_NEXT:
    case SC_TAKES_ATTACHED:
    case SC_TAKES_EITHER:
        return give(r, SC_ARGV_ARGUMENT, password_key, word, from, err);
    case SC_TAKES_USERPASS:
        return give_userpass(r, word, from, row->detail, err);
    case SC_TAKES_HEADER:
        return give_header(r, word, from, err);
    case SC_TAKES_DATA:
        return give_data(r, word, from, err);
    case SC_TAKES_FIELD:
        return give_field(r, word, from, err);
    case SC_TAKES_ENV:
        return give_assignment(r, SC_ARGV_ENVIRON, word, from, err);
    case SC_TAKES_PREFIXED:
        if (strncmp(word->text + from, "pass:", 5) == 0)
            return give(r, SC_ARGV_ARGUMENT, password_key, word, from + 5, err);
        return 0;
    case SC_TAKES_OPERAND:
    case SC_TAKES_LAST:
    case SC_TAKES_PAIR:
    case SC_TAKES_NOTHING:
    default:
        return 0;
    }
}

/* Words that say what the operands behind them are. */
static int take_operand(struct reader *r, const struct sc_argv_option *row, size_t *index,
                        bool *ret_done, struct sc_error *err)
{
    const struct sc_word *found = NULL;
    size_t n = (size_t)row->detail, last = r->words->count - 1;
    *ret_done = true;
    if (row->taking == SC_TAKES_PAIR)
        return give_named(r, index, err);
    if (row->taking == SC_TAKES_NOTHING) {
        *index += 1;
        return 0;
    }
    if (row->taking == SC_TAKES_OPERAND)
        found = operand(r->words, *index, n);
    else if (last >= *index + n && r->words->items[last].text[0] != '-')
        found = &r->words->items[last];
    *ret_done = found != NULL;
    if (found == NULL)
        return 0;
    *index = (size_t)(found - r->words->items);
    return give(r, SC_ARGV_ARGUMENT, password_key, found, 0, err);
}

static bool is_attachable(enum sc_argv_takes taking)
{
    return taking != SC_TAKES_NEXT && taking != SC_TAKES_PREFIXED;
}

static int take(struct reader *r, const struct sc_argv_option *row, size_t *index, bool *ret_done,
                struct sc_error *err)
{
    const struct sc_word *word = &r->words->items[*index];
    size_t len = strlen(row->option), flags = 0;
    bool is_short = row->option[0] == '-' && len == 2;
    if (is_short)
        flags = sc_argv_flags(r->program, r->program_len, word->text);
    *ret_done = false;
    if (is_short ? word->text[0] != '-' || word->text[1 + flags] != row->option[1]
                 : strncmp(word->text, row->option, len) != 0)
        return 0;
    size_t behind = len + flags;
    bool exact = word->len == behind;
    if (row->taking >= SC_TAKES_OPERAND)
        return exact || (is_short && row->taking == SC_TAKES_LAST)
                   ? take_operand(r, row, index, ret_done, err)
                   : 0;
    if (exact && (row->taking == SC_TAKES_ATTACHED || *index + 1 >= r->words->count))
        return 0;
    if (!exact && !is_short && (row->option[1] != '-' || word->text[behind] != '='))
        return 0;
    if (!exact && is_short && !is_attachable(row->taking))
        return 0;
    *ret_done = true;
    return take_value(r, row, index, exact ? SIZE_MAX : behind + !is_short, err);
}

/* Looks the word up among the options of the program; *ret_done tells whether it was one. */
static int known_option(struct reader *r, size_t *index, bool *ret_done, struct sc_error *err)
{
    *ret_done = false;
    for (size_t i = 0; i < sc_argv_option_count; i++) {
        const struct sc_argv_option *row = &sc_argv_options[i];
        bool engine =
            r->container && row->taking == SC_TAKES_ENV && strcmp(row->program, "docker") == 0;
        if (!engine &&
            (r->program == NULL || !sc_argv_option_is_of(row, r->program, r->program_len)))
            continue;
        int rc = take(r, row, index, ret_done, err);
        if (rc < 0 || *ret_done)
            return rc;
    }
    return 0;
}

/* --password VALUE, --password=VALUE, -Dapp.password=VALUE of any program. */
static int any_option(struct reader *r, size_t *index, struct sc_error *err)
{
    const struct sc_word *word = &r->words->items[*index];
    size_t dashes = strspn(word->text, "-");
    if (dashes == 1 && word->text[1] == 'D')
        dashes = 2;
    const char *equals = strchr(word->text, '=');
    if (equals != NULL) {
        const char *name = word->text + dashes;
        if (equals < name)
            return 0;
        return give(r, SC_ARGV_ARGUMENT, (struct name){name, (size_t)(equals - name)}, word,
                    (size_t)(equals + 1 - word->text), err);
    }
    const struct sc_word *next = *index + 1 < r->words->count ? word + 1 : NULL;
    const struct name name = {word->text + dashes, word->len - dashes};
    bool is_long = dashes == 2 || (dashes == 1 && name.len >= LONG_NAME); /* -password VALUE */
    if (!is_long || next == NULL || next->text[0] == '-')
        return give(r, SC_ARGV_ARGUMENT, no_key, word, 0, err);
    enum sc_key_kind kind = sc_key_classify(name.ptr, name.len);
    if (kind != SC_KEY_PASSWORD && (kind != SC_KEY_SECRET || dashes == 1))
        return 0;
    *index += 1;
    return give(r, SC_ARGV_ARGUMENT, name, next, 0, err);
}

static int give_sql(void *ctx, struct sc_region value, struct sc_error *err)
{
    const struct data *data = ctx;
    return give_part(data->reader, password_key, data->word, value, err);
}

/* sh -c 'script' */
static int nested_script(struct reader *r, const struct sc_word *word, struct sc_error *err)
{
    if (r->to->depth >= SC_SHELL_DEPTH_MAX)
        return 0;
    struct sc_region region = word->raw;
    const char *text = r->to->text;
    bool escaped = r->to->escaped;
    if (region.len >= 2 && (text[region.offset] == '"' || text[region.offset] == '\'')) {
        r->to->escaped = escaped || text[region.offset] == '"';
        region.offset++;
        region.len -= 2;
    }
    r->to->depth++;
    int rc = sc_shell_read(r->to, region, err);
    r->to->depth--;
    r->to->escaped = escaped;
    return rc;
}

static bool is_assignment(const struct sc_word *word)
{
    size_t len = name_length(word->text);
    return len > 0 && word->text[len] == '=';
}

static int read_word(struct reader *r, size_t *index, struct sc_error *err)
{
    const struct sc_word *word = &r->words->items[*index];
    bool done = false;
    int rc = known_option(r, index, &done, err);
    if (rc < 0 || done)
        return rc;
    if (r->shell && word->text[0] == '-' && word->text[word->len - 1] == 'c' &&
        word->text[1] != '-' && *index + 1 < r->words->count) {
        *index += 1;
        return nested_script(r, &r->words->items[*index], err);
    }
    if (word->text[0] == '-' && word->len > 1)
        return any_option(r, index, err);
    if (is_assignment(word))
        return give_assignment(r, *index == 0 ? SC_ARGV_ASSIGN : SC_ARGV_ARGUMENT, word, 0, err);
    note_program(r, word->text);
    if (memchr(word->text, ' ', word->len) != NULL) {
        struct data data = {r, word};
        rc = sc_sql_read(word->text, (struct sc_region){0, word->len}, give_sql, &data, err);
        if (rc < 0)
            return rc;
    }
    return give(r, SC_ARGV_ARGUMENT, no_key, word, 0, err);
}

/* setx [/M] NAME VALUE of Windows, whose words begin at `at`. */
static int give_setx(struct reader *r, size_t at, struct sc_error *err)
{
    const struct sc_words *words = r->words;
    if (at < words->count && words->items[at].text[0] == '/')
        at++;
    if (at + 1 >= words->count || name_length(words->items[at].text) != words->items[at].len)
        return 0;
    const struct name name = {words->items[at].text, words->items[at].len};
    return give(r, SC_ARGV_ASSIGN, name, &words->items[at + 1], 0, err);
}

/* Where NAME stands in `set -gx NAME VALUE` of fish; 0 if it is none: `set -- COMMAND` sets the
 * arguments of a script. */
static size_t name_of_set(const struct sc_words *words)
{
    size_t at = 1;
    if (words->count < 4 || strcmp(words->items[0].text, "set") != 0)
        return 0;
    while (at < words->count && words->items[at].text[0] == '-') {
        if (strcmp(words->items[at++].text, "--") == 0)
            return 0;
    }
    bool fits = at > 1 && at + 2 == words->count &&
                name_length(words->items[at].text) == words->items[at].len;
    return fits ? at : 0;
}

/* alias NAME='script' */
static int read_alias(struct reader *r, const struct sc_word *word, struct sc_error *err)
{
    const char *raw = r->to->text + word->raw.offset;
    const char *sign = memchr(raw, '=', word->raw.len);
    if (sign == NULL || memchr(word->text, ' ', word->len) == NULL)
        return 0;
    struct sc_word script = *word;
    size_t passed = (size_t)(sign + 1 - raw);
    script.raw = (struct sc_region){word->raw.offset + passed, word->raw.len - passed};
    return nested_script(r, &script, err);
}

int sc_argv_read(struct sc_shell_reader *reader, const struct sc_words *words, struct sc_error *err)
{
    static const char *const exporters[] = {"export", "declare", "readonly", "local", "typeset",
                                            "-x",     "-r",      "-rx",      "env",   "sudo",
                                            "set",    "$",       "-E",       NULL};
    struct reader r = {.to = reader, .words = words, .container = reader->engine};
    size_t index = 0;
    size_t set = name_of_set(words);
    if (set > 0) {
        const struct name name = {words->items[set].text, words->items[set].len};
        return give(&r, SC_ARGV_ASSIGN, name, &words->items[set + 1], 0, err);
    }
    if (words->count == 2 && strcmp(words->items[0].text, "alias") == 0)
        return read_alias(&r, &words->items[1], err);
    for (; index < words->count; index++) { /* NAME=value in front of the command */
        const struct sc_word *word = &words->items[index];
        if (is_assignment(word)) {
            int rc = give_assignment(&r, SC_ARGV_ASSIGN, word, 0, err);
            if (rc < 0)
                return rc;
            continue;
        }
        if (strcmp(word->text, "setx") == 0)
            return give_setx(&r, index + 1, err);
        bool exporter = false;
        for (const char *const *name = exporters; *name != NULL; name++)
            exporter = exporter || strcmp(*name, word->text) == 0;
        if (!exporter)
            break;
    }
    for (; index < words->count; index++) {
        int rc = read_word(&r, &index, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}
