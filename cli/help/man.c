/* SPDX-License-Identifier: Apache-2.0
 *
 * Man pages from the command table, in man(7) macros.
 */
#include "cli/help/help.h"

#include <ctype.h>
#include <string.h>

#include "core/banned.h"

/* Text for roff: a leading dot or quote would be a request, a backslash an escape, and a plain '-'
 * may be shown as a hyphen that cannot be copied. */
static void put_text(struct sc_buf *out, const char *text)
{
    bool line_start = out->len > 0 && out->data[out->len - 1] == '\n';
    for (; *text != '\0'; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            sc_buf_puts(out, "\\&");
        line_start = *text == '\n';
        if (*text == '\\')
            sc_buf_puts(out, "\\e");
        else if (*text == '-')
            sc_buf_puts(out, "\\-");
        else if (*text == '\n')
            sc_buf_puts(out, "\n.PP\n");
        else
            sc_buf_putc(out, *text);
        if (*text == '\n')
            text += strspn(text, "\n") - 1;
    }
    sc_buf_putc(out, '\n');
}

static void put_option(struct sc_buf *out, const struct sc_option *row)
{
    struct sc_buf head = SC_BUF_INIT(512);
    if (row->letter != '\0')
        sc_buf_printf(&head, "-%c, ", row->letter);
    sc_buf_printf(&head, "--%s", row->name);
    if (row->kind == SC_OPTION_OPTIONAL)
        sc_buf_printf(&head, "[=%s]", row->metavar);
    else if (row->kind != SC_OPTION_FLAG)
        sc_buf_printf(&head, " %s", row->metavar);
    sc_buf_puts(out, ".TP\n.B ");
    put_text(out, sc_buf_text(&head));
    put_text(out, row->help);
    sc_buf_done(&head);
}

static void put_header(struct sc_buf *out, const char *name, const char *summary)
{
    sc_buf_puts(out, ".TH ");
    for (const char *at = name; *at != '\0'; at++)
        sc_buf_putc(out, *at == ' ' ? '-' : (char)toupper((unsigned char)*at));
    sc_buf_printf(out, " 1 \"\" \"secretsctl %s\" \"User Commands\"\n.SH NAME\n", SC_VERSION);
    for (const char *at = name; *at != '\0'; at++)
        sc_buf_putc(out, *at == ' ' ? '-' : *at);
    sc_buf_puts(out, " \\- ");
    put_text(out, summary);
}

static void put_part(struct sc_buf *out, struct sc_bytes part)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(1024);
    sc_buf_append(&text, part.ptr, part.len);
    put_text(out, sc_buf_text(&text));
}

static void put_examples(struct sc_buf *out, const char *examples)
{
    sc_buf_puts(out, ".SH EXAMPLES\n");
    struct sc_help_example example;
    while (sc_help_example_next(&examples, &example)) {
        sc_buf_puts(out, ".TP\n.B ");
        put_part(out, example.command);
        put_part(out, example.comment);
    }
}

static void put_exit_statuses(struct sc_buf *out)
{
    sc_buf_puts(out, ".SH EXIT STATUS\n");
    for (const struct sc_exit_status *row = sc_exit_statuses; row->text != NULL; row++) {
        sc_buf_printf(out, ".TP\n.B %d\n", row->status);
        put_text(out, row->text);
    }
}

static void put_variables(struct sc_buf *out)
{
    sc_buf_puts(out, ".SH ENVIRONMENT\n");
    for (const struct sc_variable *row = sc_variables; row->name != NULL; row++) {
        sc_buf_printf(out, ".TP\n.B %s\n", row->name);
        put_text(out, row->text);
    }
}

static void put_command_row(const struct sc_command *command, const char *group, void *ctx)
{
    (void)group;
    struct sc_buf *out = ctx;
    sc_buf_puts(out, ".TP\n.B ");
    put_text(out, command->name);
    put_text(out, command->summary);
}

static void render_overview(struct sc_buf *out)
{
    put_header(out, "secretsctl", "take the credentials out of Docker Compose stacks");
    sc_buf_puts(out, ".SH SYNOPSIS\n.B secretsctl\n[OPTIONS] COMMAND [ARGUMENTS]\n"
                     ".SH DESCRIPTION\n");
    put_text(out, "Takes the plaintext credentials out of Docker Compose stacks, keeps them in an "
                  "encrypted vault, hands them to the containers as files, and proves that none of "
                  "them is left behind.");
    sc_buf_puts(out, ".SH COMMANDS\n");
    sc_command_each(put_command_row, out);
    sc_buf_puts(out, ".SH OPTIONS\n");
    for (const struct sc_option *row = sc_global_options; row->name != NULL; row++)
        put_option(out, row);
    put_variables(out);
    put_exit_statuses(out);
}

void sc_help_render_man(struct sc_buf *out, const struct sc_command *command)
{
    if (command == NULL) {
        render_overview(out);
        return;
    }
    struct sc_buf name = SC_BUF_INIT(256);
    sc_buf_printf(&name, "secretsctl %s", command->name);
    put_header(out, sc_buf_text(&name), command->summary);
    sc_buf_clear(&name);
    sc_help_synopsis(&name, command);
    sc_buf_puts(out, ".SH SYNOPSIS\n");
    put_text(out, sc_buf_text(&name));
    sc_buf_done(&name);
    sc_buf_puts(out, ".SH DESCRIPTION\n");
    put_text(out, command->description);
    if (command->options != NULL)
        sc_buf_puts(out, ".SH OPTIONS\n");
    for (const struct sc_option *row = command->options; row != NULL && row->name != NULL; row++)
        put_option(out, row);
    if (command->examples != NULL)
        put_examples(out, command->examples);
    put_exit_statuses(out);
    sc_buf_puts(out, ".SH SEE ALSO\n.BR secretsctl (1)\n");
}
