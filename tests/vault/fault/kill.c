/* SPDX-License-Identifier: Apache-2.0
 *
 * A writer killed at a random moment, again and again: whatever it had acknowledged is there
 * afterwards, the vault is whole, and nobody repaired anything. SC_FAULT_KILLS kills.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/vault/fault/scenario.h"

#include "core/banned.h"

#define KILLS_OF_ONE 500L

static _Noreturn void write_for_ever(const struct scenario *scenario, long counter, int ack)
{
    struct sc_error err = {0};
    struct sc_vault *vault = NULL;
    if (scenario_open(scenario, scenario->path, SC_VAULT_WRITE, &vault, &err) < 0)
        scenario_die("the writer cannot open", &err);
    for (;;) {
        counter++;
        if (scenario_put_open(vault, counter, &err) < 0)
            scenario_die("the writer cannot write", &err);
        if (write(ack, &counter, sizeof(counter)) != sizeof(counter))
            _exit(1);
    }
}

static long kill_one(const struct scenario *scenario, long counter)
{
    int ends[2];
    if (pipe(ends) < 0)
        scenario_die("pipe", NULL);
    pid_t pid = fork();
    if (pid < 0)
        scenario_die("fork", NULL);
    if (pid == 0) {
        close(ends[0]);
        write_for_ever(scenario, counter, ends[1]);
    }
    close(ends[1]);
    int status = 0;
    long acknowledged = counter;
    /* While it opens, or after some commits: on a busy machine time alone would not get there. */
    for (long commits = lrand48() % 4; commits > 0; commits--) {
        if (read(ends[0], &counter, sizeof(counter)) != sizeof(counter))
            break;
        acknowledged = counter;
    }
    usleep((useconds_t)(lrand48() % 3000));
    kill(pid, SIGKILL);
    while (read(ends[0], &counter, sizeof(counter)) == sizeof(counter))
        acknowledged = counter;
    close(ends[0]);
    if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
        scenario_die("the writer ended by itself", NULL);
    return acknowledged;
}

/* As many kills of writers to one vault; its own check takes longer with each version. */
static long kill_many(const struct scenario *scenario, long kills)
{
    struct sc_error err = {0};
    long counter = 0;
    for (long i = 0; i < kills; i++) {
        long acknowledged = kill_one(scenario, counter), found = -1;
        if (scenario_check(scenario, scenario->path, &found, &err) < 0)
            scenario_die("the vault is damaged after a kill", &err);
        if (found < acknowledged || found > acknowledged + 1) {
            fprintf(stderr, "found %ld, acknowledged %ld\n", found, acknowledged);
            scenario_die("an acknowledged commit is lost", NULL);
        }
        counter = found;
    }
    return counter;
}

int main(void)
{
    long kills = scenario_number("SC_FAULT_KILLS", 2000), commits = 0;
    srand48(scenario_number("SC_FAULT_SEED", 1));
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (long done = 0; done < kills; done += KILLS_OF_ONE) {
        struct scenario scenario;
        scenario_make(&scenario, NULL);
        commits += kill_many(&scenario, SC_MIN(kills - done, KILLS_OF_ONE));
        scenario_remove(&scenario);
        if ((done / KILLS_OF_ONE) % 10 == 9)
            printf("%ld kills so far, %ld commits: 0 lost, 0 torn\n", done + KILLS_OF_ONE, commits);
    }
    if (commits == 0)
        scenario_die("the writers wrote nothing", NULL);
    printf("%ld kills, %ld commits: 0 lost, 0 torn\n", kills, commits);
}
