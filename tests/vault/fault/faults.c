/* SPDX-License-Identifier: Apache-2.0
 *
 * Every allocation and every file operation of a day's work fails in turn, once and for good; and
 * the disk is full at every size. The answer given is the truth, nothing is torn, no repair is
 * needed.
 *
 * The whole program's malloc family goes through the linker's --wrap; SQLite's through its own
 * hook.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/vault/fault/scenario.h"
#include "tests/vault/fault/vfs.h"

#include "core/banned.h"

static struct {
    long fail_at, count;
    bool forever, failed;
} memory;

static bool memory_fails(void)
{
    memory.count++;
    bool now = memory.fail_at > 0 && (memory.count == memory.fail_at ||
                                      (memory.forever && memory.count > memory.fail_at));
    memory.failed = memory.failed || now;
    return now;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
    return memory_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return memory_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return memory_fails() ? NULL : __real_realloc(old, size);
}

static sqlite3_mem_methods sqlite_memory;

static void *sqlite_malloc(int size)
{
    return memory_fails() ? NULL : sqlite_memory.xMalloc(size);
}

static void *sqlite_realloc(void *old, int size)
{
    return memory_fails() ? NULL : sqlite_memory.xRealloc(old, size);
}

static void memory_fail_at(long n, bool forever)
{
    memory.fail_at = n;
    memory.forever = forever;
    memory.count = 0;
    memory.failed = false;
}

static void hook_sqlite_memory(void)
{
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory);
    sqlite3_mem_methods hooked = sqlite_memory;
    hooked.xMalloc = sqlite_malloc;
    hooked.xRealloc = sqlite_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &hooked);
}

/* After a failed commit the outcome was looked up, so "failed" means old; only an outcome that
 * could not be looked up may be either. */
static void judge(const struct scenario *scenario, long before, int rc, const struct sc_error *why)
{
    struct sc_error err = {0};
    long found = -1;
    if (scenario_check(scenario, scenario->path, &found, &err) < 0)
        scenario_die("the vault is damaged after a failure", &err);
    bool unknown = rc < 0 && strstr(why->message, "it is not known") != NULL;
    if ((rc == 0 && found != before + 1) || (rc < 0 && !unknown && found != before) ||
        (found != before && found != before + 1)) {
        fprintf(stderr, "before %ld, found %ld, answer %d '%s'\n", before, found, rc, why->message);
        scenario_die("the answer was not the truth", why);
    }
}

static long sweep_memory(const struct scenario *scenario, bool forever)
{
    long counter = 0;
    struct sc_error err = {0};
    if (scenario_check(scenario, scenario->path, &counter, &err) < 0)
        scenario_die("before", &err);
    for (long n = 1;; n++) {
        err = (struct sc_error){0};
        memory_fail_at(n, forever);
        int rc = scenario_put(scenario, scenario->path, counter + 1, &err);
        bool failed = memory.failed;
        memory_fail_at(0, false);
        if (rc < 0 && rc != SC_E_NOMEM && !forever && rc != SC_E_IO && rc != SC_E_PERM)
            scenario_die("a want of memory was reported as something else", &err);
        judge(scenario, counter, rc, &err);
        counter += rc == 0;
        if (!failed)
            return n - 1;
    }
}

static long sweep_day_memory(const struct scenario *scenario)
{
    for (long n = 1;; n++) {
        struct sc_error err = {0};
        long counter = 0;
        memory_fail_at(n, false);
        int rc = scenario_day(scenario, scenario->path, n, &err);
        bool failed = memory.failed;
        memory_fail_at(0, false);
        if (scenario_check(scenario, scenario->path, &counter, &err) < 0)
            scenario_die("the vault is damaged after a want of memory", &err);
        if (!failed && rc < 0)
            scenario_die("the day does not end well", &err);
        if (!failed)
            return n - 1;
        n += scenario_number("SC_FAULT_STEP", 101) - 1;
    }
}

static long sweep_io(const struct scenario *scenario, bool forever)
{
    long counter = 0;
    struct sc_error err = {0};
    if (scenario_check(scenario, scenario->path, &counter, &err) < 0)
        scenario_die("before", &err);
    for (long n = 1;; n++) {
        long found = -1;
        err = (struct sc_error){0};
        fault_vfs_fail_at(n, forever);
        int rc = scenario_put(scenario, scenario->path, counter + 1, &err);
        bool failed = fault_vfs_failed();
        fault_vfs_fail_at(0, false);
        judge(scenario, counter, rc, &err);
        if (scenario_check(scenario, scenario->path, &found, &err) < 0)
            scenario_die("check", &err);
        counter = found;
        if (!failed)
            return n - 1;
    }
}

static long sweep_disk_full(const struct scenario *scenario)
{
    struct sc_error err = {0};
    long counter = 0, refused = 0;
    if (scenario_check(scenario, scenario->path, &counter, &err) < 0)
        scenario_die("before", &err);
    for (long kib = 64; kib <= 1024; kib += 4) {
        err = (struct sc_error){0};
        fault_vfs_limit(kib * 1024);
        int rc = scenario_put(scenario, scenario->path, counter + 1, &err);
        fault_vfs_limit(-1);
        if (rc < 0 && rc != SC_E_NOSPACE)
            scenario_die("a full disk was reported as something else", &err);
        judge(scenario, counter, rc, &err);
        refused += rc < 0;
        counter += rc == 0;
        /* Space again: it goes on without repair. */
        if (scenario_put(scenario, scenario->path, ++counter, &err) < 0)
            scenario_die("no write after a full disk", &err);
    }
    return refused;
}

int main(void)
{
    struct scenario scenario;
    setvbuf(stdout, NULL, _IOLBF, 0);
    hook_sqlite_memory();
    fault_vfs_install();
    scenario_make(&scenario, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NULL);
    printf("allocations of a put failed once: %ld\n", sweep_memory(&scenario, false));
    printf("allocations of a put failed for good: %ld\n", sweep_memory(&scenario, true));
    printf("allocations of a day failed once: %ld\n", sweep_day_memory(&scenario));
    printf("file operations failed once: %ld\n", sweep_io(&scenario, false));
    printf("file operations failed for good: %ld\n", sweep_io(&scenario, true));
    printf("writes refused by a full disk: %ld\n", sweep_disk_full(&scenario));
    fflush(stdout);
    fault_vfs_forget(NULL);
    scenario_remove(&scenario);
}
