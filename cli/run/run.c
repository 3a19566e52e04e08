/* SPDX-License-Identifier: Apache-2.0
 *
 * run: values as files or variables for one child, and masked in what it prints.
 */
#include "cli/run/run.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/output.h"
#include "core/json.h"
#include "core/parse.h"

#include "core/banned.h"

#define MASK_TEXT    "***"
#define DOCUMENT_MAX ((size_t)16 * 1024 * 1024)
/* A runner masks every line it is told, however short: words would blacken the log. */
#define CI_LINE_MIN ((size_t)4)
/* Of a variable that --set or --env-file names: longer ones are cut in a plan. */
#define VARIABLE_SIZE 512

/* NAME or NAME_FILE, as the command will see it. */
static void variable_name(const struct sc_run_value *item, bool files, char out[VARIABLE_SIZE])
{
    snprintf(out, VARIABLE_SIZE, "%.*s%s", VARIABLE_SIZE - 6, item->variable,
             files && !item->text ? "_FILE" : "");
}

static void write_plan(struct sc_json *json, const struct sc_run_values *values, bool files)
{
    sc_json_object_begin(json);
    sc_json_pair_int(json, "version", 1);
    sc_json_pair_string(json, "mode", files ? "files" : "env");
    sc_json_key(json, "variables");
    sc_json_array_begin(json);
    for (size_t i = 0; i < values->count; i++) {
        const struct sc_run_value *item = &values->items[i];
        char variable[VARIABLE_SIZE];
        if (item->variable == NULL)
            continue;
        variable_name(item, files, variable);
        sc_json_object_begin(json);
        sc_json_pair_string(json, "variable", variable);
        sc_json_pair_string(json, "entry", item->text ? NULL : item->name);
        sc_json_pair_bool(json, "masked", !item->open);
        sc_json_object_end(json);
    }
    sc_json_array_end(json);
    sc_json_object_end(json);
}

static int print_plan(const struct sc_cli *cli, const struct sc_run_values *values, bool files,
                      struct sc_error *err)
{
    for (size_t i = 0; !cli->globals.json && i < values->count; i++) {
        char variable[VARIABLE_SIZE];
        if (values->items[i].variable == NULL)
            continue;
        variable_name(&values->items[i], files, variable);
        sc_out("%s\t%s\n", variable, values->items[i].name);
    }
    if (!cli->globals.json)
        return 0;
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(DOCUMENT_MAX);
    struct sc_json json;
    sc_json_init(&json, &out);
    write_plan(&json, values, files);
    sc_buf_putc(&out, '\n');
    int rc = sc_buf_status(&out, err);
    if (rc == 0)
        sc_out_buf(&out);
    return rc;
}

/* One line of a value as the runner's command; '%' is escaped, line ends are not in it. */
static int put_mask_command(struct sc_bytes line, struct sc_secret *out, struct sc_error *err)
{
    int rc = sc_secret_append(out, "::add-mask::", 12, err);
    for (size_t i = 0; rc == 0 && i < line.len; i++)
        rc = line.ptr[i] == '%' ? sc_secret_append(out, "%25", 3, err)
                                : sc_secret_append(out, &line.ptr[i], 1, err);
    return rc < 0 ? rc : sc_secret_append(out, "\n", 1, err);
}

static int add_masks(struct sc_bytes value, struct sc_secret *out, struct sc_error *err)
{
    int rc = 0;
    for (size_t at = 0; rc == 0 && at < value.len;) {
        size_t end = at;
        while (end < value.len && value.ptr[end] != '\n' && value.ptr[end] != '\r')
            end++;
        if (end - at >= CI_LINE_MIN)
            rc = put_mask_command((struct sc_bytes){value.ptr + at, end - at}, out, err);
        at = end + 1;
    }
    return rc;
}

/* The runner's own mask. Anything else that reads these lines would print the values, so all of it
 * has to say that it is the runner. */
static int tell_runner(const struct sc_run_values *values, struct sc_error *err)
{
    bool runner = sc_str_equal(sc_env("GITHUB_ACTIONS"), "true") &&
                  sc_env("GITHUB_RUN_ID") != NULL && !isatty(STDOUT_FILENO);
    if (!runner)
        return sc_fail(err, SC_E_UNSUPPORTED,
                       "--ci-mask=github prints values for the runner to mask, and this is not one "
                       "(GITHUB_ACTIONS, GITHUB_RUN_ID, standard output not a terminal)");
    SC_CLEANUP(sc_secret_done) struct sc_secret out = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < values->count; i++)
        if (!values->items[i].open)
            rc = add_masks(sc_secret_view(&values->items[i].value), &out, err);
    return rc < 0 ? rc : sc_secret_write_fd(&out, STDOUT_FILENO, err);
}

/* Everything is ready; from here the child decides the status. `child` comes with what is known. */
static int run_ready(const struct sc_run_options *opt, struct sc_run_values *values,
                     struct sc_run_child *child, struct sc_run_end *ret, struct sc_error *err)
{
    struct sc_run_place place = SC_RUN_PLACE_INIT;
    struct sc_run_environment environment = {0};
    enum sc_run_where where = opt->private ? SC_RUN_PRIVATE
                              : opt->memfd ? SC_RUN_MEMFD
                                           : SC_RUN_SHARED;
    int rc = opt->env ? 0 : sc_run_place_make(where, opt->dir, values, &place, err);
    if (rc == 0)
        rc = sc_run_environment_make(values, opt->clean_env, &environment, err);
    if (rc == 0 && opt->ci_mask != NULL)
        rc = tell_runner(values, err);
    sc_run_values_done(values); /* only patterns stay */
    if (rc == 0) {
        child->environment = &environment;
        child->keep_first = place.first_fd;
        child->keep_count = place.fd_count;
        rc = sc_run_child(child, ret, err);
    }
    sc_run_environment_done(&environment);
    sc_run_place_done(&place);
    return rc;
}

int sc_cmd_run(struct sc_cli *cli, const void *options, int count, char **operands,
               struct sc_error *err)
{
    const struct sc_run_options *opt = options;
    const struct sc_run_choice choice = {&opt->scopes, &opt->only, &opt->set, &opt->env_files,
                                         true};
    struct sc_run_values values = {0};
    struct sc_mask_patterns patterns = {0};
    struct sc_run_end end = {.status = cli->failure_status};
    int rc = 0;
    if (count == 0 && !opt->dry_run)
        rc = sc_fail(err, SC_E_USAGE, "'run' needs a command; see: secretsctl help run");
    else if (cli->globals.json && !opt->dry_run)
        rc = sc_fail(err, SC_E_USAGE,
                     "--json goes with --dry-run: without it the output is the command's own");
    else
        rc = sc_run_values_read(cli, &choice, &values, err);
    if (rc == 0 && values.due > 0)
        sc_note_due(cli, values.items[values.due_first].name, values.due);
    if (rc == 0 && opt->dry_run) {
        rc = print_plan(cli, &values, !opt->env, err);
        sc_run_values_done(&values);
        return rc;
    }
    if (rc == 0 && !opt->no_mask)
        rc = sc_run_patterns(cli, &values, &patterns, err);
    struct sc_run_child child = {
        .argv = operands,
        .umask = cli->umask,
        .patterns = opt->no_mask ? NULL : &patterns,
        .mask_text = opt->mask_with != NULL ? opt->mask_with : MASK_TEXT,
    };
    if (rc == 0)
        rc = run_ready(opt, &values, &child, &end, err);
    sc_mask_patterns_done(&patterns);
    sc_run_values_done(&values);
    if (rc == 0 && end.left)
        sc_note(cli,
                "what '%s' left running still had its output; what it prints from now on is lost",
                operands[0]);
    if (rc < 0)
        cli->failure_status = end.status;
    else
        cli->exit_status = end.status;
    return rc;
}
