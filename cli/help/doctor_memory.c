/* SPDX-License-Identifier: Apache-2.0
 *
 * doctor: whether secrets stay in memory and are seen by nobody there.
 */
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "cli/help/doctor.h"
#include "core/arena.h"
#include "core/fsutil.h"

#include "core/banned.h"

#define PROC_MAX ((size_t)64 * 1024)
/* Locked memory that the largest values and an agent are comfortable with. */
#define LOCK_GOOD ((rlim_t)4 * 1024 * 1024)

static void check_lock(struct sc_doctor *doctor, struct sc_arena_policy policy)
{
    static const char fix[] = "raise the limit: ulimit -l, LimitMEMLOCK=64M in a unit, --ulimit "
                              "memlock of a container";
    struct rlimit limit = {0};
    getrlimit(RLIMIT_MEMLOCK, &limit);
    if (!policy.locked)
        sc_doctor_add(doctor, "memory-lock", SC_DOCTOR_FAIL, fix,
                      "memory for secrets cannot be locked: they may be swapped to disk");
    else if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < LOCK_GOOD)
        sc_doctor_add(doctor, "memory-lock", SC_DOCTOR_WARN, fix,
                      "memory is locked, but only %llu KiB may be: large values will not be",
                      (unsigned long long)(limit.rlim_cur / 1024));
    else
        sc_doctor_add(doctor, "memory-lock", SC_DOCTOR_OK, NULL, "memory for secrets is locked");
}

static void check_arena(struct sc_doctor *doctor, struct sc_arena_policy policy)
{
    if (policy.memfd_secret)
        sc_doctor_add(doctor, "memfd-secret", SC_DOCTOR_OK, NULL,
                      "secrets lie in pages that even the kernel does not map");
    else
        sc_doctor_add(doctor, "memfd-secret", SC_DOCTOR_NOTE,
                      "a kernel of 5.14 or newer has it; before 6.5 boot with secretmem.enable=y",
                      "memfd_secret(2) is not available; locked pages are used instead");
    if (policy.dump_excluded && policy.fork_wiped)
        sc_doctor_add(doctor, "memory-advice", SC_DOCTOR_OK, NULL,
                      "secrets are left out of dumps and wiped in children");
    else
        sc_doctor_add(
            doctor, "memory-advice", SC_DOCTOR_FAIL, "a kernel of 4.14 or newer has it",
            "the kernel does not leave secrets out of dumps, or not wipe them in children");
}

static void check_dumps(struct sc_doctor *doctor)
{
    struct rlimit limit = {0};
    bool off = getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 &&
               prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
    sc_doctor_add(doctor, "core-dumps", off ? SC_DOCTOR_OK : SC_DOCTOR_FAIL,
                  "report this: the program switches them off itself",
                  off ? "no core dumps, no tracing by the same user"
                      : "core dumps or tracing are possible");
}

/* Whether the file has a line after its first one: /proc/swaps with a swap space. */
static bool has_second_line(const char *path)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(PROC_MAX);
    if (sc_file_read(path, &text, NULL) < 0)
        return false;
    const char *end = strchr(sc_buf_text(&text), '\n');
    return end != NULL && end[1] != '\0';
}

static void check_swap(struct sc_doctor *doctor)
{
    if (has_second_line("/proc/swaps"))
        sc_doctor_add(doctor, "swap", SC_DOCTOR_NOTE,
                      "encrypt it (crypttab with a random key), or use zram only",
                      "there is swap space: what Argon2 works on, and a tmpfs without noswap, may "
                      "reach it");
    else
        sc_doctor_add(doctor, "swap", SC_DOCTOR_OK, NULL, "there is no swap space");
    SC_CLEANUP(sc_buf_done) struct sc_buf resume = SC_BUF_INIT(PROC_MAX);
    bool hibernates = sc_file_read("/sys/power/resume", &resume, NULL) == 0 &&
                      strcmp(sc_buf_text(&resume), "0:0\n") != 0;
    if (hibernates)
        sc_doctor_add(doctor, "hibernation", SC_DOCTOR_NOTE, "run 'secretsctl lock --all' before",
                      "the machine may hibernate: memory is written to disk then, locked or not");
}

void sc_doctor_check_memory(struct sc_doctor *doctor)
{
    struct sc_arena_policy policy = sc_arena_policy();
    check_lock(doctor, policy);
    check_arena(doctor, policy);
    check_dumps(doctor);
    check_swap(doctor);
}
