/* SPDX-License-Identifier: Apache-2.0
 *
 * Options and the variables that stand for them; see shim/shim.h. Texts that were given are not
 * repeated in messages unless they are names: a misplaced value may be among them.
 */
#include "shim/shim.h"

#include <signal.h>
#include <string.h>

#include "core/macros.h"

#include "core/banned.h"

#ifndef SC_VERSION
#error "SC_VERSION is defined by the build"
#endif

enum option {
    OPT_DIR,
    OPT_ENV,
    OPT_FROM_FILE,
    OPT_FILE,
    OPT_WAIT,
    OPT_WATCH,
    OPT_USER,
    OPT_ON_CHANGE,
    OPT_STRIP_NEWLINE, /* from here on without a value */
    OPT_ALLOW_EMPTY,
    OPT_INIT,
    OPT_CHECK,
    OPT_HELP,
    OPT_VERSION,
    OPT_COUNT
};

static const char *const option_names[OPT_COUNT] = {
    "dir",       "env",           "from-file",   "file", "wait",  "watch", "user",
    "on-change", "strip-newline", "allow-empty", "init", "check", "help",  "version",
};

static const char usage[] =
    "usage: secretsctl-shim [OPTIONS] -- COMMAND [ARG...]\n"
    "\n"
    "Renders {{secret:NAME|FILTER}} in the environment from files, then becomes COMMAND.\n"
    "\n"
    "  --dir DIR             where names are looked up (/run/secrets)\n"
    "  --env NAME=TEMPLATE   set a variable\n"
    "  --from-file NAME      take the content of NAME_FILE as NAME\n"
    "  --file NAME=TEMPLATE  render into a private file, set NAME to its path\n"
    "  --wait SECONDS        keep trying while a value cannot be read\n"
    "  --strip-newline       drop one final line end of each value\n"
    "  --allow-empty         an empty value is no error\n"
    "  --user UID[:GID]      read first, then become this user\n"
    "  --init                stay as parent: forward signals, reap, pass the status on\n"
    "  --on-change ACTION    signal[:NAME], restart or exit when a value changes (--init)\n"
    "  --watch SECONDS       how often to look (2)\n"
    "  --check               say where each value would come from, run nothing\n";

static bool fail(const char *option, const char *problem)
{
    shim_say("option '--", option, "' ", problem, NULL);
    return false;
}

static bool parse_seconds(const char *text, unsigned *ret)
{
    unsigned value = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (unsigned)(*text - '0');
        if (value > SHIM_SECONDS_MAX)
            return false;
    }
    *ret = value;
    return true;
}

static bool valid_variable(const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(i > 0 && c >= '0' && c <= '9'))
            return false;
    }
    return len > 0;
}

static bool add_item(struct shim_item *items, size_t *count, const char *option, const char *text)
{
    size_t len = strcspn(text, "=");
    if (text[len] != '=' || !valid_variable(text, len))
        return fail(option, "needs NAME=TEMPLATE");
    if (*count == SHIM_ITEMS_MAX)
        return fail(option, "is given too often");
    items[(*count)++] = (struct shim_item){text, len, text + len + 1};
    return true;
}

/* One name, or several with commas between. */
static bool add_names(struct shim_options *options, const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, ",");
        if (!valid_variable(text, len))
            return fail("from-file", "needs the name of a variable");
        if (options->from_file_count == SHIM_ITEMS_MAX)
            return fail("from-file", "is given too often");
        options->from_file[options->from_file_count++] = (struct shim_item){text, len, NULL};
        text += len + (text[len] == ',');
    }
    return true;
}

static int signal_number(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } known[] = {{"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT},  {"USR1", SIGUSR1},
                 {"USR2", SIGUSR2}, {"TERM", SIGTERM}, {"WINCH", SIGWINCH}};
    if (strncmp(name, "SIG", 3) == 0)
        name += 3;
    for (size_t i = 0; i < SC_ARRAY_SIZE(known); i++)
        if (strcmp(name, known[i].name) == 0)
            return known[i].number;
    return 0;
}

static bool parse_change(struct shim_options *options, const char *text)
{
    options->init = true;
    options->change_signal = SIGHUP;
    if (strcmp(text, "restart") == 0) {
        options->change = SHIM_CHANGE_RESTART;
    } else if (strcmp(text, "exit") == 0) {
        options->change = SHIM_CHANGE_EXIT;
    } else if (strncmp(text, "signal", 6) == 0 && (text[6] == '\0' || text[6] == ':')) {
        options->change = SHIM_CHANGE_SIGNAL;
        if (text[6] == ':')
            options->change_signal = signal_number(text + 7);
    }
    if (options->change == SHIM_CHANGE_IGNORE || options->change_signal == 0)
        return fail("on-change",
                    "is signal, signal:NAME (HUP, INT, QUIT, USR1, USR2, TERM, WINCH), "
                    "restart or exit");
    return true;
}

static bool set_text(struct shim_options *options, enum option which, const char *value)
{
    switch (which) {
    case OPT_DIR:
        options->dir = value;
        return value[0] != '\0' || fail("dir", "is empty");
    case OPT_ENV:
        return add_item(options->env, &options->env_count, "env", value);
    case OPT_FROM_FILE:
        return add_names(options, value);
    case OPT_FILE:
        return add_item(options->files, &options->file_count, "file", value);
    case OPT_WAIT:
        return parse_seconds(value, &options->wait) || fail("wait", "needs seconds, at most 86400");
    case OPT_WATCH:
        return (parse_seconds(value, &options->watch) && options->watch > 0) ||
               fail("watch", "needs seconds, 1 to 86400");
    case OPT_USER:
        options->user = value;
        return value[0] != '\0' || fail("user", "is empty");
    default:
        return parse_change(options, value);
    }
}

static void set_flag(struct shim_options *options, enum option which)
{
    options->strip_newline = options->strip_newline || which == OPT_STRIP_NEWLINE;
    options->allow_empty = options->allow_empty || which == OPT_ALLOW_EMPTY;
    options->init = options->init || which == OPT_INIT;
    options->check = options->check || which == OPT_CHECK;
}

static enum option find_option(const char *name, size_t len)
{
    unsigned which = 0;
    while (which < OPT_COUNT &&
           (strlen(option_names[which]) != len || memcmp(option_names[which], name, len) != 0))
        which++;
    return (enum option)which;
}

/* Variables stand for options that were not given. */
static bool apply_variables(struct shim_options *options, char **environment, const bool *given)
{
    static const struct {
        const char *name;
        enum option option;
    } variables[] = {
        {"SECRETSCTL_DIR", OPT_DIR},
        {"SECRETSCTL_FROM_FILE", OPT_FROM_FILE},
        {"SECRETSCTL_WAIT", OPT_WAIT},
        {"SECRETSCTL_USER", OPT_USER},
        {"SECRETSCTL_ON_CHANGE", OPT_ON_CHANGE},
        {"SECRETSCTL_STRIP_NEWLINE", OPT_STRIP_NEWLINE},
        {"SECRETSCTL_INIT", OPT_INIT},
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(variables); i++) {
        const char *name = variables[i].name;
        const char *value = shim_lookup(environment, name, strlen(name));
        enum option which = variables[i].option;
        if (value == NULL || *value == '\0' || given[which])
            continue;
        if (which < OPT_STRIP_NEWLINE && !set_text(options, which, value))
            return false;
        if (which >= OPT_STRIP_NEWLINE && strcmp(value, "1") == 0)
            set_flag(options, which);
    }
    return true;
}

/* One word of the command line; *at moves over a value that is a word of its own. */
static bool parse_word(struct shim_options *options, char **argv, int *at, bool *given)
{
    const char *word = argv[*at];
    if (strncmp(word, "--", 2) != 0) {
        shim_say("'--' is missing before the command; see --help", NULL);
        return false;
    }
    size_t len = strcspn(word + 2, "=");
    enum option which = find_option(word + 2, len);
    if (which == OPT_COUNT) {
        shim_say("there is no such option; see --help", NULL);
        return false;
    }
    const char *name = option_names[which];
    bool joined = word[2 + len] == '=';
    given[which] = true;
    if (which >= OPT_STRIP_NEWLINE) {
        if (joined)
            return fail(name, "takes no value");
        set_flag(options, which);
        return true;
    }
    if (joined)
        return set_text(options, which, word + 3 + len);
    if (argv[*at + 1] == NULL)
        return fail(name, "needs a value");
    return set_text(options, which, argv[++*at]);
}

bool shim_options_parse(struct shim_options *options, int argc, char **argv, char **environment,
                        int *ret_status)
{
    bool given[OPT_COUNT] = {false};
    *ret_status = SHIM_OWN_FAILURE;
    *options = (struct shim_options){.dir = SHIM_DIR_DEFAULT, .watch = SHIM_WATCH_DEFAULT};
    int at = 1;
    for (; at < argc && strcmp(argv[at], "--") != 0; at++)
        if (!parse_word(options, argv, &at, given))
            return false;
    if (given[OPT_HELP] || given[OPT_VERSION]) {
        shim_print(given[OPT_HELP] ? usage : "secretsctl-shim " SC_VERSION "\n", NULL);
        *ret_status = 0;
        return false;
    }
    options->command = at < argc ? argv + at + 1 : argv + argc;
    if (options->command[0] == NULL && !options->check) {
        shim_say(at < argc ? "there is no command behind '--'"
                           : "'--' and a command are missing; see --help",
                 NULL);
        return false;
    }
    return apply_variables(options, environment, given);
}
