/* SPDX-License-Identifier: Apache-2.0
 *
 * Several processes add one to the same counter, each time reading and writing in one batch: no
 * addition is lost and nobody is told "busy". SC_FAULT_WRITES additions by each of 8 writers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/vault/fault/scenario.h"

#include "core/banned.h"

#define WRITERS 8

static _Noreturn void add(const struct scenario *scenario, long times)
{
    struct sc_error err = {0};
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    if (scenario_open(scenario, scenario->path, SC_VAULT_WRITE, &vault, &err) < 0)
        scenario_die("a writer cannot open", &err);
    for (long i = 0; i < times; i++) {
        long counter = 0;
        if (sc_vault_begin(vault, &err) < 0 || scenario_get(vault, &counter, &err) < 0 ||
            scenario_put_open(vault, counter + 1, &err) < 0 || sc_vault_commit(vault, &err) < 0)
            scenario_die("a writer cannot write", &err);
    }
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
