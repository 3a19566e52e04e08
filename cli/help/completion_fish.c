/* SPDX-License-Identifier: Apache-2.0
 *
 * The completion script for fish: one line for each word that can be offered, with a condition.
 */
#include <string.h>

#include "cli/help/completion.h"

#include "core/banned.h"

static void put_quoted(struct sc_buf *out, const char *text)
{
    sc_buf_putc(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            sc_buf_putc(out, '\\');
        sc_buf_putc(out, *text);
    }
    sc_buf_putc(out, '\'');
}

/* "-r" takes a value, "-f" no file; "-F" files also where the command takes none. */
static void put_option(struct sc_buf *out, const struct sc_option *row, const char *condition)
{
    sc_buf_printf(out, "complete -c secretsctl%s -l %s", condition, row->name);
    if (row->letter != '\0')
        sc_buf_printf(out, " -s %c", row->letter);
    if (sc_completion_takes_word(row)) {
        switch (sc_completion_of_value(row)) {
        case SC_COMPLETE_FILES:
            sc_buf_puts(out, " -rF");
            break;
        case SC_COMPLETE_FOLDERS:
            sc_buf_puts(out, " -xa '(__fish_complete_directories)'");
            break;
        case SC_COMPLETE_WORDS:
            sc_buf_puts(out, " -xa '");
            sc_completion_put_words(out, row->choices);
            sc_buf_puts(out, "'");
            break;
        default:
            sc_buf_puts(out, " -x");
            break;
        }
    }
    sc_buf_puts(out, " -d ");
    put_quoted(out, row->help);
    sc_buf_putc(out, '\n');
}

static void put_operands(struct sc_buf *out, const struct sc_command *command,
                         const char *condition)
{
    const char *words = NULL, *offers = "";
    switch (sc_completion_of_operands(command, &words)) {
    case SC_COMPLETE_FILES:
        offers = " -F";
        break;
    case SC_COMPLETE_FOLDERS:
        offers = " -a '(__fish_complete_directories)'";
        break;
    case SC_COMPLETE_NAMES:
        offers = " -a '(secretsctl --no-input list 2>/dev/null | cut -f 1)'";
        break;
    case SC_COMPLETE_RULES:
        offers = " -a '(secretsctl explain 2>/dev/null | string replace -r "
                 "\"\\t[^\\t]*\\t[^\\t]*\\t\" \"\\t\")'";
        break;
    case SC_COMPLETE_PROGRAMS:
        offers = " -a '(complete -C (commandline -ct))' -F";
        break;
    case SC_COMPLETE_COMMANDS:
        offers = " -a '(__secretsctl_words)'";
        break;
    case SC_COMPLETE_WORDS:
        sc_buf_printf(out, "complete -c secretsctl%s -a '", condition);
        sc_completion_put_words(out, words);
        sc_buf_puts(out, strcmp(command->name, "verify") == 0 ? "' -F\n" : "'\n");
        return;
    default:
        return;
    }
    sc_buf_printf(out, "complete -c secretsctl%s%s\n", condition, offers);
}

static void put_command(const struct sc_command *command, const char *group, void *ctx)
{
    (void)group;
    struct sc_buf *out = ctx;
    SC_CLEANUP(sc_buf_done) struct sc_buf condition = SC_BUF_INIT(256);
    sc_buf_printf(&condition, " -n '__secretsctl_is %s'", command->name);
    const char *text = sc_buf_text(&condition);
    put_operands(out, command, text);
    for (const struct sc_option *row = command->options; row != NULL && row->name != NULL; row++)
        put_option(out, row, text);
}

/* The word that comes next: a command, or its second word. */
static void put_next_word(const struct sc_command *command, const char *group, void *ctx)
{
    (void)group;
    struct sc_buf *out = ctx;
    const char *space = strchr(command->name, ' ');
    int first = space != NULL ? (int)(space - command->name) : 0;
    sc_buf_printf(out, "complete -c secretsctl -n '__secretsctl_is %.*s' -a %s -d ", first,
                  command->name, space != NULL ? space + 1 : command->name);
    put_quoted(out, command->summary);
    sc_buf_putc(out, '\n');
}

/* Behind 'help slot' come its second words, and no other command. */
static void put_second_words(const struct sc_command *command, const char *group, void *ctx)
{
    (void)group;
    struct sc_buf *out = ctx;
    const char *space = strchr(command->name, ' ');
    if (space != NULL)
        sc_buf_printf(out, "    test \"$last\" = %.*s; and set -a words %s\n",
                      (int)(space - command->name), command->name, space + 1);
}

static void put_values(struct sc_buf *out, const struct sc_option *rows)
{
    for (; rows != NULL && rows->name != NULL; rows++) {
        if (!sc_completion_takes_word(rows))
            continue;
        sc_buf_printf(out, " --%s", rows->name);
        if (rows->letter != '\0')
            sc_buf_printf(out, " -%c", rows->letter);
    }
}

static void put_first_words(struct sc_buf *out)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf firsts = SC_BUF_INIT(4096);
    sc_completion_put_commands(&firsts, true);
    for (const char *at = sc_buf_text(&firsts); *at != '\0';) {
        at += strspn(at, " ");
        int len = (int)strcspn(at, " ");
        sc_buf_printf(out, "complete -c secretsctl -n '__secretsctl_is' -a %.*s\n", len, at);
        at += len;
    }
}

void sc_completion_render_fish(struct sc_buf *out)
{
    sc_buf_puts(
        out,
        "# fish completion for secretsctl\n\n"
        "# The command that stands on the line, one word or two, past options in front of it.\n"
        "function __secretsctl_command\n"
        "    set -l tokens (commandline -opc)\n"
        "    set -l name\n"
        "    set -e tokens[1]\n"
        "    while set -q tokens[1]\n"
        "        switch $tokens[1]\n"
        "            case");
    put_values(out, sc_global_options);
    sc_buf_puts(out, "\n"
                     "                set -e tokens[1]\n"
                     "            case '-*'\n"
                     "            case '*'\n"
                     "                set -a name $tokens[1]\n"
                     "                if test (count $name) -eq 2; or not contains -- $tokens[1]");
    sc_completion_put_commands(out, true);
    sc_buf_puts(out, "\n"
                     "                    break\n"
                     "                end\n"
                     "        end\n"
                     "        set -e tokens[1]\n"
                     "    end\n"
                     "    echo \"$name\"\n"
                     "end\n\n"
                     "function __secretsctl_is\n"
                     "    test (__secretsctl_command) = \"$argv\"\n"
                     "end\n\n"
                     "function __secretsctl_words\n"
                     "    set -l words\n"
                     "    set -l last (commandline -opc)[-1]\n");
    sc_command_each(put_second_words, out);
    sc_buf_puts(out, "    set -q words[1]; or set words");
    sc_completion_put_commands(out, false);
    sc_buf_puts(out, "\n    printf '%s\\n' $words\nend\n\ncomplete -c secretsctl -f\n");
    for (const struct sc_option *row = sc_global_options; row->name != NULL; row++)
        put_option(out, row, "");
    put_first_words(out);
    sc_command_each(put_next_word, out);
    sc_command_each(put_command, out);
}
