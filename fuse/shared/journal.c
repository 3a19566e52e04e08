/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal; see fuse/shared/journal.h.
 */
#include "fuse/shared/journal.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/proc.h"
#include "core/str.h"

#include "core/banned.h"

#define JOURNAL_MAGIC   UINT64_C(0x31727574656c4353)
#define UNIQUE_OFFSET   8
#define HANDLES_REACH   32
#define ANOTHER_VERSION "the mount's memory is of a version that this one cannot go on with"

/* Of the first release; what came later stands behind it. */
#define FIRST_SIZE 2943680
/* A test makes next versions of this program by giving others. */
#if !defined(JOURNAL_SIZE)
#define JOURNAL_SIZE sizeof(struct sc_journal)
#endif
#if !defined(JOURNAL_VERSION)
#define JOURNAL_VERSION 5
#endif
_Static_assert(JOURNAL_SIZE >= FIRST_SIZE, "nothing is taken out of the journal");

int sc_journal_create(int *ret_fd, struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int fd = memfd_create("secretsctl-journal", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)JOURNAL_SIZE) < 0)
        return sc_fail_errno(err, "cannot make the journal");
    struct sc_journal *journal =
        mmap(NULL, JOURNAL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (journal == MAP_FAILED)
        return sc_fail_errno(err, "cannot map the journal");
    journal->version = JOURNAL_VERSION;
    journal->size = (uint32_t)JOURNAL_SIZE;
    journal->threads = 2;
    journal->identity = true;
    journal->resend = true;
    journal->created = (int64_t)time(NULL);
    journal->magic = JOURNAL_MAGIC;
    munmap(journal, JOURNAL_SIZE);
    *ret_fd = SC_TAKE_FD(fd);
    return 0;
}

int sc_journal_map(int fd, struct sc_journal **ret, struct sc_error *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return sc_fail_errno(err, "cannot look at the journal");
    if (st.st_size < FIRST_SIZE)
        return sc_fail(err, SC_E_FORMAT, ANOTHER_VERSION);
    /* An older program's lacks what stands at the end: zeros. By a call that never makes it
     * smaller, since an even newer program may do the same now. */
    if (st.st_size < (off_t)JOURNAL_SIZE && fallocate(fd, 0, 0, (off_t)JOURNAL_SIZE) < 0)
        return sc_fail_errno(err, "cannot extend the journal");
    struct sc_journal *journal =
        mmap(NULL, JOURNAL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (journal == MAP_FAILED)
        return sc_fail_errno(err, "cannot map the journal");
    if (journal->magic != JOURNAL_MAGIC || journal->version != JOURNAL_VERSION) {
        munmap(journal, JOURNAL_SIZE);
        return sc_fail(err, SC_E_FORMAT, ANOTHER_VERSION);
    }
    *ret = journal;
    return 0;
}

void sc_journal_unmap(struct sc_journal **journal)
{
    if (*journal != NULL)
        munmap(*journal, JOURNAL_SIZE);
    *journal = NULL;
}

uint64_t sc_journal_unique(const unsigned char *request)
{
    return __atomic_load_n((const uint64_t *)(const void *)(request + UNIQUE_OFFSET),
                           __ATOMIC_ACQUIRE);
}

void sc_journal_clear(unsigned char *request)
{
    __atomic_store_n((uint64_t *)(void *)(request + UNIQUE_OFFSET), 0, __ATOMIC_RELEASE);
}

/* ---- banks ---- */

struct sc_journal_bank *sc_journal_claim(struct sc_journal *journal)
{
    for (size_t i = 0; i < SC_JOURNAL_BANKS; i++) {
        struct sc_journal_bank *bank = &journal->banks[i];
        int32_t nobody = 0;
        if (!atomic_compare_exchange_strong(&bank->pid, &nobody, (int32_t)getpid()))
            continue;
        atomic_store(&bank->start, sc_proc_start_time(getpid()));
        atomic_store(&bank->state, SC_BANK_SERVING);
        return bank;
    }
    return NULL;
}

bool sc_journal_orphaned(const struct sc_journal_bank *bank, bool *ret_dying)
{
    int pid = atomic_load(&bank->pid);
    uint64_t start = atomic_load(&bank->start);
    *ret_dying = atomic_load(&bank->state) == SC_BANK_KILLED;
    if (pid == 0 || pid == getpid())
        return false;
    uint64_t now = sc_proc_start_time(pid);
    /* start 0: a worker that has only just claimed the bank, or died while doing so. */
    return now == 0 || (start != 0 && now != start);
}

bool sc_journal_take_over(struct sc_journal_bank *bank)
{
    int32_t pid = atomic_load(&bank->pid);
    /* Start time 0 means "just claimed": nobody takes that for an orphan while the pid lives. */
    atomic_store(&bank->start, 0);
    if (pid == 0 || !atomic_compare_exchange_strong(&bank->pid, &pid, (int32_t)getpid()))
        return false;
    atomic_store(&bank->start, sc_proc_start_time(getpid()));
    return true;
}

void sc_journal_release(struct sc_journal_bank *bank)
{
    for (size_t i = 0; i < SC_JOURNAL_SLOTS; i++)
        sc_journal_clear(bank->slots[i].request);
    for (size_t i = 0; i < SC_JOURNAL_PARKED; i++)
        atomic_store(&bank->parked[i].state, SC_PARKED_FREE);
    atomic_store(&bank->state, SC_BANK_FREE);
    atomic_store(&bank->start, 0);
    atomic_store(&bank->pid, 0);
}

void sc_journal_mark_killed(struct sc_journal *journal, int pid)
{
    for (size_t i = 0; i < SC_JOURNAL_BANKS; i++) {
        if (atomic_load(&journal->banks[i].pid) == pid)
            atomic_store(&journal->banks[i].state, SC_BANK_KILLED);
    }
}

/* ---- waking ---- */

void sc_journal_wake(struct sc_journal *journal)
{
    atomic_fetch_add(&journal->changed, 1);
    syscall(SYS_futex, &journal->changed, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

void sc_journal_wait(struct sc_journal *journal, uint32_t seen, int milliseconds)
{
    const struct timespec limit = {.tv_sec = milliseconds / 1000,
                                   .tv_nsec = (milliseconds % 1000) * 1000000L};
    syscall(SYS_futex, &journal->changed, FUTEX_WAIT, seen, &limit, NULL, 0);
}

/* ---- soft counts ---- */

/* A cell lies within a short distance of its hash; one without handles may be taken over. */
static struct sc_journal_handles *find_handles(struct sc_journal *journal, uint64_t node,
                                               uint64_t version, bool make)
{
    size_t start = (size_t)((node ^ version * UINT64_C(0x9e3779b97f4a7c15)) % SC_JOURNAL_HANDLES);
    struct sc_journal_handles *idle = NULL;
    for (size_t i = 0; i < HANDLES_REACH; i++) {
        struct sc_journal_handles *cell = &journal->handles[(start + i) % SC_JOURNAL_HANDLES];
        if (atomic_load(&cell->node) == node && atomic_load(&cell->version) == version)
            return cell;
        if (idle == NULL && atomic_load(&cell->count) == 0)
            idle = cell;
    }
    if (!make || idle == NULL)
        return NULL; /* no room: the count is soft */
    atomic_store(&idle->version, version);
    atomic_store(&idle->node, node);
    return idle;
}

void sc_journal_count_handle(struct sc_journal *journal, uint64_t node, uint64_t version,
                             int64_t change)
{
    struct sc_journal_handles *cell = find_handles(journal, node, version, change > 0);
    if (cell != NULL && atomic_fetch_add(&cell->count, change) + change < 0)
        atomic_store(&cell->count, 0);
}

int64_t sc_journal_handles(struct sc_journal *journal, uint64_t node, uint64_t version)
{
    const struct sc_journal_handles *cell = find_handles(journal, node, version, false);
    return cell != NULL ? atomic_load(&cell->count) : 0;
}

/* ---- clocks ---- */

int64_t sc_journal_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
