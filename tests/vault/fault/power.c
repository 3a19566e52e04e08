/* SPDX-License-Identifier: Apache-2.0
 *
 * Power loss at every operation: the disk's possible contents are opened by the real program, which
 * must find the last acknowledged commit, everything signed, nothing torn. SC_FAULT_IMAGES images.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/vault/fault/scenario.h"
#include "tests/vault/fault/vfs.h"

#include "core/banned.h"

struct power {
    const struct scenario *scenario;
    char dir[300]; /* where images are put */
    char path[320];
    long acknowledged, started;
    long images, wanted;
};

static void look_at_image(struct power *power, enum fault_image kind)
{
    struct sc_error err = {0};
    long counter = -1;
    fault_vfs_image(power->dir, kind);
    fault_vfs_default(false);
    if (scenario_check_image(power->scenario, power->path, &counter, &err) < 0) {
        fprintf(stderr, "image %ld, kind %d, after commit %ld\n", power->images, (int)kind,
                power->acknowledged);
        scenario_die("a vault does not open after a power loss", &err);
    }
    if (counter < power->acknowledged || counter > power->started) {
        fprintf(stderr, "found %ld, acknowledged %ld, started %ld\n", counter, power->acknowledged,
                power->started);
        scenario_die("an acknowledged commit is lost", NULL);
    }
    fault_vfs_default(true);
    power->images++;
}

static void after_operation(void *ctx)
{
    struct power *power = ctx;
    fault_vfs_record(NULL, NULL); /* not while looking */
    for (int kind = 0; kind < FAULT_IMAGE_MAX && power->images < power->wanted; kind++)
        look_at_image(power, (enum fault_image)kind);
    fault_vfs_record(after_operation, power);
}

int main(void)
{
    struct scenario scenario;
    struct sc_error err = {0};
    fault_vfs_install();
    srand48(scenario_number("SC_FAULT_SEED", 1));
    scenario_make(&scenario, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NULL);
    struct power power = {.scenario = &scenario,
                          .wanted = scenario_number("SC_FAULT_IMAGES", 20000)};
    snprintf(power.dir, sizeof(power.dir), "%s/image", scenario.dir);
    snprintf(power.path, sizeof(power.path), "%s/vault.db", power.dir);
    if (mkdir(power.dir, 0700) < 0)
        scenario_die("cannot make a directory", NULL);
    fault_vfs_record(after_operation, &power);
    for (long i = 1; power.images < power.wanted; i++) {
        power.started = i;
        /* A handle for one commit as commands have, or for some as daemons have. */
        SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
        if (scenario_open(&scenario, scenario.path, SC_VAULT_WRITE, &vault, &err) < 0)
            scenario_die("cannot open", &err);
        for (long last = i + i % 3; i <= last && power.images < power.wanted; i++) {
            power.started = i;
            if (scenario_put_open(vault, i, &err) < 0)
                scenario_die("cannot write", &err);
            power.acknowledged = i;
        }
        i--;
    }
    fault_vfs_record(NULL, NULL);
    printf("%ld images of %ld commits: 0 lost, 0 torn\n", power.images, power.acknowledged);
    fflush(stdout);
    fault_vfs_forget();
    scenario_remove(&scenario);
}
