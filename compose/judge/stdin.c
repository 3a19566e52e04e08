/* SPDX-License-Identifier: Apache-2.0
 *
 * What a command makes of its standard input; see compose/judge/stdin.h.
 */
#include "compose/judge/stdin.h"

#include <string.h>

#include "compose/judge/option.h"
#include "compose/judge/sql.h"
#include "core/macros.h"
#include "core/str.h"

#include "core/banned.h"

/* Shorter ones are an answer: echo y | ... */
#define PASSWORD_LEAST ((size_t)3)

static bool is_name(const struct sc_word *word, const char *const *names)
{
    size_t len;
    const char *name = sc_argv_program(word->text, &len);
    for (; *names != NULL; names++) {
        if (strlen(*names) == len && memcmp(*names, name, len) == 0)
            return true;
    }
    return false;
}

/* ---- the program behind others ---- */

/* What runs the command behind it. */
struct carrier {
    const char *name;
    const char *valued; /* letters of options that take the next word */
    size_t operands;    /* its own, in front of the command */
};

static const struct carrier carriers[] = {
    {"sudo", "ugpCrtTUDRh", 0},
    {"doas", "uC", 0},
    {"env", "uC", 0},
    {"exec", "a", 0},
    {"time", "fo", 0},
    {"nohup", "", 0},
    {"nice", "n", 0},
    {"ionice", "cn", 0},
    {"timeout", "ks", 1},
    {"stdbuf", "ioe", 0},
    {"setsid", "", 0},
    {"chroot", "", 1},
    {"gosu", "", 1},
    {"su-exec", "", 1},
    {"command", "", 0},
    {"builtin", "", 0},
    {"then", "", 0},
    {"do", "", 0},
    {"else", "", 0},
    {"if", "", 0},
    {"while", "", 0},
    {"until", "", 0},
    {"!", "", 0},
    {"{", "", 0},
};

static const struct carrier *carrier_of(const struct sc_word *word)
{
    for (size_t i = 0; i < SC_ARRAY_SIZE(carriers); i++) {
        const char *const names[] = {carriers[i].name, NULL};
        if (is_name(word, names))
            return &carriers[i];
    }
    return NULL;
}

static bool is_assignment(const struct sc_word *word)
{
    size_t at =
        strspn(word->text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
    return at > 0 && word->text[at] == '=';
}

/* Behind the options at `at`; `valued` are letters of those that take the next word. */
static size_t behind_options(const struct sc_words *words, size_t at, const char *valued)
{
    for (; at < words->count && words->items[at].text[0] == '-' && words->items[at].len > 1; at++) {
        const struct sc_word *word = &words->items[at];
        if (strcmp(word->text, "--") == 0)
            return at + 1;
        bool takes = word->len == 2 && strchr(valued, word->text[1]) != NULL;
        at += takes && at + 1 < words->count;
    }
    return at;
}

/* docker exec -i NAME, kubectl exec NAME --: behind it; 0 if there is none. */
static size_t behind_exec(const struct sc_words *words, size_t at)
{
    static const char *const engines[] = {"docker", "podman",         "nerdctl", "kubectl",
                                          "oc",     "docker-compose", "lxc",     NULL};
    if (!is_name(&words->items[at], engines))
        return 0;
    for (at++; at < words->count; at++) {
        if (strcmp(words->items[at].text, "exec") != 0)
            continue;
        at = behind_options(words, at + 1, "euwnc");
        return behind_options(words, SC_MIN(at + 1, words->count), "nc");
    }
    return 0;
}

/* Where the program stands that is run in the end; count if there is none. */
static size_t program_at(const struct sc_words *words)
{
    size_t at = 0;
    while (at < words->count) {
        if (is_assignment(&words->items[at])) {
            at++;
            continue;
        }
        const struct carrier *carrier = carrier_of(&words->items[at]);
        size_t behind = carrier == NULL ? behind_exec(words, at) : 0;
        if (carrier == NULL && behind == 0)
            return at;
        at = carrier == NULL ? behind
                             : behind_options(words, at + 1, carrier->valued) + carrier->operands;
    }
    return words->count;
}

/* ---- who reads what ---- */

static bool has_word(const struct sc_words *words, const char *text)
{
    for (size_t i = 0; i < words->count; i++) {
        if (strcmp(words->items[i].text, text) == 0)
            return true;
    }
    return false;
}

/* Options and operands by which any program says that it reads a password. */
static bool asks_for_password(const struct sc_words *words)
{
    static const char *const flags[] = {"--password-stdin", "--with-token"};
    static const char *const options[] = {"-pass", "-passin", "-passout", "-password"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(flags); i++) {
        if (has_word(words, flags[i]))
            return true;
    }
    for (size_t i = 1; i < words->count; i++) {
        const char *before = words->items[i - 1].text, *word = words->items[i].text;
        if ((strcmp(before, "--passphrase-fd") == 0 && strcmp(word, "0") == 0) ||
            strcmp(word, "--passphrase-fd=0") == 0)
            return true;
        for (size_t o = 0; o < SC_ARRAY_SIZE(options); o++) {
            if (strcmp(before, options[o]) == 0 && strcmp(word, "stdin") == 0)
                return true;
        }
    }
    return false;
}

/* docker secret create NAME -, vault kv put x password=-, vault login - */
static bool stores_secret(const struct sc_words *words, size_t program)
{
    static const char *const engines[] = {"docker", "podman", NULL};
    static const char *const vaults[] = {"vault", "bao", NULL};
    const struct sc_word *last = &words->items[words->count - 1];
    if (is_name(&words->items[program], engines))
        return has_word(words, "secret") && has_word(words, "create") &&
               strcmp(last->text, "-") == 0;
    if (!is_name(&words->items[program], vaults))
        return false;
    return sc_str_has_suffix(last->text, "=-") ||
           (has_word(words, "login") && strcmp(last->text, "-") == 0);
}

/* sudo -S reads the caller's own. */
static bool sudo_asks(const struct sc_words *words, size_t program)
{
    static const char *const sudo[] = {"sudo", NULL};
    for (size_t i = 0; i + 1 < program; i++) {
        if (!is_name(&words->items[i], sudo))
            continue;
        for (i++; i < program && words->items[i].text[0] == '-'; i++) {
            if (words->items[i].text[1] != '-' && strchr(words->items[i].text, 'S') != NULL)
                return true;
        }
    }
    return false;
}

enum sc_stdin sc_stdin_of(const struct sc_words *words)
{
    static const struct {
        const char *const names[10];
        enum sc_stdin kind;
    } programs[] = {
        {{"sh", "bash", "ash", "dash", "zsh", "ksh", "ssh", "su", NULL}, SC_STDIN_SCRIPT},
        {{"chpasswd", NULL}, SC_STDIN_USERS},
        {{"passwd", "smbpasswd", "cryptsetup", "kinit", "vncpasswd", NULL}, SC_STDIN_PASSWORD},
        {{"mysql", "mariadb", "psql", "sqlcmd", "sqlplus", "clickhouse-client", NULL},
         SC_STDIN_SQL},
    };
    if (words->count == 0) /* a step of a Dockerfile */
        return SC_STDIN_SCRIPT;
    size_t at = program_at(words);
    if (at >= words->count)
        return SC_STDIN_SCRIPT;
    enum sc_stdin kind = SC_STDIN_NOTHING;
    for (size_t i = 0; i < SC_ARRAY_SIZE(programs); i++) {
        if (is_name(&words->items[at], programs[i].names))
            kind = programs[i].kind;
    }
    bool asks = kind == SC_STDIN_NOTHING && (asks_for_password(words) || stores_secret(words, at));
    bool to_sudo = kind != SC_STDIN_USERS && kind != SC_STDIN_SQL && sudo_asks(words, at);
    return asks || to_sudo ? SC_STDIN_PASSWORD : kind;
}

bool sc_stdin_speaks(const struct sc_words *command)
{
    static const char *const names[] = {"echo", "printf", "print", NULL};
    size_t at = program_at(command);
    return at < command->count && is_name(&command->items[at], names);
}

bool sc_stdin_passes(const struct sc_words *command)
{
    static const char *const names[] = {"cat", NULL};
    size_t at = program_at(command);
    return at < command->count && is_name(&command->items[at], names);
}

/* ---- what it is told ---- */

struct teller {
    struct sc_shell_reader *reader;
    const struct sc_words *all;
    const struct sc_word *word;
};

static int give(const struct teller *t, size_t from, size_t to, struct sc_error *err)
{
    static const char key[] = "password";
    const struct sc_argv_pair pair = {
        .role = SC_ARGV_ARGUMENT,
        .key = key,
        .key_len = sizeof(key) - 1,
        .word = t->word,
        .from = from,
        .to = to,
        .all = t->all,
    };
    return to < from + PASSWORD_LEAST ? 0 : t->reader->pair(t->reader->ctx, &pair, err);
}

/* Where the line that begins at `at` ends: a line break, or \n as printf takes it; *ret_next is
 * where the next begins. */
static size_t line_end(const struct sc_word *word, size_t at, size_t *ret_next)
{
    for (; at < word->len; at++) {
        bool spelled = word->text[at] == '\\' && word->text[at + 1] == 'n';
        if (word->text[at] == '\n' || spelled) {
            *ret_next = at + 1 + spelled;
            return at;
        }
    }
    *ret_next = word->len;
    return word->len;
}

static int give_users(const struct teller *t, struct sc_error *err)
{
    const struct sc_word *word = t->word;
    int rc = 0;
    for (size_t at = 0, next = 0; at < word->len && rc == 0; at = next) {
        size_t end = line_end(word, at, &next);
        const char *colon = memchr(word->text + at, ':', end - at);
        if (colon != NULL)
            rc = give(t, (size_t)(colon - word->text) + 1, end, err);
    }
    return rc;
}

static int give_sql(void *ctx, struct sc_region value, struct sc_error *err)
{
    return give(ctx, value.offset, value.offset + value.len, err);
}

int sc_stdin_text(struct sc_shell_reader *reader, enum sc_stdin kind, const struct sc_word *text,
                  const struct sc_words *all, struct sc_error *err)
{
    struct teller t = {reader, all, text};
    size_t next;
    switch (kind) {
    case SC_STDIN_PASSWORD:
        return give(&t, 0, line_end(text, 0, &next), err);
    case SC_STDIN_USERS:
        return give_users(&t, err);
    case SC_STDIN_SQL:
        return sc_sql_read(text->text, (struct sc_region){0, text->len}, give_sql, &t, err);
    case SC_STDIN_SCRIPT:
    case SC_STDIN_NOTHING:
    default:
        return 0;
    }
}

/* echo VALUE, echo USER:VALUE, printf 'USER:VALUE\n', printf '%s:%s\n' USER VALUE. Of several words
 * the last one counts. */
int sc_stdin_said(struct sc_shell_reader *reader, enum sc_stdin kind, const struct sc_words *said,
                  struct sc_error *err)
{
    static const char *const printf_name[] = {"printf", NULL};
    size_t program = program_at(said), first = behind_options(said, program + 1, "");
    if (first >= said->count)
        return 0;
    const struct sc_word *last = &said->items[said->count - 1];
    bool formatted =
        is_name(&said->items[program], printf_name) && strchr(said->items[first].text, '%') != NULL;
    size_t words = said->count - first - formatted;
    if (words == 0 || (words > 1 && !(formatted && kind == SC_STDIN_USERS)))
        return 0;
    bool whole = kind == SC_STDIN_USERS && words > 1;
    return sc_stdin_text(reader, whole ? SC_STDIN_PASSWORD : kind, last, said, err);
}
