/* SPDX-License-Identifier: Apache-2.0
 *
 * Power loss at every operation: the disk's possible contents are opened by the real program, which
 * must find the last acknowledged commit, everything signed, nothing torn. SC_FAULT_IMAGES images.
 *
 * Now and then the power fails again while an image is being recovered, at every operation of that;
 * and each operation of a recovery fails once. SC_FAULT_COMPOUND images and failures of each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/vault/fault/scenario.h"
#include "tests/vault/fault/vfs.h"

#include "core/banned.h"

#define RECOVER_EVERY 7 /* images, so that all kinds and moments get their turn */

struct place {
    char dir[280];
    char path[300];
};

struct power {
    const struct scenario *scenario;
    struct place first, second; /* images of the vault, and of an image being recovered */
    long acknowledged, started;
    long images, wanted;
    long again, failures, compound_wanted;
    bool compound_turn; /* of an image, or of a failure */
};

static void place_make(struct place *place, const struct scenario *scenario, const char *name)
{
    snprintf(place->dir, sizeof(place->dir), "%s/%s", scenario->dir, name);
    snprintf(place->path, sizeof(place->path), "%s/vault.db", place->dir);
    if (mkdir(place->dir, 0700) < 0)
        scenario_die("cannot make a directory", NULL);
}

static void judge(const struct power *power, const char *what, long counter)
{
    if (counter >= power->acknowledged && counter <= power->started)
        return;
    fprintf(stderr, "%s: found %ld, acknowledged %ld, started %ld\n", what, counter,
            power->acknowledged, power->started);
    scenario_die("an acknowledged commit is lost", NULL);
}

static void look_at(const struct power *power, const struct place *place, const char *what)
{
    struct sc_error err = {0};
    long counter = -1;
    if (scenario_check_image(power->scenario, place->path, &counter, &err) < 0) {
        fprintf(stderr, "image %ld, again %ld, failure %ld, after commit %ld\n", power->images,
                power->again, power->failures, power->acknowledged);
        scenario_die(what, &err);
    }
    judge(power, what, counter);
}

static void after_operation_of_recovery(void *ctx)
{
    struct power *power = ctx;
    fault_vfs_record(NULL, NULL);
    fault_vfs_default(false);
    for (int kind = 0; kind < FAULT_IMAGE_MAX; kind++) {
        fault_vfs_image(power->first.dir, power->second.dir, (enum fault_image)kind);
        look_at(power, &power->second, "a second power loss");
        power->again++;
    }
    fault_vfs_default(true);
    fault_vfs_record(after_operation_of_recovery, power);
}

static void recover_and_lose_power(struct power *power)
{
    fault_vfs_default(true);
    fault_vfs_record(after_operation_of_recovery, power);
    look_at(power, &power->first, "a recovery");
    fault_vfs_record(NULL, NULL);
    fault_vfs_default(false);
}

/* Each operation of a recovery fails once; the next one is of what that left. */
static void recover_and_fail(struct power *power)
{
    for (long n = 1;; n++) {
        struct sc_error err = {0};
        long counter = -1;
        fault_vfs_default(true);
        fault_vfs_fail_at(n, false);
        int rc = scenario_check_image(power->scenario, power->first.path, &counter, &err);
        bool failed = fault_vfs_failed();
        fault_vfs_fail_at(0, false);
        fault_vfs_default(false);
        if (rc == 0)
            judge(power, "a recovery with a failure", counter);
        else if (!failed || rc == SC_E_TAMPERED)
            scenario_die("a failure during recovery was reported as something else", &err);
        look_at(power, &power->first, "after a failure during recovery");
        if (!failed)
            break;
        power->failures++;
        fault_vfs_forget(power->first.dir);
        fault_vfs_image(power->scenario->dir, power->first.dir, FAULT_TORN);
    }
}

static void look_at_image(struct power *power, enum fault_image kind)
{
    fault_vfs_default(false);
    fault_vfs_image(power->scenario->dir, power->first.dir, kind);
    bool twice = power->images % RECOVER_EVERY == 0;
    fault_vfs_forget(power->first.dir);
    if (twice && power->compound_turn && power->again < power->compound_wanted)
        recover_and_lose_power(power);
    else if (twice && !power->compound_turn && power->failures < power->compound_wanted)
        recover_and_fail(power);
    else
        look_at(power, &power->first, "a power loss");
    power->compound_turn = power->compound_turn != twice;
    fault_vfs_forget(power->first.dir);
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

static void write_until_done(struct power *power)
{
    struct sc_error err = {0};
    for (long i = 1; power->images < power->wanted; i++) {
        power->started = i;
        /* A handle for one commit as commands have, or for some as daemons have. */
        SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
        if (scenario_open(power->scenario, power->scenario->path, SC_VAULT_WRITE, &vault, &err) < 0)
            scenario_die("cannot open", &err);
        for (long last = i + i % 3; i <= last && power->images < power->wanted; i++) {
            power->started = i;
            if (scenario_put_open(vault, i, &err) < 0)
                scenario_die("cannot write", &err);
            power->acknowledged = i;
        }
        i--;
    }
}

int main(void)
{
    struct scenario scenario;
    fault_vfs_install();
    srand48(scenario_number("SC_FAULT_SEED", 1));
    scenario_make(&scenario, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NULL);
    struct power power = {
        .scenario = &scenario,
        .wanted = scenario_number("SC_FAULT_IMAGES", 20000),
        .compound_wanted = scenario_number("SC_FAULT_COMPOUND", 5000),
    };
    place_make(&power.first, &scenario, "image");
    place_make(&power.second, &scenario, "again");
    fault_vfs_record(after_operation, &power);
    write_until_done(&power);
    fault_vfs_record(NULL, NULL);
    printf("%ld images of %ld commits: 0 lost, 0 torn\n", power.images, power.acknowledged);
    printf("%ld images of recoveries, %ld failures in recoveries: 0 lost, 0 torn\n", power.again,
           power.failures);
    fflush(stdout);
    fault_vfs_forget(NULL);
    scenario_remove(&scenario);
}
