/* SPDX-License-Identifier: Apache-2.0
 *
 * Completion scripts from the command table: what the words are, and the scripts for bash and zsh,
 * which share the functions that read the command line up to the cursor. Those leave in `takes`
 * what the word under the cursor is, and in `offers` the words there are for it.
 */
#include "cli/help/completion.h"
#include "cli/help/help.h"

#include <stdint.h>
#include <string.h>

#include "core/banned.h"

/* ---- what the words are ---- */

struct meaning {
    const char *metavar;
    enum sc_completion what;
    const char *words;
};

static enum sc_completion look_up(const struct meaning *table, const char *metavar,
                                  const char **ret_words)
{
    for (; table->metavar != NULL; table++) {
        if (strcmp(table->metavar, metavar) != 0)
            continue;
        *ret_words = table->words;
        return table->what;
    }
    return SC_COMPLETE_NOTHING;
}

enum sc_completion sc_completion_of_value(const struct sc_option *row)
{
    static const struct meaning values[] = {
        {"FILE", SC_COMPLETE_FILES, NULL},        {"PATH", SC_COMPLETE_FILES, NULL},
        {"[NAME=]FILE", SC_COMPLETE_FILES, NULL}, {"SOCKET", SC_COMPLETE_FILES, NULL},
        {"DIR", SC_COMPLETE_FOLDERS, NULL},       {NULL, SC_COMPLETE_NOTHING, NULL},
    };
    const char *words = NULL;
    if (row->kind == SC_OPTION_FLAG)
        return SC_COMPLETE_NOTHING;
    return row->choices != NULL ? SC_COMPLETE_WORDS : look_up(values, row->metavar, &words);
}

enum sc_completion sc_completion_of_operands(const struct sc_command *command,
                                             const char **ret_words)
{
    static const struct meaning operands[] = {
        {"FILE", SC_COMPLETE_FILES, NULL},
        {"SOURCE", SC_COMPLETE_FILES, NULL},
        {"TEMPLATE", SC_COMPLETE_FILES, NULL},
        {"[PATH...]", SC_COMPLETE_FILES, NULL},
        {"DIR", SC_COMPLETE_FOLDERS, NULL},
        {"[DIR]", SC_COMPLETE_FOLDERS, NULL},
        {"NAME", SC_COMPLETE_NAMES, NULL},
        {"NAME...", SC_COMPLETE_NAMES, NULL},
        {"[NAME]", SC_COMPLETE_NAMES, NULL},
        {"NAME NEW-NAME", SC_COMPLETE_NAMES, NULL},
        {"[PREFIX]", SC_COMPLETE_NAMES, NULL},
        {"[RULE]", SC_COMPLETE_RULES, NULL},
        {"[COMMAND...]", SC_COMPLETE_COMMANDS, NULL},
        {"[--] COMMAND [ARG...]", SC_COMPLETE_PROGRAMS, NULL},
        {"SHELL", SC_COMPLETE_WORDS, "bash|zsh|fish"},
        {"[WHAT [NAME...]]...", SC_COMPLETE_WORDS,
         "env|config|container|image|log|volume|git|path"},
        {NULL, SC_COMPLETE_NOTHING, NULL},
    };
    *ret_words = NULL;
    return look_up(operands, command->operands, ret_words);
}

bool sc_completion_takes_word(const struct sc_option *row)
{
    return row->kind != SC_OPTION_FLAG && row->kind != SC_OPTION_OPTIONAL;
}

void sc_completion_put_words(struct sc_buf *out, const char *words)
{
    while (*words != '\0') {
        size_t len = strcspn(words, "|");
        sc_buf_printf(out, " %.*s", (int)len, words);
        words += len + (words[len] == '|');
    }
}

void sc_completion_put_commands(struct sc_buf *out, bool with_second)
{
    const char *last = "";
    for (const struct sc_command_group *group = sc_command_groups; group->title != NULL; group++) {
        for (const struct sc_command *row = group->commands; row->name != NULL; row++) {
            size_t len = strcspn(row->name, " ");
            bool repeated = strncmp(last, row->name, len) == 0 && last[len] == ' ';
            bool wanted = (row->flags & SC_COMMAND_HIDDEN) == 0 && !repeated;
            if (wanted && (!with_second || row->name[len] == ' '))
                sc_buf_printf(out, " %.*s", (int)len, row->name);
            last = row->name;
        }
    }
}

/* ---- bash and zsh ---- */

/* How zsh shows what a word is for. */
struct script {
    struct sc_buf *out;
    bool zsh;
};

static const char *name_of(enum sc_completion what)
{
    static const char *const names[] = {
        [SC_COMPLETE_NOTHING] = "nothing",   [SC_COMPLETE_FILES] = "files",
        [SC_COMPLETE_FOLDERS] = "folders",   [SC_COMPLETE_NAMES] = "names",
        [SC_COMPLETE_RULES] = "rules",       [SC_COMPLETE_PROGRAMS] = "programs",
        [SC_COMPLETE_COMMANDS] = "commands", [SC_COMPLETE_WORDS] = "words",
    };
    return names[what];
}

/* A word of `offers`; zsh shows the text behind the colon. */
static void put_offer(const struct script *script, const char *dashes, const char *name,
                      const char *text)
{
    sc_buf_printf(script->out, " '%s%s", dashes, name);
    for (const char *at = text; script->zsh && *at != '\0'; at++) {
        if (at == text)
            sc_buf_putc(script->out, ':');
        if (*at == '\'')
            sc_buf_puts(script->out, "'\\''");
        else
            sc_buf_putc(script->out, *at);
    }
    sc_buf_putc(script->out, '\'');
}

static void put_options(const struct script *script, const struct sc_option *rows)
{
    for (; rows != NULL && rows->name != NULL; rows++)
        put_offer(script, "--", rows->name, rows->help);
}

static void put_value_case(struct sc_buf *out, const char *command, const struct sc_option *row,
                           const char *dashes, const char *name)
{
    enum sc_completion what = sc_completion_of_value(row);
    sc_buf_printf(out, "  '%s%s%s%s') takes=%s", command, command[0] != '\0' ? " " : "", dashes,
                  name, name_of(what));
    if (what == SC_COMPLETE_WORDS) {
        sc_buf_puts(out, " offers=(");
        sc_completion_put_words(out, row->choices);
        sc_buf_puts(out, ")");
    }
    sc_buf_puts(out, " ;;\n");
}

static void put_value_cases(struct sc_buf *out, const char *command, const struct sc_option *rows)
{
    for (; rows != NULL && rows->name != NULL; rows++) {
        if (!sc_completion_takes_word(rows))
            continue;
        put_value_case(out, command, rows, "--", rows->name);
        if (rows->letter != '\0')
            put_value_case(out, command, rows, "-", (const char[]){rows->letter, '\0'});
    }
}

static void put_command_values(const struct sc_command *command, const char *group, void *ctx)
{
    (void)group;
    put_value_cases(ctx, command->name, command->options);
}

static void put_command_options(const struct sc_command *command, const char *group, void *ctx)
{
    (void)group;
    const struct script *script = ctx;
    if (command->options == NULL)
        return;
    sc_buf_printf(script->out, "  '%s') offers+=(", command->name);
    put_options(script, command->options);
    sc_buf_puts(script->out, ") ;;\n");
}

static void put_command_operands(const struct sc_command *command, const char *group, void *ctx)
{
    (void)group;
    struct sc_buf *out = ctx;
    const char *words = NULL;
    enum sc_completion what = sc_completion_of_operands(command, &words);
    if (what == SC_COMPLETE_NOTHING)
        return;
    sc_buf_printf(out, "  '%s') takes=%s", command->name, name_of(what));
    if (words != NULL) {
        sc_buf_puts(out, " offers=(");
        sc_completion_put_words(out, words);
        sc_buf_puts(out, ")");
    }
    sc_buf_puts(out, " ;;\n");
}

/* ctx: the first word of those that are wanted, behind the script. */
struct second_words {
    struct script script;
    const char *first;
    size_t len;
};

static void put_second_word(const struct sc_command *command, const char *group, void *ctx)
{
    (void)group;
    const struct second_words *wanted = ctx;
    if (strncmp(command->name, wanted->first, wanted->len) == 0 &&
        command->name[wanted->len] == ' ')
        put_offer(&wanted->script, "", command->name + wanted->len + 1, command->summary);
}

static void put_first_word(const struct sc_command *command, const char *group, void *ctx)
{
    (void)group;
    const struct script *script = ctx;
    if (strchr(command->name, ' ') == NULL)
        put_offer(script, "", command->name, command->summary);
}

/* The words that commands are made of: all first ones, and the second ones of a first. */
static void put_commands(const struct script *script)
{
    struct sc_buf *out = script->out;
    SC_CLEANUP(sc_buf_done) struct sc_buf firsts = SC_BUF_INIT(4096);
    sc_completion_put_commands(&firsts, true);
    sc_buf_puts(out, "_secretsctl_commands() {\n  case $1 in\n");
    for (const char *at = sc_buf_text(&firsts); *at != '\0';) {
        at += strspn(at, " ");
        struct second_words wanted = {*script, at, strcspn(at, " ")};
        sc_buf_printf(out, "  '%.*s') offers=(", (int)wanted.len, at);
        sc_command_each(put_second_word, &wanted);
        sc_buf_puts(out, ") ;;\n");
        at += wanted.len;
    }
    sc_buf_puts(out, "  *) offers=(");
    sc_buf_puts(out, sc_buf_text(&firsts));
    sc_command_each(put_first_word, (void *)(uintptr_t)script);
    sc_buf_puts(out, ") ;;\n  esac\n}\n\n");
}

static void put_tables(const struct script *script)
{
    struct sc_buf *out = script->out;
    sc_buf_puts(out, "# What the value of option $1 is; empty without one.\n"
                     "_secretsctl_value() {\n  takes=\n  case $1 in\n");
    put_value_cases(out, "", sc_global_options);
    sc_buf_puts(out, "  esac\n  case \"$command $1\" in\n");
    sc_command_each(put_command_values, out);
    sc_buf_puts(out, "  esac\n}\n\n"
                     "_secretsctl_options() {\n  takes=options\n  offers=(");
    put_options(script, sc_global_options);
    sc_buf_puts(out, ")\n  case $command in\n");
    sc_command_each(put_command_options, (void *)(uintptr_t)script);
    sc_buf_puts(out, "  esac\n}\n\n"
                     "_secretsctl_operands() {\n  takes=nothing\n  case $command in\n");
    sc_command_each(put_command_operands, out);
    sc_buf_puts(out, "  esac\n}\n\n");
    put_commands(script);
}

/* Reads line[1] to line[at - 1]; line[at] up to the cursor is in current. The value of an option
 * is no command, '=' stands alone in bash, and what 'run' runs has its own options. */
static void put_reader(const struct script *script)
{
    sc_buf_puts(script->out, "_secretsctl_read() {\n");
    if (script->zsh)
        sc_buf_puts(script->out, "  setopt localoptions ksharrays\n");
    sc_buf_puts(script->out, "  local i word pending= ended= seconds=' ");
    sc_completion_put_commands(script->out, true);
    sc_buf_puts(
        script->out,
        " ' operands=0\n"
        "  command= takes= offers=()\n"
        "  for ((i = 1; i < at; i++)); do\n"
        "    word=${line[i]}\n"
        "    if [[ $word == '=' ]]; then continue; fi\n"
        "    if [[ -n $pending ]]; then pending=; continue; fi\n"
        "    if [[ -z $ended && $word == '--' ]]; then ended=1; continue; fi\n"
        "    if [[ -z $ended && $word == -* ]]; then\n"
        "      [[ $word == *=* ]] || { _secretsctl_value \"$word\"; pending=$takes; }\n"
        "    elif [[ -z $command ]]; then command=$word\n"
        "    elif [[ $seconds == *\" $command \"* ]]; then command=\"$command $word\"\n"
        "    else operands=$((operands + 1)); [[ $command == run ]] && ended=1\n"
        "    fi\n"
        "  done\n"
        "  if [[ -n $pending ]]; then takes=$pending; return; fi\n"
        "  offers=()\n"
        "  if [[ -z $ended && $current == --*=* ]]; then _secretsctl_value \"${current%%=*}\"\n"
        "  elif [[ -z $ended && $current == -* ]]; then _secretsctl_options\n"
        "  elif [[ -z $command || $seconds == *\" $command \"* ]]; then\n"
        "    takes=commands; _secretsctl_commands \"$command\"\n"
        "  else\n"
        "    _secretsctl_operands\n"
        "    if [[ $takes == commands ]]; then _secretsctl_commands \"${line[at - 1]}\"; fi\n"
        "    if [[ $takes == programs && $operands -gt 0 ]]; then takes=files; fi\n"
        "    if [[ $command == verify && $operands -gt 0 ]]; then takes=both; fi\n"
        "  fi\n"
        "}\n\n");
}

static void render_bash(struct sc_buf *out)
{
    const struct script script = {out, false};
    sc_buf_puts(out, "# bash completion for secretsctl\n\n");
    put_tables(&script);
    put_reader(&script);
    sc_buf_puts(
        out,
        "_secretsctl() {\n"
        "  local line=(\"${COMP_WORDS[@]}\") at=$COMP_CWORD current=${COMP_WORDS[COMP_CWORD]}\n"
        "  local command takes offers\n"
        "  [[ $current == '=' ]] && current=\n"
        "  _secretsctl_read\n"
        "  case $takes in\n"
        "  names) offers=($(\"${line[0]}\" --no-input list 2>/dev/null | cut -f 1)) ;;\n"
        "  rules) offers=($(\"${line[0]}\" explain 2>/dev/null | cut -f 1)) ;;\n"
        "  esac\n"
        "  mapfile -t COMPREPLY < <(\n"
        "    case $takes in\n"
        "    files) compgen -f -- \"$current\" ;;\n"
        "    folders) compgen -d -- \"$current\" ;;\n"
        "    programs) compgen -c -- \"$current\" ;;\n"
        "    both) compgen -W \"${offers[*]}\" -- \"$current\"; compgen -f -- \"$current\" ;;\n"
        "    *) compgen -W \"${offers[*]}\" -- \"$current\" ;;\n"
        "    esac)\n"
        "  case $takes in files|folders|both) compopt -o filenames 2>/dev/null ;; esac\n"
        "}\n"
        "complete -F _secretsctl secretsctl\n");
}

static void render_zsh(struct sc_buf *out)
{
    const struct script script = {out, true};
    sc_buf_puts(out, "#compdef secretsctl\n\n");
    put_tables(&script);
    put_reader(&script);
    sc_buf_puts(
        out,
        "_secretsctl() {\n"
        "  local command takes current=$PREFIX at=$((CURRENT - 1))\n"
        "  local -a line offers\n"
        "  line=(\"${words[@]}\")\n"
        "  _secretsctl_read\n"
        "  [[ $current == --*=* ]] && compset -P '*='\n"
        "  case $takes in\n"
        "  names) offers=(${(f)\"$(\"${words[1]}\" --no-input list 2>/dev/null | cut -f 1)\"}) ;;\n"
        "  rules) offers=(${(f)\"$(\"${words[1]}\" explain 2>/dev/null | cut -f 1)\"}) ;;\n"
        "  esac\n"
        "  case $takes in\n"
        "  files) _files ;;\n"
        "  folders) _files -/ ;;\n"
        "  programs) _command_names -e ;;\n"
        "  both) compadd -a offers; _files ;;\n"
        "  options) _describe -o option offers ;;\n"
        "  commands) _describe command offers ;;\n"
        "  nothing) ;;\n"
        "  *) compadd -a offers ;;\n"
        "  esac\n"
        "}\n\n"
        "if [[ ${funcstack[1]} == _secretsctl ]]; then _secretsctl \"$@\"\n"
        "else compdef _secretsctl secretsctl; fi\n");
}

void sc_help_render_completion(struct sc_buf *out, const char *shell)
{
    if (strcmp(shell, "fish") == 0)
        sc_completion_render_fish(out);
    else if (strcmp(shell, "zsh") == 0)
        render_zsh(out);
    else
        render_bash(out);
}
