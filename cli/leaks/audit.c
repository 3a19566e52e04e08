/* SPDX-License-Identifier: Apache-2.0
 *
 * `audit`: options, progress, the choice of report, the exit status.
 */
#include "cli/leaks/audit.h"

#include <stdio.h>
#include <unistd.h>

#include "audit/report/baseline.h"
#include "audit/report/report.h"
#include "cli/output.h"
#include "core/fsutil.h"
#include "core/parse.h"

#include "core/banned.h"

#define FIELD(name) offsetof(struct sc_audit_cli_options, name)

const struct sc_option sc_audit_cli_options[] = {
    {"format", 0, "FORMAT", "text (default), json, sarif, junit, github or html", SC_OPTION_TEXT,
     FIELD(format), "text|json|sarif|junit|github|html", 0},
    {"fail-on", 0, "SEVERITY", "exit status 3 from this on: low, medium (default), high or never",
     SC_OPTION_TEXT, FIELD(fail_on), "low|medium|high|never", 0},
    {"fingerprint-key", 0, "FILE", "key of the fingerprints, created if missing", SC_OPTION_TEXT,
     FIELD(fingerprint_key), NULL, 0},
    {"baseline", 0, "FILE", "leave out findings that this baseline knows", SC_OPTION_TEXT,
     FIELD(baseline), NULL, 1},
    {"write-baseline", 0, "FILE", "write all findings into a baseline, and pass", SC_OPTION_TEXT,
     FIELD(write_baseline), NULL, 1},
    {"threads", 0, "N", "threads to use", SC_OPTION_NUMBER, FIELD(threads), NULL, 0},
    {"history", 0, NULL, "look at every blob of the git history, too", SC_OPTION_FLAG,
     FIELD(history), NULL, 2},
    {"staged", 0, NULL, "look at what is staged in git for the next commit, only", SC_OPTION_FLAG,
     FIELD(staged), NULL, 2},
    {"archives", 0, NULL, "look into archives and compressed files", SC_OPTION_FLAG,
     FIELD(archives), NULL, 0},
    {"no-ignore", 0, NULL, "report what marks and ignore files suppress", SC_OPTION_FLAG,
     FIELD(no_ignore), NULL, 0},
    {0},
};

static void show_progress(void *ctx, size_t files, uint64_t bytes)
{
    (void)ctx;
    fprintf(stderr, "\r%zu files, %llu MB ", files, (unsigned long long)(bytes / 1000000));
}

/* Where the key of fingerprints lies if nobody says: the user's state folder, so that reports of
 * one user agree from run to run. */
static char *default_key_path(struct sc_error *err)
{
    const char *state = sc_env_directory("XDG_STATE_HOME");
    if (state != NULL)
        return sc_path_join(state, "secretsctl/audit.key", err);
    const char *home = sc_env_directory("HOME");
    return home == NULL ? NULL : sc_path_join(home, ".local/state/secretsctl/audit.key", err);
}

static int load_key(struct sc_cli *cli, const struct sc_audit_cli_options *options,
                    struct sc_fingerprint_key *ret, struct sc_error *err)
{
    if (options->fingerprint_key != NULL)
        return sc_fingerprint_key_load(options->fingerprint_key, ret, err);
    struct sc_error cause = {0};
    SC_CLEANUP(sc_str_freep) char *path = default_key_path(&cause);
    if (path != NULL && sc_fingerprint_key_load(path, ret, &cause) == 0)
        return 0;
    sc_note(cli, "fingerprints are good for this run only: %s",
            path == NULL ? "no home folder" : sc_error_message(&cause));
    return sc_fingerprint_key_make(ret, err);
}

static int print_report(const struct sc_cli *cli, const char *format,
                        const struct sc_audit_result *result, struct sc_error *err)
{
    if (sc_str_equal(format, "text")) {
        sc_leaks_print_text(cli, result);
        return 0;
    }
    static const struct {
        const char *format;
        void (*render)(const struct sc_audit_result *result, struct sc_buf *out);
    } reports[] = {
        {"json", sc_report_json},     {"sarif", sc_report_sarif}, {"junit", sc_report_junit},
        {"github", sc_report_github}, {"html", sc_report_html},
    };
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(SC_REPORT_MAX);
    for (size_t i = 0; i < SC_ARRAY_SIZE(reports); i++) {
        if (sc_str_equal(reports[i].format, format))
            reports[i].render(result, &out);
    }
    int rc = sc_buf_status(&out, err);
    if (rc == 0)
        sc_out_buf(&out);
    return rc;
}

static void print_skips(const struct sc_audit_result *result)
{
    for (size_t i = 0; i < result->skips.count; i++) {
        const struct sc_skip *skip = &result->skips.items[i];
        if (skip->line > 0)
            sc_warn("skipped '%s' line %zu: %s", skip->file, skip->line, skip->reason);
        else
            sc_warn("skipped '%s': %s", skip->file, skip->reason);
    }
}

static bool reaches(const struct sc_audit_result *result, const char *fail_on)
{
    if (sc_str_equal(fail_on, "never"))
        return false;
    enum sc_severity least = SC_SEVERITY_MEDIUM;
    for (int severity = 0; severity < SC_SEVERITY_MAX; severity++) {
        if (sc_str_equal(fail_on, sc_severity_name((enum sc_severity)severity)))
            least = (enum sc_severity)severity;
    }
    for (size_t i = 0; i < result->findings.count; i++) {
        if (result->findings.items[i].severity >= least)
            return true;
    }
    return false;
}

static void set_exit_status(struct sc_cli *cli, const struct sc_audit_cli_options *options,
                            const struct sc_audit_result *result)
{
    if (options->write_baseline == NULL &&
        reaches(result, options->fail_on == NULL ? "medium" : options->fail_on))
        cli->exit_status = 3;
    else if (result->skips.count > 0)
        cli->exit_status = 1;
}

static void print_summary(const struct sc_cli *cli, const struct sc_audit_result *result)
{
    sc_note(
        cli,
        "%zu finding%s (%zu high, %zu medium, %zu low) in %zu file%s, %zu suppressed, %zu skipped",
        result->findings.count, result->findings.count == 1 ? "" : "s",
        sc_audit_count(result, SC_SEVERITY_HIGH), sc_audit_count(result, SC_SEVERITY_MEDIUM),
        sc_audit_count(result, SC_SEVERITY_LOW), result->files, result->files == 1 ? "" : "s",
        result->suppressed, result->skips.count);
}

int sc_leaks_audit(struct sc_cli *cli, const void *values, int count, char **operands,
                   struct sc_error *err)
{
    const struct sc_audit_cli_options *options = values;
    static const char *const here[] = {"."};
    bool progress = isatty(STDERR_FILENO) == 1 && !cli->globals.quiet;
    struct sc_audit_options audit = {
        .threads =
            (unsigned)SC_MIN(options->threads.value, (unsigned long long)SC_AUDIT_THREADS_MAX),
        .no_ignore = options->no_ignore,
        .history = options->history,
        .staged = options->staged,
        .archives = options->archives,
        .progress = progress ? show_progress : NULL,
    };
    const char *format = NULL;
    int rc = sc_out_format(cli, options->format, "text", &format, err);
    if (rc == 0)
        rc = load_key(cli, options, &audit.key, err);
    if (rc < 0)
        return rc;
    SC_CLEANUP(sc_audit_result_done) struct sc_audit_result result = {0};
    rc = sc_audit_run(&audit, count > 0 ? (const char *const *)operands : here,
                      count > 0 ? (size_t)count : 1, &result, err);
    if (progress)
        fputs("\r\033[K", stderr);
    if (rc < 0)
        return rc;
    if (options->baseline != NULL)
        rc = sc_baseline_apply(options->baseline, &result, &audit.key, err);
    else if (options->write_baseline != NULL)
        rc = sc_baseline_write(options->write_baseline, &result, &audit.key, err);
    if (rc < 0)
        return rc;
    rc = print_report(cli, format, &result, err);
    if (rc < 0)
        return rc;
    print_skips(&result);
    if (sc_str_equal(format, "text"))
        print_summary(cli, &result);
    set_exit_status(cli, options, &result);
    return 0;
}
