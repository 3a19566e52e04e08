/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands on entries: handlers, their options, and what they share.
 */
#ifndef SC_CLI_ENTRY_ENTRY_H
#define SC_CLI_ENTRY_ENTRY_H

#include "cli/command.h"
#include "vault/vault.h"

/* Where a new value comes from, and what goes with it: options of add and rotate. */
struct sc_entry_options {
    const char *from_file;
    struct sc_option_optional generate;
    bool strip_newline;
    bool allow_empty;
    bool keep_value;
    const char *kind;
    const char *note;
    const char *expires;
    const char *owner;
    const char *mode;
    const char *reason;
    struct sc_strv labels;
};

struct sc_get_options {
    const char *version;
    bool reveal;
};

struct sc_list_options {
    const char *kind;
    const char *label;
    bool expired;
    const char *expiring;
    bool exposed;
};

struct sc_reason_options {
    const char *reason;
};

struct sc_rollback_options {
    const char *to;
    const char *reason;
};

struct sc_generate_options {
    bool words;
    bool reveal;
};

/* Reads the new value; UNSUPPORTED where nothing provides one. `count` operands: a second one is a
 * value on the command line, refused. */
int sc_entry_read_value(const struct sc_cli *cli, const struct sc_entry_options *options, int count,
                        struct sc_secret *ret, struct sc_error *err) SC_NODISCARD;

/* The number of a version, from 1 on; `what` names it in the message. */
int sc_entry_version_parse(const char *text, const char *what, uint64_t *ret,
                           struct sc_error *err) SC_NODISCARD;

/* A scope or name to list by: empty for all, and with a '/' at its end or without. */
int sc_entry_prefix_check(const char *prefix, struct sc_error *err) SC_NODISCARD;

/* Random text: that many words of five letters. */
int sc_generate_words(size_t words, struct sc_secret *ret, struct sc_error *err) SC_NODISCARD;

/* What to do where standard output is a terminal. */
enum sc_entry_print {
    SC_PRINT_REFUSE,
    SC_PRINT_PLAIN,
    SC_PRINT_SCREEN /* on the alternate screen until a key is pressed, where it has one */
};
/* Writes a value to standard output. */
int sc_entry_print_value(const struct sc_secret *value, enum sc_entry_print how,
                         struct sc_error *err) SC_NODISCARD;

const char *sc_entry_kind_name(enum sc_entry_kind kind);
int sc_entry_kind_parse(const char *name, enum sc_entry_kind *ret,
                        struct sc_error *err) SC_NODISCARD;

int sc_cmd_add(struct sc_cli *cli, const void *options, int count, char **operands,
               struct sc_error *err) SC_NODISCARD;
int sc_cmd_rotate(struct sc_cli *cli, const void *options, int count, char **operands,
                  struct sc_error *err) SC_NODISCARD;
int sc_cmd_get(struct sc_cli *cli, const void *options, int count, char **operands,
               struct sc_error *err) SC_NODISCARD;
int sc_cmd_list(struct sc_cli *cli, const void *options, int count, char **operands,
                struct sc_error *err) SC_NODISCARD;
int sc_cmd_show(struct sc_cli *cli, const void *options, int count, char **operands,
                struct sc_error *err) SC_NODISCARD;
int sc_cmd_rm(struct sc_cli *cli, const void *options, int count, char **operands,
              struct sc_error *err) SC_NODISCARD;
int sc_cmd_mv(struct sc_cli *cli, const void *options, int count, char **operands,
              struct sc_error *err) SC_NODISCARD;
int sc_cmd_history(struct sc_cli *cli, const void *options, int count, char **operands,
                   struct sc_error *err) SC_NODISCARD;
int sc_cmd_rollback(struct sc_cli *cli, const void *options, int count, char **operands,
                    struct sc_error *err) SC_NODISCARD;
int sc_cmd_generate(struct sc_cli *cli, const void *options, int count, char **operands,
                    struct sc_error *err) SC_NODISCARD;

#endif
