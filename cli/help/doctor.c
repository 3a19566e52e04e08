/* SPDX-License-Identifier: Apache-2.0
 *
 * doctor: the command; see cli/help/doctor.h.
 */
#include "cli/help/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/output.h"
#include "core/json.h"

#include "core/banned.h"

#define REPORT_MAX ((size_t)64 * 1024)

static const char *const status_names[] = {[SC_DOCTOR_OK] = "ok",
                                           [SC_DOCTOR_NOTE] = "note",
                                           [SC_DOCTOR_WARN] = "warn",
                                           [SC_DOCTOR_FAIL] = "fail"};

static const enum sc_color status_colors[] = {[SC_DOCTOR_OK] = SC_COLOR_GREEN,
                                              [SC_DOCTOR_NOTE] = SC_COLOR_CYAN,
                                              [SC_DOCTOR_WARN] = SC_COLOR_YELLOW,
                                              [SC_DOCTOR_FAIL] = SC_COLOR_RED};

void sc_doctor_add(struct sc_doctor *doctor, const char *check, enum sc_doctor_status status,
                   const char *fix, const char *fmt, ...)
{
    if (doctor->count == SC_DOCTOR_ROWS_MAX)
        return;
    struct sc_doctor_row *row = &doctor->rows[doctor->count++];
    row->check = check;
    row->status = status;
    row->fix = status == SC_DOCTOR_OK ? NULL : fix;
    va_list args;
    va_start(args, fmt);
    vsnprintf(row->text, sizeof(row->text), fmt, args);
    va_end(args);
}

static size_t count_of(const struct sc_doctor *doctor, enum sc_doctor_status status)
{
    size_t count = 0;
    for (size_t i = 0; i < doctor->count; i++)
        count += doctor->rows[i].status == status;
    return count;
}

static int print_json(const struct sc_doctor *doctor, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf buf = SC_BUF_INIT(REPORT_MAX);
    struct sc_json json;
    sc_json_init(&json, &buf);
    sc_json_object_begin(&json);
    sc_json_pair_int(&json, "version", 1);
    sc_json_key(&json, "checks");
    sc_json_array_begin(&json);
    for (size_t i = 0; i < doctor->count; i++) {
        const struct sc_doctor_row *row = &doctor->rows[i];
        sc_json_object_begin(&json);
        sc_json_pair_string(&json, "check", row->check);
        sc_json_pair_string(&json, "status", status_names[row->status]);
        sc_json_pair_string(&json, "text", row->text);
        sc_json_pair_string(&json, "fix", row->fix);
        sc_json_object_end(&json);
    }
    sc_json_array_end(&json);
    sc_json_key(&json, "summary");
    sc_json_object_begin(&json);
    for (size_t i = 0; i < SC_ARRAY_SIZE(status_names); i++)
        sc_json_pair_int(&json, status_names[i],
                         (int64_t)count_of(doctor, (enum sc_doctor_status)i));
    sc_json_object_end(&json);
    sc_json_object_end(&json);
    sc_buf_putc(&buf, '\n');
    int rc = sc_buf_status(&buf, err);
    if (rc == 0)
        sc_out_buf(&buf);
    return rc;
}

static void print_rows(const struct sc_doctor *doctor)
{
    for (size_t i = 0; i < doctor->count; i++) {
        const struct sc_doctor_row *row = &doctor->rows[i];
        sc_out("%s%-4s%s  %-15s %s\n", sc_out_paint(doctor->cli, status_colors[row->status]),
               status_names[row->status], sc_out_paint(doctor->cli, SC_COLOR_NONE), row->check,
               row->text);
        if (row->fix != NULL)
            sc_out("%24s%s\n", "-> ", row->fix);
    }
    sc_out("\nok %zu, note %zu, warn %zu, fail %zu\n", count_of(doctor, SC_DOCTOR_OK),
           count_of(doctor, SC_DOCTOR_NOTE), count_of(doctor, SC_DOCTOR_WARN),
           count_of(doctor, SC_DOCTOR_FAIL));
}

int sc_cmd_doctor(struct sc_cli *cli, const void *options, int count, char **operands,
                  struct sc_error *err)
{
    (void)options;
    (void)count;
    (void)operands;
    struct sc_doctor *doctor = calloc(1, sizeof(*doctor));
    if (doctor == NULL)
        return sc_fail_nomem(err);
    doctor->cli = cli;
    sc_doctor_check_memory(doctor);
    sc_doctor_check_system(doctor);
    sc_doctor_check_containers(doctor);
    sc_doctor_check_files(doctor);
    int rc = 0;
    if (cli->globals.json)
        rc = print_json(doctor, err);
    else
        print_rows(doctor);
    if (count_of(doctor, SC_DOCTOR_FAIL) > 0)
        cli->exit_status = sc_error_exit_status(SC_E_FAILED);
    free(doctor);
    return rc;
}
