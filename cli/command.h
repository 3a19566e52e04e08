/* SPDX-License-Identifier: Apache-2.0
 *
 * The command table: one description drives dispatch, option parsing, help, completion, man pages
 * and docs/CLI.md. What is not in the table does not exist.
 *
 * A command is a row in the table of its group (cli/<group>/commands.c); cli/commands.c lists the
 * groups. Its options are decoded into a struct of its own by offset, so no command has globals.
 */
#ifndef SC_CLI_COMMAND_H
#define SC_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/str.h"

enum sc_option_kind {
    SC_OPTION_FLAG,     /* bool */
    SC_OPTION_TEXT,     /* const char *, NULL when not given */
    SC_OPTION_LIST,     /* struct sc_strv, one item for each time it is given */
    SC_OPTION_NUMBER,   /* struct sc_option_number */
    SC_OPTION_OPTIONAL, /* struct sc_option_optional: --generate or --generate=LEN */
};

struct sc_option_number {
    bool given;
    unsigned long long value;
};

struct sc_option_optional {
    bool given;
    const char *value; /* NULL when given without a value */
};

struct sc_option {
    const char *name;    /* long name without the dashes; NULL ends a table */
    char letter;         /* short form, or 0 */
    const char *metavar; /* NULL for a flag */
    const char *help;    /* one sentence without a full stop */
    enum sc_option_kind kind;
    size_t offset;       /* of the field in the command's options struct */
    const char *choices; /* "yaml|json": other values are refused; or NULL */
    unsigned exclusive;  /* options with the same number above 0 exclude each other */
};

/* Values that every command may be given, before or after its name. */
struct sc_globals {
    const char *vault;
    const char *identity;
    const char *key_file;
    const char *passphrase_fd;
    const char *passphrase_file;
    const char *min_seq;
    const char *max_age;
    bool allow_kdf;
    bool json;
    bool quiet;
    bool no_color;
    bool no_input;
    bool help;
    bool version;
};

/* One run of the program. */
struct sc_cli {
    struct sc_globals globals;
    int exit_status;    /* 0, or what a command that succeeds wants instead (3, a child's status) */
    int failure_status; /* status for a failed command; 0 = by the error code */
    unsigned umask;     /* as we were started with; ours is tight */
};

enum sc_command_flags {
    SC_COMMAND_HIDDEN = 1 << 0,          /* not in help, completion and documents */
    SC_COMMAND_STOP_AT_OPERAND = 1 << 1, /* options end at the first operand */
    SC_COMMAND_RUNS_ANOTHER = 1 << 2,    /* whose status it returns: its own failures are 125 */
    SC_COMMAND_PRINTS_BYTES = 1 << 3,    /* a value or a stream, no list: refuses --json */
};

#define SC_OPERANDS_ANY 100000

struct sc_command {
    const char *name;                /* "add", or two words: "slot list"; NULL ends a table */
    const char *operands;            /* for the synopsis: "NAME", "[PATH...]"; "" for none */
    const char *summary;             /* one line, at most 60 characters */
    const char *description;         /* paragraphs divided by blank lines */
    const char *examples;            /* lines of "command\tcomment", or NULL */
    const struct sc_option *options; /* or NULL */
    size_t options_size;             /* of the options struct; 0 without options */
    int min_operands, max_operands;
    unsigned flags;
    /* Returns 0 or a negative code with err set. options: the decoded struct. operands: argv-like.
     */
    int (*run)(struct sc_cli *cli, const void *options, int count, char **operands,
               struct sc_error *err);
};

struct sc_command_group {
    const char *title; /* "Entries" */
    const struct sc_command *commands;
};

/* All tables, ended by one without a title. Tables of one group follow each other. */
extern const struct sc_command_group sc_command_groups[];

/* Whether a new group begins with this table. */
bool sc_command_group_begins(const struct sc_command_group *group);

/* Options of every command. */
extern const struct sc_option sc_global_options[];

/* The command named by the first words, *ret_words telling how many; NULL if there is none. */
const struct sc_command *sc_command_find(int count, char *const *words, int *ret_words);

/* Calls fn for each command that is not hidden, in table order. */
void sc_command_each(void (*fn)(const struct sc_command *command, const char *group, void *ctx),
                     void *ctx);

#endif
