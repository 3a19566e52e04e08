/* SPDX-License-Identifier: Apache-2.0
 *
 * doctor: what of the promised protection holds on this machine, and what does not.
 *
 * A check looks and adds a row; it changes nothing and asks for no key.
 */
#ifndef SC_CLI_HELP_DOCTOR_H
#define SC_CLI_HELP_DOCTOR_H

#include "cli/command.h"
#include "core/buf.h"

#define SC_DOCTOR_ROWS_MAX  48
#define SC_DOCTOR_TEXT_SIZE 320

enum sc_doctor_status {
    SC_DOCTOR_OK,
    SC_DOCTOR_NOTE, /* not there, or weaker than it could be, and that may be meant */
    SC_DOCTOR_WARN, /* a promise holds only in part */
    SC_DOCTOR_FAIL, /* a promise does not hold */
};

struct sc_doctor_row {
    const char *check; /* stable name, "memory-lock" */
    enum sc_doctor_status status;
    char text[SC_DOCTOR_TEXT_SIZE];
    const char *fix; /* what helps, or NULL */
};

struct sc_doctor {
    const struct sc_cli *cli;
    struct sc_doctor_row rows[SC_DOCTOR_ROWS_MAX];
    size_t count;
};

/* Adds a row; silently none when the table is full, which a test rules out. */
void sc_doctor_add(struct sc_doctor *doctor, const char *check, enum sc_doctor_status status,
                   const char *fix, const char *fmt, ...) SC_PRINTF(5, 6);

/* Memory, swap, dumps (cli/help/doctor_memory.c). */
void sc_doctor_check_memory(struct sc_doctor *doctor);
/* FUSE, container engine, kernel (cli/help/doctor_system.c). */
void sc_doctor_check_system(struct sc_doctor *doctor);
/* Containers started through the shim (cli/help/doctor_containers.c). */
void sc_doctor_check_containers(struct sc_doctor *doctor);
/* Vault, key files, agent, place of the values (cli/help/doctor_files.c). */
void sc_doctor_check_files(struct sc_doctor *doctor);

int sc_cmd_doctor(struct sc_cli *cli, const void *options, int count, char **operands,
                  struct sc_error *err) SC_NODISCARD;

#endif
