/* SPDX-License-Identifier: Apache-2.0
 *
 * What one command line gives away; see compose/judge/shell.h.
 *
 * The program that an option belongs to is the last known one in front of it, so that
 * `docker exec db mysql -uroot -psecret` is read as mysql's.
 */
#include "compose/judge/shell.h"

#include <string.h>
#include <strings.h>

#include "compose/credential.h"
#include "core/str.h"

#include "core/banned.h"

/* How a program takes a credential. */
enum taking {
    TAKES_NEXT,     /* -a VALUE */
    TAKES_ATTACHED, /* -pVALUE; a bare -p asks */
    TAKES_USERPASS, /* -u USER:VALUE */
    TAKES_HEADER,   /* -H 'Name: VALUE' */
    TAKES_ENV,      /* -e NAME=VALUE, also -eNAME=VALUE */
    TAKES_PREFIXED, /* -pass pass:VALUE */
    TAKES_OPERAND,  /* last operand behind this word: rabbitmqctl add_user NAME VALUE */
    TAKES_NOTHING,  /* looks like a credential's option and is none */
};

struct argument {
    const char *program; /* base name, or its beginning when it ends in '*' */
    const char *option;
    enum taking taking;
};

static const struct argument arguments[] = {
    {"mysql*", "-p", TAKES_ATTACHED},
    {"mariadb*", "-p", TAKES_ATTACHED},
    {"redis-cli", "-a", TAKES_NEXT},
    {"redis-server", "--masterauth", TAKES_NEXT},
    {"valkey-server", "--masterauth", TAKES_NEXT},
    {"keydb-server", "--masterauth", TAKES_NEXT},
    {"valkey-cli", "-a", TAKES_NEXT},
    {"keydb-cli", "-a", TAKES_NEXT},
    {"curl", "-u", TAKES_USERPASS},
    {"curl", "--user", TAKES_USERPASS},
    {"curl", "-U", TAKES_USERPASS},
    {"curl", "--proxy-user", TAKES_USERPASS},
    {"curl", "-H", TAKES_HEADER},
    {"curl", "--header", TAKES_HEADER},
    {"wget", "--header", TAKES_HEADER},
    {"http", "-a", TAKES_USERPASS},
    {"mongo*", "-p", TAKES_NEXT},
    {"sshpass", "-p", TAKES_NEXT},
    {"sshpass", "-p", TAKES_ATTACHED},
    {"sqlcmd", "-P", TAKES_NEXT},
    {"ldap*", "-w", TAKES_NEXT},
    {"zip", "-P", TAKES_NEXT},
    {"7z", "-p", TAKES_ATTACHED},
    {"openssl", "-passin", TAKES_PREFIXED},
    {"openssl", "-passout", TAKES_PREFIXED},
    {"openssl", "-pass", TAKES_PREFIXED},
    {"rabbitmqctl", "add_user", TAKES_OPERAND},
    {"rabbitmqctl", "change_password", TAKES_OPERAND},
    {"htpasswd", "-b", TAKES_OPERAND},
    {"htpasswd", "-bc", TAKES_OPERAND},
    {"htpasswd", "-cb", TAKES_OPERAND},
    {"htpasswd", "-nb", TAKES_OPERAND},
    {"htpasswd", "-nbB", TAKES_OPERAND},
    {"htpasswd", "-Bbn", TAKES_OPERAND},
    {"mc", "alias", TAKES_OPERAND},
    {"login", "-p", TAKES_NEXT},
    {"docker", "--secret", TAKES_NOTHING},
    {"docker", "--token", TAKES_NEXT},
    {"docker", "-e", TAKES_ENV},
    {"docker", "--env", TAKES_ENV},
    {"docker", "--build-arg", TAKES_ENV},
    {"docker", "-l", TAKES_ENV},
    {"docker", "--label", TAKES_ENV},
    {"podman", "-e", TAKES_ENV},
    {"podman", "--env", TAKES_ENV},
    {"podman", "--build-arg", TAKES_ENV},
    {"podman", "--secret", TAKES_NOTHING},
    {"nerdctl", "-e", TAKES_ENV},
    {"nerdctl", "--env", TAKES_ENV},
    {"docker-compose", "-e", TAKES_ENV},
    {"kubectl", "--from-literal", TAKES_ENV},
    {"helm", "--set", TAKES_ENV},
    {"heroku", "config:set", TAKES_NOTHING},
};

struct reader {
    struct sc_shell_reader *to;
    const struct sc_words *words;
    const char *program; /* a row's program, or NULL */
    bool container;      /* behind docker, podman, ...: -e is an environment */
    bool shell;          /* behind sh, bash: -c is a script */
};

struct name {
    const char *ptr;
    size_t len;
};

static const struct name no_key = {NULL, 0};
static const struct name password_key = {"password", 8};
static const struct name token_key = {"token", 5};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static bool program_matches(const char *pattern, const char *name)
{
    size_t len = strlen(pattern);
    if (pattern[len - 1] == '*')
        return strncmp(pattern, name, len - 1) == 0;
    return strcmp(pattern, name) == 0;
}

static void note_program(struct reader *r, const char *word)
{
    static const char *const shells[] = {"sh", "bash", "ash", "dash", "zsh", "ksh", "su", NULL};
    static const char *const engines[] = {"docker", "podman", "nerdctl", "docker-compose", NULL};
    const char *name = base_name(word);
    for (size_t i = 0; i < SC_ARRAY_SIZE(arguments); i++) {
        if (program_matches(arguments[i].program, name)) {
            r->program = name;
            break;
        }
    }
    for (const char *const *shell = shells; *shell != NULL; shell++)
        r->shell = r->shell || strcmp(name, *shell) == 0;
    for (const char *const *engine = engines; *engine != NULL; engine++)
        r->container = r->container || strcmp(name, *engine) == 0;
}

/* A pair whose value is word[from..to]. */
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
static int give_header(struct reader *r, const struct sc_word *word, struct sc_error *err)
{
    const char *colon = memchr(word->text, ':', word->len);
    if (colon == NULL)
        return 0;
    size_t at = (size_t)(colon - word->text) + 1;
    while (word->text[at] == ' ')
        at++;
    static const char *const schemes[] = {"bearer ", "basic ", "token ", "apikey "};
    bool bearer = false;
    for (size_t i = 0; i < SC_ARRAY_SIZE(schemes); i++) {
        if (strncasecmp(word->text + at, schemes[i], strlen(schemes[i])) == 0) {
            at += strlen(schemes[i]);
            bearer = true;
            break;
        }
    }
    struct name name = {word->text, (size_t)(colon - word->text)};
    return give(r, SC_ARGV_ARGUMENT, bearer ? token_key : name, word, at, err);
}

static int give_userpass(struct reader *r, const struct sc_word *word, struct sc_error *err)
{
    const char *colon = memchr(word->text, ':', word->len);
    if (colon == NULL)
        return 0;
    return give(r, SC_ARGV_ARGUMENT, password_key, word, (size_t)(colon - word->text) + 1, err);
}

/* The last word in front of the next option or the end. */
static size_t last_operand(const struct sc_words *words, size_t from)
{
    size_t last = from;
    for (size_t i = from + 1; i < words->count && words->items[i].text[0] != '-'; i++)
        last = i;
    return last;
}

static int take(struct reader *r, const struct argument *row, size_t *index, bool *ret_done,
                struct sc_error *err)
{
    const struct sc_word *word = &r->words->items[*index];
    const struct sc_word *next = *index + 1 < r->words->count ? word + 1 : NULL;
    size_t option = strlen(row->option);
    bool exact = word->len == option;
    bool with_equals = word->len > option && word->text[option] == '=' && row->option[1] == '-';
    *ret_done = true;
    if (row->taking == TAKES_ATTACHED) {
        if (!exact)
            return give(r, SC_ARGV_ARGUMENT, password_key, word, option, err);
        *ret_done = false;
        return 0;
    }
    if (row->taking == TAKES_ENV && !exact)
        return give_assignment(r, SC_ARGV_ENVIRON, word, option + with_equals, err);
    if (!exact || (next == NULL && row->taking != TAKES_NOTHING)) {
        *ret_done = false;
        return 0;
    }
    *index += 1;
    switch (row->taking) {
    case TAKES_NEXT:
        return give(r, SC_ARGV_ARGUMENT, password_key, next, 0, err);
    case TAKES_USERPASS:
        return give_userpass(r, next, err);
    case TAKES_HEADER:
        return give_header(r, next, err);
    case TAKES_ENV:
        return give_assignment(r, SC_ARGV_ENVIRON, next, 0, err);
    case TAKES_PREFIXED:
        if (strncmp(next->text, "pass:", 5) == 0)
            return give(r, SC_ARGV_ARGUMENT, password_key, next, 5, err);
        return 0;
    case TAKES_OPERAND:
        *index = last_operand(r->words, *index - 1);
        return give(r, SC_ARGV_ARGUMENT, password_key, &r->words->items[*index], 0, err);
    case TAKES_ATTACHED:
    case TAKES_NOTHING:
    default:
        return 0;
    }
}

/* Looks the word up among the options of the program; *ret_done tells whether it was one. */
static int known_option(struct reader *r, size_t *index, bool *ret_done, struct sc_error *err)
{
    const struct sc_word *word = &r->words->items[*index];
    *ret_done = false;
    for (size_t i = 0; i < SC_ARRAY_SIZE(arguments); i++) {
        const struct argument *row = &arguments[i];
        bool engine =
            r->container && row->taking == TAKES_ENV && strcmp(row->program, "docker") == 0;
        if (!engine && (r->program == NULL || !program_matches(row->program, r->program)))
            continue;
        if (strncmp(word->text, row->option, strlen(row->option)) != 0)
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
    if (dashes != 2 || next == NULL || next->text[0] == '-')
        return give(r, SC_ARGV_ARGUMENT, no_key, word, 0, err);
    enum sc_key_kind kind = sc_key_classify(word->text + 2, word->len - 2);
    if (kind != SC_KEY_PASSWORD && kind != SC_KEY_SECRET)
        return 0;
    *index += 1;
    return give(r, SC_ARGV_ARGUMENT, (struct name){word->text + 2, word->len - 2}, next, 0, err);
}

/* PASSWORD 'x' and IDENTIFIED BY 'x' inside a word. */
static int give_sql(struct reader *r, const struct sc_word *word, struct sc_error *err)
{
    static const char *const phrases[] = {"identified by ", "password "};
    for (size_t i = 0; i < SC_ARRAY_SIZE(phrases); i++) {
        const char *found = strcasestr(word->text, phrases[i]);
        if (found == NULL)
            continue;
        const char *open = found + strlen(phrases[i]);
        const char *close = *open == '\'' ? strchr(open + 1, '\'') : NULL;
        if (close == NULL || close == open + 1)
            continue;
        const struct sc_argv_pair pair = {
            .role = SC_ARGV_ARGUMENT,
            .key = password_key.ptr,
            .key_len = password_key.len,
            .word = word,
            .from = (size_t)(open + 1 - word->text),
            .to = (size_t)(close - word->text),
            .all = r->words,
        };
        return r->to->pair(r->to->ctx, &pair, err);
    }
    return 0;
}

/* sh -c 'script' */
static int nested_script(struct reader *r, const struct sc_word *word, struct sc_error *err)
{
    if (r->to->depth >= SC_SHELL_DEPTH_MAX)
        return 0;
    struct sc_region region = word->raw;
    const char *text = r->to->text;
    if (region.len >= 2 && (text[region.offset] == '"' || text[region.offset] == '\'')) {
        region.offset++;
        region.len -= 2;
    }
    r->to->depth++;
    int rc = sc_shell_read(r->to, region, err);
    r->to->depth--;
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
        rc = give_sql(r, word, err);
        if (rc < 0)
            return rc;
    }
    return give(r, SC_ARGV_ARGUMENT, no_key, word, 0, err);
}

int sc_argv_read(struct sc_shell_reader *reader, const struct sc_words *words, struct sc_error *err)
{
    static const char *const exporters[] = {"export", "declare", "readonly", "local", "typeset",
                                            "-x",     "-r",      "-rx",      "env",   "sudo",
                                            "set",    "setx",    "$",        "-E",    NULL};
    struct reader r = {.to = reader, .words = words};
    size_t index = 0;
    for (; index < words->count; index++) { /* NAME=value in front of the command */
        const struct sc_word *word = &words->items[index];
        if (is_assignment(word)) {
            int rc = give_assignment(&r, SC_ARGV_ASSIGN, word, 0, err);
            if (rc < 0)
                return rc;
            continue;
        }
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
