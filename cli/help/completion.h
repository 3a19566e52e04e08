/* SPDX-License-Identifier: Apache-2.0
 *
 * What the completion scripts of all shells have in common.
 */
#ifndef SC_CLI_HELP_COMPLETION_H
#define SC_CLI_HELP_COMPLETION_H

#include "cli/command.h"
#include "core/buf.h"

/* What a word of the command line is, as far as a shell can offer some. */
enum sc_completion {
    SC_COMPLETE_NOTHING, /* a text nobody can guess */
    SC_COMPLETE_FILES,
    SC_COMPLETE_FOLDERS,
    SC_COMPLETE_NAMES,    /* entries of the vault */
    SC_COMPLETE_RULES,    /* of audit */
    SC_COMPLETE_PROGRAMS, /* then whatever they take */
    SC_COMPLETE_COMMANDS, /* of this program */
    SC_COMPLETE_WORDS,    /* of a list */
};

/* The value of an option; NOTHING for a flag too. */
enum sc_completion sc_completion_of_value(const struct sc_option *row);
/* The operands of a command, and of WORDS their list ("a|b"). */
enum sc_completion sc_completion_of_operands(const struct sc_command *command,
                                             const char **ret_words);

/* Whether an option's value may be the next word. */
bool sc_completion_takes_word(const struct sc_option *row);

/* Appends the words of "a|b", each behind a blank. */
void sc_completion_put_words(struct sc_buf *out, const char *words);

/* First words of all commands, or of those with a second word, each once, each behind a blank. */
void sc_completion_put_commands(struct sc_buf *out, bool with_second);

void sc_completion_render_fish(struct sc_buf *out);

#endif
