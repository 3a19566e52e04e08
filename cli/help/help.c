/* SPDX-License-Identifier: Apache-2.0
 *
 * Help on the terminal; see cli/help/help.h.
 */
#include "cli/help/help.h"

#include <string.h>

#include "cli/nearest.h"
#include "cli/output.h"

#include "core/banned.h"

#define HELP_MAX      ((size_t)256 * 1024)
#define OPTION_COLUMN 28

void sc_help_synopsis(struct sc_buf *out, const struct sc_command *command)
{
    sc_buf_printf(out, "secretsctl %s%s%s%s", command->name,
                  command->options != NULL ? " [OPTIONS]" : "",
                  command->operands[0] != '\0' ? " " : "", command->operands);
}

static void pad(struct sc_buf *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sc_buf_putc(out, ' ');
}

/* Appends `text` wrapped at the width, each line indented; a blank line divides paragraphs. */
static void wrap(struct sc_buf *out, const char *text, size_t indent, size_t first_column)
{
    size_t column = first_column;
    bool fresh = first_column == 0;
    while (*text != '\0') {
        if (*text == '\n') {
            sc_buf_puts(out, column > 0 ? "\n\n" : "\n");
            column = 0;
            fresh = true;
            text += strspn(text, "\n");
            continue;
        }
        size_t word = strcspn(text, " \n");
        if (!fresh && column + 1 + word > SC_HELP_WIDTH) {
            sc_buf_putc(out, '\n');
            column = 0;
            fresh = true;
        }
        if (fresh && column < indent) {
            pad(out, indent - column);
            column = indent;
        } else if (!fresh && column > first_column) {
            sc_buf_putc(out, ' ');
            column++;
        }
        sc_buf_append(out, text, word);
        column += word;
        fresh = false;
        text += word;
        text += strspn(text, " ");
    }
    sc_buf_putc(out, '\n');
}

static void render_option(struct sc_buf *out, const struct sc_option *row)
{
    struct sc_buf left = SC_BUF_INIT(256);
    if (row->letter != '\0')
        sc_buf_printf(&left, "  -%c, --%s", row->letter, row->name);
    else
        sc_buf_printf(&left, "      --%s", row->name);
    if (row->kind == SC_OPTION_OPTIONAL)
        sc_buf_printf(&left, "[=%s]", row->metavar);
    else if (row->kind != SC_OPTION_FLAG)
        sc_buf_printf(&left, " %s", row->metavar);
    size_t len = left.len;
    sc_buf_puts(out, sc_buf_text(&left));
    sc_buf_done(&left);
    if (len >= OPTION_COLUMN - 1) {
        sc_buf_putc(out, '\n');
        len = 0;
    }
    pad(out, OPTION_COLUMN - len);
    wrap(out, row->help, OPTION_COLUMN, OPTION_COLUMN);
}

static void render_options(struct sc_buf *out, const char *title, const struct sc_option *rows)
{
    if (rows == NULL)
        return;
    sc_buf_printf(out, "\n%s:\n", title);
    for (; rows->name != NULL; rows++)
        render_option(out, rows);
}

static int print(struct sc_buf *out, struct sc_error *err)
{
    int rc = sc_buf_status(out, err);
    if (rc == 0)
        sc_out_buf(out);
    return rc;
}

int sc_help_overview(struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(HELP_MAX);
    sc_buf_puts(&out,
                "usage: secretsctl [OPTIONS] COMMAND [ARGUMENTS]\n\n"
                "Takes the plaintext credentials out of Docker Compose stacks, keeps them in\n"
                "an encrypted vault, hands them to the containers as files, and proves that\n"
                "none of them is left behind.\n");
    for (const struct sc_command_group *group = sc_command_groups; group->title != NULL; group++) {
        if (sc_command_group_begins(group))
            sc_buf_printf(&out, "\n%s:\n", group->title);
        for (const struct sc_command *row = group->commands; row->name != NULL; row++) {
            if ((row->flags & SC_COMMAND_HIDDEN) == 0)
                sc_buf_printf(&out, "  %-17s %s\n", row->name, row->summary);
        }
    }
    render_options(&out, "Options of every command", sc_global_options);
    sc_buf_puts(&out, "\nMore on one command: secretsctl help COMMAND\n");
    return print(&out, err);
}

bool sc_help_example_next(const char **at, struct sc_help_example *ret)
{
    const unsigned char *line = (const unsigned char *)*at;
    size_t len = strcspn(*at, "\n");
    size_t command = strcspn(*at, "\t\n");
    size_t comment = SC_MIN(command + 1, len);
    ret->command = (struct sc_bytes){line, command};
    ret->comment = (struct sc_bytes){line + comment, len - comment};
    *at += len + ((*at)[len] == '\n');
    return len > 0;
}

static void put_line(struct sc_buf *out, const char *indent, const char *mark, struct sc_bytes text)
{
    sc_buf_puts(out, indent);
    sc_buf_puts(out, mark);
    sc_buf_append(out, text.ptr, text.len);
    sc_buf_putc(out, '\n');
}

void sc_help_put_examples(struct sc_buf *out, const char *examples, const char *indent)
{
    struct sc_help_example example;
    while (sc_help_example_next(&examples, &example)) {
        if (example.comment.len > 0)
            put_line(out, indent, "# ", example.comment);
        put_line(out, indent, "", example.command);
    }
}

int sc_help_command(const struct sc_command *command, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(HELP_MAX);
    sc_buf_puts(&out, "usage: ");
    sc_help_synopsis(&out, command);
    sc_buf_puts(&out, "\n\n");
    wrap(&out, command->description, 0, 0);
    render_options(&out, "Options", command->options);
    if (command->examples != NULL) {
        sc_buf_puts(&out, "\nExamples:\n");
        sc_help_put_examples(&out, command->examples, "  ");
    }
    sc_buf_puts(&out, "\nOptions of every command: secretsctl help\n");
    return print(&out, err);
}

/* What other programs call it. */
static const char *const synonyms[][2] = {
    {"cat", "get"},    {"create", "add"},   {"delete", "rm"},     {"edit", "rotate"},
    {"exec", "run"},   {"inspect", "show"}, {"ls", "list"},       {"move", "mv"},
    {"put", "add"},    {"read", "get"},     {"remove", "rm"},     {"rename", "mv"},
    {"scan", "audit"}, {"set", "add"},      {"update", "rotate"},
};

static const char *usual_word(const char *word)
{
    for (size_t i = 0; i < SC_ARRAY_SIZE(synonyms); i++) {
        if (sc_str_equal(synonyms[i][0], word))
            return synonyms[i][1];
    }
    return word;
}

/* The second word of the command's name when `first` is its first word, else NULL. */
static const char *second_word(const struct sc_command *row, const char *first)
{
    size_t len = strlen(first);
    bool same = (row->flags & SC_COMMAND_HIDDEN) == 0 && strncmp(row->name, first, len) == 0;
    return same && row->name[len] == ' ' ? row->name + len + 1 : NULL;
}

static int family_help(const char *first, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(HELP_MAX);
    const char *example = "";
    sc_buf_printf(&out, "usage: secretsctl %s COMMAND\n\n", first);
    for (const struct sc_command_group *group = sc_command_groups; group->title != NULL; group++) {
        for (const struct sc_command *row = group->commands; row->name != NULL; row++) {
            if (second_word(row, first) == NULL)
                continue;
            sc_buf_printf(&out, "  %-17s %s\n", row->name, row->summary);
            example = *example == '\0' ? row->name : example;
        }
    }
    sc_buf_printf(&out, "\nMore on one command: secretsctl help %s\n", example);
    return print(&out, err);
}

/* Also for 'rewrite', which is the second word of its name. `first`: NULL, or the word in front of
 * it, when that begins names of two words. */
static const char *nearest_command(const char *first, const char *word)
{
    word = usual_word(word);
    struct sc_nearest nearest = {.word = word, .word_len = strlen(word)};
    const char *found = NULL;
    const char *by_second = NULL;
    for (const struct sc_command_group *group = sc_command_groups; group->title != NULL; group++) {
        for (const struct sc_command *row = group->commands; row->name != NULL; row++) {
            const char *space = strchr(row->name, ' ');
            const char *name = first != NULL ? second_word(row, first) : row->name;
            if ((row->flags & SC_COMMAND_HIDDEN) != 0 || name == NULL)
                continue;
            if (first != NULL || space == NULL)
                sc_nearest_offer(&nearest, name);
            else if (nearest.word_len > 3 && by_second == NULL && sc_str_equal(space + 1, word))
                by_second = row->name;
            if (nearest.name == name)
                found = row->name;
        }
    }
    bool exact = found != NULL && nearest.distance == 0;
    return by_second != NULL && !exact ? by_second : found;
}

int sc_help_unknown_command(int count, char *const *words, bool help, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf subcommands = SC_BUF_INIT(256);
    for (const struct sc_command_group *group = sc_command_groups; group->title != NULL; group++) {
        for (const struct sc_command *row = group->commands; row->name != NULL; row++) {
            if (second_word(row, words[0]) != NULL)
                sc_buf_printf(&subcommands, "%s'%s'", subcommands.len > 0 ? ", " : "", row->name);
        }
    }
    bool family = subcommands.len > 0;
    bool asked = count > 1 && (sc_str_equal(words[1], "--help") || sc_str_equal(words[1], "-h"));
    if (family && (asked || (help && count == 1)))
        return family_help(words[0], err);
    /* A word that is no command may be a value typed into the wrong place: it is not repeated. */
    const char *meant = NULL;
    if (!family)
        meant = nearest_command(NULL, words[0]);
    else if (count > 1)
        meant = nearest_command(words[0], words[1]);
    if (meant != NULL)
        return sc_fail(err, SC_E_USAGE,
                       "there is no such command; did you mean '%s'? See: secretsctl help", meant);
    if (family)
        return sc_fail(err, SC_E_USAGE, "'%s' needs one of: %s", words[0],
                       sc_buf_text(&subcommands));
    return sc_fail(err, SC_E_USAGE, "there is no such command; see: secretsctl help");
}
