/* SPDX-License-Identifier: Apache-2.0
 *
 * Completion scripts from the command table. Each script holds one case per command: its sub-words
 * and its options; operands fall back to file names.
 */
#include "cli/help/help.h"

#include <string.h>

#include "core/banned.h"

static void put_option_words(struct sc_buf *out, const struct sc_option *rows)
{
    for (; rows != NULL && rows->name != NULL; rows++)
        sc_buf_printf(out, " --%s", rows->name);
}

/* First words of all commands, each once. */
static void put_first_words(struct sc_buf *out)
{
    const char *last = "";
    for (const struct sc_command_group *group = sc_command_groups; group->title != NULL; group++) {
        for (const struct sc_command *row = group->commands; row->name != NULL; row++) {
            size_t len = strcspn(row->name, " ");
            bool repeated = strncmp(last, row->name, len) == 0 && last[len] == ' ';
            if ((row->flags & SC_COMMAND_HIDDEN) == 0 && !repeated)
                sc_buf_printf(out, " %.*s", (int)len, row->name);
            last = row->name;
        }
    }
}

static void put_bash_case(const struct sc_command *command, const char *group, void *ctx)
{
    (void)group;
    struct sc_buf *out = ctx;
    sc_buf_printf(out, "    '%s') words='", command->name);
    put_option_words(out, command->options);
    put_option_words(out, sc_global_options);
    sc_buf_puts(out, "' ;;\n");
}

static void put_bash_subwords(const struct sc_command *command, const char *group, void *ctx)
{
    (void)group;
    const char *space = strchr(command->name, ' ');
    if (space != NULL)
        sc_buf_printf(ctx, "    %.*s) subwords=\"$subwords%s\" ;;\n", (int)(space - command->name),
                      command->name, space);
}

static void render_bash(struct sc_buf *out)
{
    sc_buf_puts(out, "# bash completion for secretsctl\n"
                     "_secretsctl() {\n"
                     "  local current=${COMP_WORDS[COMP_CWORD]} first= second= words= subwords= i\n"
                     "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
                     "    case ${COMP_WORDS[i]} in\n"
                     "    -*) ;;\n"
                     "    *) if [[ -z $first ]]; then first=${COMP_WORDS[i]}\n"
                     "       elif [[ -z $second ]]; then second=${COMP_WORDS[i]}; fi ;;\n"
                     "    esac\n"
                     "  done\n"
                     "  if [[ -z $first ]]; then\n"
                     "    words='");
    put_first_words(out);
    put_option_words(out, sc_global_options);
    sc_buf_puts(out, "'\n"
                     "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
                     "    return\n"
                     "  fi\n");
    /* One case can match once only, so sub-words are collected line by line. */
    for (const struct sc_command_group *group = sc_command_groups; group->title != NULL; group++) {
        for (const struct sc_command *row = group->commands; row->name != NULL; row++) {
            struct sc_buf line = SC_BUF_INIT(512);
            put_bash_subwords(row, group->title, &line);
            if (line.len > 0)
                sc_buf_printf(out, "  case $first in\n%s  esac\n", sc_buf_text(&line));
            sc_buf_done(&line);
        }
    }
    sc_buf_puts(out, "  if [[ -n $subwords && -z $second ]]; then\n"
                     "    COMPREPLY=($(compgen -W \"$subwords\" -- \"$current\"))\n"
                     "    return\n"
                     "  fi\n"
                     "  [[ -n $subwords ]] && first=\"$first $second\"\n"
                     "  case $first in\n");
    sc_command_each(put_bash_case, out);
    sc_buf_puts(out, "  esac\n"
                     "  if [[ $current == -* ]]; then\n"
                     "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
                     "  else\n"
                     "    COMPREPLY=($(compgen -f -- \"$current\"))\n"
                     "  fi\n"
                     "}\n"
                     "complete -F _secretsctl secretsctl\n");
}

static void put_fish_option(struct sc_buf *out, const struct sc_option *row, const char *condition)
{
    sc_buf_printf(out, "complete -c secretsctl %s -l %s%s -d \"%s\"\n", condition, row->name,
                  row->kind == SC_OPTION_FLAG || row->kind == SC_OPTION_OPTIONAL ? "" : " -r",
                  row->help);
}

static void put_fish_command(const struct sc_command *command, const char *group, void *ctx)
{
    (void)group;
    struct sc_buf *out = ctx;
    const char *space = strchr(command->name, ' ');
    struct sc_buf condition = SC_BUF_INIT(512);
    if (space == NULL) {
        sc_buf_printf(out, "complete -c secretsctl -n __fish_use_subcommand -a %s -d \"%s\"\n",
                      command->name, command->summary);
        sc_buf_printf(&condition, "-n \"__fish_seen_subcommand_from %s\"", command->name);
    } else {
        int len = (int)(space - command->name);
        sc_buf_printf(out, "complete -c secretsctl -n __fish_use_subcommand -a %.*s\n", len,
                      command->name);
        sc_buf_printf(out,
                      "complete -c secretsctl -n \"__fish_seen_subcommand_from %.*s\" -a %s -d "
                      "\"%s\"\n",
                      len, command->name, space + 1, command->summary);
        sc_buf_printf(&condition,
                      "-n \"__fish_seen_subcommand_from %.*s; and "
                      "__fish_seen_subcommand_from %s\"",
                      len, command->name, space + 1);
    }
    for (const struct sc_option *row = command->options; row != NULL && row->name != NULL; row++)
        put_fish_option(out, row, sc_buf_text(&condition));
    sc_buf_done(&condition);
}

static void render_fish(struct sc_buf *out)
{
    sc_buf_puts(out, "# fish completion for secretsctl\n");
    for (const struct sc_option *row = sc_global_options; row->name != NULL; row++)
        put_fish_option(out, row, "");
    sc_command_each(put_fish_command, out);
}

void sc_help_render_completion(struct sc_buf *out, const char *shell)
{
    if (strcmp(shell, "fish") == 0) {
        render_fish(out);
        return;
    }
    if (strcmp(shell, "zsh") == 0)
        sc_buf_puts(out, "#compdef secretsctl\nautoload -U +X bashcompinit && bashcompinit\n");
    render_bash(out);
}
