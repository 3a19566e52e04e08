/* SPDX-License-Identifier: Apache-2.0
 *
 * Several processes add one to the same counter, each time reading and writing in one batch: no
 * addition is lost. Who is told "busy", after five seconds, tries again; that is counted, and
 * happens on machines that are busy themselves. SC_FAULT_WRITES additions by each of 8 writers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/vault/fault/scenario.h"

#include "core/banned.h"

#define WRITERS 8

/* Adds one; BUSY when another writer did not let go in time. */
static int add_one(struct sc_vault *vault, struct sc_error *err)
{
    long counter = 0;
    int rc = sc_vault_begin(vault, err);
    if (rc < 0)
        return rc;
    rc = scenario_get(vault, &counter, err);
    if (rc == 0)
        rc = scenario_put_open(vault, counter + 1, err);
    if (rc == 0)
        return sc_vault_commit(vault, err);
    sc_vault_rollback(vault);
    return rc;
}

static _Noreturn void add(const struct scenario *scenario, long times)
{
    struct sc_error err = {0};
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    long busy = 0;
    if (scenario_open(scenario, scenario->path, SC_VAULT_WRITE, &vault, &err) < 0)
        scenario_die("a writer cannot open", &err);
    for (long i = 0; i < times;) {
        int rc = add_one(vault, &err);
        if (rc < 0 && rc != SC_E_BUSY)
            scenario_die("a writer cannot write", &err);
        i += rc == 0;
        busy += rc == SC_E_BUSY;
    }
    if (busy > 0)
        printf("told to try again: %ld times\n", busy);
    fflush(stdout);
    sc_vault_close(SC_TAKE(vault));
    _exit(0);
}

int main(void)
{
    struct scenario scenario;
    struct sc_error err = {0};
    long times = scenario_number("SC_FAULT_WRITES", 150), found = -1;
    scenario_make(&scenario, NULL);
    for (int i = 0; i < WRITERS; i++) {
        pid_t pid = fork();
        if (pid < 0)
            scenario_die("fork", NULL);
        if (pid == 0)
            add(&scenario, times);
    }
    for (int i = 0; i < WRITERS; i++) {
        int status = 0;
        if (wait(&status) < 0 || status != 0)
            scenario_die("a writer failed", NULL);
    }
    if (scenario_check(&scenario, scenario.path, &found, &err) < 0)
        scenario_die("check", &err);
    printf("%d writers, %ld additions, counter %ld\n", WRITERS, WRITERS * times, found);
    fflush(stdout);
    if (found != WRITERS * times)
        scenario_die("an update was lost", NULL);
    scenario_remove(&scenario);
}
