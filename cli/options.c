/* SPDX-License-Identifier: Apache-2.0
 *
 * Option parsing; see cli/options.h.
 */
#include "cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/nearest.h"
#include "core/buf.h"
#include "core/parse.h"

#include "core/banned.h"

/* getopt returns this plus the option's index, clear of every letter. */
#define CODE_BASE 1000

/* Bytes of the choices of one option. */
#define CHOICES_MAX 256

/* The options of one parse: the command's and the global ones, side by side. */
struct table {
    const char *command; /* NULL: what stands in front of its name */
    const struct sc_option *rows[SC_OPTIONS_MAX];
    void *values[SC_OPTIONS_MAX]; /* the struct each row writes to */
    bool given[SC_OPTIONS_MAX];
    size_t count;
    struct option long_options[SC_OPTIONS_MAX + 1];
    char short_options[3 * SC_OPTIONS_MAX +
                       3]; /* "x", "x:" or "x::" for each; no_argument is 0, optional_argument 2 */
};

static void add_rows(struct table *table, const struct sc_option *rows, void *values)
{
    static const int argument_of[] = {
        [SC_OPTION_FLAG] = no_argument,           [SC_OPTION_TEXT] = required_argument,
        [SC_OPTION_LIST] = required_argument,     [SC_OPTION_NUMBER] = required_argument,
        [SC_OPTION_OPTIONAL] = optional_argument,
    };
    for (; rows != NULL && rows->name != NULL && table->count < SC_OPTIONS_MAX; rows++) {
        size_t i = table->count++;
        table->rows[i] = rows;
        table->values[i] = values;
        table->long_options[i] = (struct option){
            .name = rows->name, .has_arg = argument_of[rows->kind], .val = CODE_BASE + (int)i};
        if (rows->letter == '\0')
            continue;
        size_t at = strlen(table->short_options);
        table->short_options[at] = rows->letter;
        /* none, one or two, as the numbers of getopt.h are */
        for (int colons = argument_of[rows->kind]; colons > 0; colons--)
            table->short_options[++at] = ':';
    }
}

static int check_choice(const struct sc_option *row, const char *value, struct sc_error *err)
{
    size_t n = strlen(value);
    SC_CLEANUP(sc_buf_done) struct sc_buf list = SC_BUF_INIT(CHOICES_MAX);
    if (row->choices == NULL)
        return 0;
    for (const char *at = row->choices; *at != '\0';) {
        size_t len = strcspn(at, "|");
        if (len == n && memcmp(at, value, n) == 0)
            return 0;
        sc_buf_printf(&list, "%s%.*s", list.len > 0 ? ", " : "", (int)len, at);
        at += len + (at[len] == '|');
    }
    return sc_fail(err, SC_E_USAGE, "--%s must be one of: %s", row->name, sc_buf_text(&list));
}

static int store(const struct sc_option *row, void *values, const char *argument,
                 struct sc_error *err)
{
    void *field = (char *)values + row->offset;
    int rc = argument != NULL ? check_choice(row, argument, err) : 0;
    if (rc < 0)
        return rc;
    switch (row->kind) {
    case SC_OPTION_FLAG:
        *(bool *)field = true;
        return 0;
    case SC_OPTION_TEXT:
        *(const char **)field = argument;
        return 0;
    case SC_OPTION_LIST:
        return sc_strv_add(field, argument, err);
    case SC_OPTION_NUMBER: {
        struct sc_option_number *number = field;
        uint64_t value = 0;
        char what[64];
        snprintf(what, sizeof(what), "--%s", row->name);
        rc = sc_parse_u64(argument, UINT64_MAX, what, &value, err);
        *number = (struct sc_option_number){.given = true, .value = value};
        return rc;
    }
    case SC_OPTION_OPTIONAL:
        *(struct sc_option_optional *)field =
            (struct sc_option_optional){.given = true, .value = argument};
        return 0;
    default:
        return sc_fail(err, SC_E_BUG, "option '%s' has no kind", row->name);
    }
}

static int check_exclusive(const struct table *table, size_t added, struct sc_error *err)
{
    const struct sc_option *row = table->rows[added];
    for (size_t i = 0; i < table->count; i++) {
        if (i != added && row->exclusive != 0 && table->given[i] &&
            table->values[i] == table->values[added] && table->rows[i]->exclusive == row->exclusive)
            return sc_fail(err, SC_E_USAGE, "--%s and --%s exclude each other",
                           table->rows[i]->name, row->name);
    }
    return 0;
}

/* The index of what getopt returned: a long option's code, or a letter. */
static size_t index_of(const struct table *table, int code)
{
    size_t i = 0;
    while (code >= CODE_BASE ? i != (size_t)(code - CODE_BASE) : table->rows[i]->letter != code)
        i++;
    return i;
}

/* Whether more than one long option begins with these letters. */
static bool ambiguous(const struct table *table, const char *letters, size_t len)
{
    size_t found = 0;
    for (size_t i = 0; i < table->count; i++)
        found += strncmp(table->rows[i]->name, letters, len) == 0;
    return found > 1;
}

/* What the user typed is repeated only up to '=': the rest may be a value. */
static int unknown_option(const struct table *table, const char *word, int code,
                          struct sc_error *err)
{
    int len = (int)strcspn(word, "=");
    if (code == ':')
        return sc_fail(err, SC_E_USAGE, "option '%.*s' needs a value", len, word);
    const char *space = table->command != NULL ? " " : "";
    const char *command = table->command != NULL ? table->command : "";
    if (word[0] == '-' && word[1] != '-' && word[1] != '\0')
        return sc_fail(err, SC_E_USAGE, "unknown option '-%c'; see: secretsctl help%s%s",
                       optopt != 0 ? optopt : word[1], space, command);
    if (optopt >= CODE_BASE) /* getopt knows it: what it does not want is the value */
        return sc_fail(err, SC_E_USAGE, "option '%.*s' takes no value", len, word);
    if (len > 2 && ambiguous(table, word + 2, (size_t)len - 2))
        return sc_fail(err, SC_E_USAGE, "option '%.*s' is short for several; write more of it", len,
                       word);
    struct sc_nearest nearest = {.word = word + 2, .word_len = (size_t)len - 2};
    for (size_t i = 0; len > 2 && i < table->count; i++)
        sc_nearest_offer(&nearest, table->rows[i]->name);
    if (nearest.name != NULL)
        return sc_fail(err, SC_E_USAGE, "unknown option '%.*s'; did you mean '--%s'?", len, word,
                       nearest.name);
    return sc_fail(err, SC_E_USAGE, "unknown option '%.*s'; see: secretsctl help%s%s", len, word,
                   space, command);
}

static int parse(struct table *table, int argc, char **argv, int *ret_next, struct sc_error *err)
{
    opterr = 0;
    optind = 0; /* GNU: start over, and read the leading '+' again */
    for (;;) {
        int word = optind > 0 ? optind : 1;
        int code = getopt_long(argc, argv, table->short_options, table->long_options, NULL);
        if (code == -1)
            break;
        if (code == '?' || code == ':') {
            /* getopt has moved on exactly when the word was used up. */
            int culprit = optind > word ? optind - 1 : word;
            return unknown_option(table, culprit < argc ? argv[culprit] : "-", code, err);
        }
        size_t i = index_of(table, code);
        table->given[i] = true;
        int rc = check_exclusive(table, i, err);
        if (rc == 0)
            rc = store(table->rows[i], table->values[i], optarg, err);
        if (rc < 0)
            return rc;
    }
    *ret_next = optind;
    return 0;
}

int sc_options_parse_globals(struct sc_globals *globals, int argc, char **argv, int *ret_next,
                             struct sc_error *err)
{
    struct table table = {.short_options = "+:"};
    add_rows(&table, sc_global_options, globals);
    return parse(&table, argc, argv, ret_next, err);
}

int sc_options_parse(const struct sc_command *command, struct sc_globals *globals, void *values,
                     struct sc_arguments words, int *ret_operands, struct sc_error *err)
{
    bool stop = (command->flags & SC_COMMAND_STOP_AT_OPERAND) != 0;
    struct table table = {.command = command->name, .short_options = ":"};
    if (stop)
        memcpy(table.short_options, "+:", 3);
    add_rows(&table, command->options, values);
    add_rows(&table, sc_global_options, globals);
    int next = words.count;
    int rc = parse(&table, words.count, words.items, &next, err);
    if (rc < 0)
        return rc;
    *ret_operands = next;
    if (globals->help)
        return 0;
    int count = words.count - next;
    if (count < command->min_operands)
        return sc_fail(err, SC_E_USAGE, "'%s' needs %s; see: secretsctl help %s", command->name,
                       command->operands, command->name);
    if (count > command->max_operands && command->max_operands == 0)
        return sc_fail(err, SC_E_USAGE, "'%s' takes no words", command->name);
    if (count > command->max_operands)
        return sc_fail(err, SC_E_USAGE, "'%s' takes %s and no more words", command->name,
                       command->operands);
    return 0;
}

void sc_options_done(const struct sc_command *command, void *values)
{
    for (const struct sc_option *row = command->options; row != NULL && row->name != NULL; row++) {
        if (row->kind == SC_OPTION_LIST)
            sc_strv_done((struct sc_strv *)(void *)((char *)values + row->offset));
    }
}
