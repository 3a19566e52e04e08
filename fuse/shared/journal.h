/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal: what must outlive a worker, in a memfd that keeper, workers and agent share. It
 * holds requests, names of containers and counters; never a value.
 *
 * A serving thread lets the kernel write each request straight into its slot here, and clears the
 * slot after the reply. The kernel has finished that copy before a SIGKILL acts, so a request that
 * was taken is always found here, and the next worker answers it. Each generation of workers has a
 * bank of slots for itself, since two generations overlap in a hand-over.
 *
 * An upgrade maps what the old program made, while that one still serves. So the layout is that of
 * the first release for ever: new fields come at the end, where an older program's journal is
 * extended by zeros and a newer one's is not looked at (docs/adr/041-journal-grows.md). Only what
 * cannot be said so takes a new `version`, which refuses the upgrade. Fields are atomic or have one
 * writer. Threads and processes: any.
 */
#ifndef SC_FUSE_SHARED_JOURNAL_H
#define SC_FUSE_SHARED_JOURNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "fuse/shared/ring.h"

#define SC_JOURNAL_BANKS   8
#define SC_JOURNAL_SLOTS   8    /* serving threads of one worker, at most */
#define SC_JOURNAL_PARKED  128  /* requests of one worker that wait for the agent, at most */
#define SC_JOURNAL_REQUEST 8192 /* the least the kernel accepts, and enough: max_write is 4096 */
#define SC_PARKED_REQUEST  256  /* an OPEN or a READ */
#define SC_JOURNAL_RECENT  256
#define SC_JOURNAL_HANDLES 4096
#define SC_JOURNAL_POLLS   1024
#define SC_JOURNAL_OPENS   1024
#define SC_JOURNAL_PATH    4096

enum sc_bank_state { SC_BANK_FREE, SC_BANK_SERVING, SC_BANK_KILLED };
enum sc_parked_state { SC_PARKED_FREE, SC_PARKED_FILLING, SC_PARKED_WAITING };
enum sc_ask { SC_ASK_VALUE = 1, SC_ASK_CONTAINER = 2 };

/* Each starts with FUSE's request header, whose `unique` at offset 8 is 0 while the slot is free.
 */
struct sc_journal_slot {
    _Alignas(64) unsigned char request[SC_JOURNAL_REQUEST];
};

struct sc_journal_parked {
    _Atomic uint32_t state; /* enum sc_parked_state */
    uint32_t ask;           /* enum sc_ask */
    uint64_t node, version; /* of the value asked for */
    unsigned char container[32];
    uint64_t asked_at; /* where the store ended */
    int64_t deadline;  /* CLOCK_MONOTONIC, nanoseconds */
    uint32_t size;
    uint32_t unused;
    _Alignas(8) unsigned char request[SC_PARKED_REQUEST];
};

struct sc_journal_bank {
    _Atomic uint32_t state; /* enum sc_bank_state */
    _Atomic int32_t pid;
    _Atomic uint64_t start; /* start time of the process, from /proc */
    struct sc_journal_slot slots[SC_JOURNAL_SLOTS];
    struct sc_journal_parked parked[SC_JOURNAL_PARKED];
};

/* "This thread has opened this node, and this was the size." */
struct sc_journal_recent {
    _Atomic uint64_t key;
    _Atomic uint64_t handle; /* 0 = released */
    _Atomic uint64_t size;
    _Atomic int64_t time;   /* of its last use */
    _Atomic uint32_t count; /* of opens */
};

/* "This thread was told this size of this node." */
struct sc_journal_told {
    _Atomic uint64_t key, size;
    _Atomic int64_t time;
    _Atomic uint32_t again; /* the request that was asked to look again, or the one after it */
};

/* Open handles of a version of a node; approximate after a crash. */
struct sc_journal_handles {
    _Atomic uint64_t node; /* 0 = free */
    _Atomic uint64_t version;
    _Atomic int64_t count;
};

struct sc_journal_poll {
    _Atomic uint64_t node;       /* 0 = free */
#define SC_POLL_TAKEN UINT64_MAX /* being filled, or being woken */
    _Atomic uint64_t version;
    _Atomic uint64_t kh;
};

/* How often a rule with a limit has allowed an open. */
struct sc_journal_opens {
    _Atomic uint64_t rule; /* a hash of the rule; 0 = free */
    _Atomic uint64_t count;
    _Atomic uint64_t last; /* the request that was counted last */
};

struct sc_journal {
    uint64_t magic;
    uint32_t version;
    uint32_t size;

    /* Fixed by the keeper before the first worker starts. */
    uint32_t proto_minor;
    uint64_t proto_flags;
    uint32_t threads;
    bool allow_other;
    bool log_deny;                   /* a full ring refuses opens instead of counting the loss */
    bool identity;                   /* look readers up in /proc */
    bool resend;                     /* ask the kernel to send requests again after a worker died */
    char directory[SC_JOURNAL_PATH]; /* the mount point, absolute */
    char control[SC_JOURNAL_PATH];   /* the keeper's socket */
    int64_t created;                 /* seconds since the epoch */

    _Atomic uint32_t changed; /* a futex: the store grew, or something else wants a look */
    _Atomic uint32_t locked;  /* the vault is locked: opens get ENOKEY */
    _Atomic int32_t agent_pid, keeper_pid, worker_pid;
    _Atomic int32_t nudge_pid;   /* the one process that may open for writing */
    _Atomic uint64_t generation; /* of workers */
    _Atomic uint64_t requests, replayed, restarts, upgrades;

    struct sc_journal_recent recent[SC_JOURNAL_RECENT];
    struct sc_journal_told told[SC_JOURNAL_RECENT];
    struct sc_journal_handles handles[SC_JOURNAL_HANDLES];
    struct sc_journal_poll polls[SC_JOURNAL_POLLS];
    struct sc_journal_opens opens[SC_JOURNAL_OPENS];
    struct sc_ring ring;
    struct sc_journal_bank banks[SC_JOURNAL_BANKS];
};

/* A new, empty journal. */
int sc_journal_create(int *ret_fd, struct sc_error *err) SC_NODISCARD;
/* Maps one, and extends it if an older program has made it; FORMAT if it is something else or of
 * another `version`. */
int sc_journal_map(int fd, struct sc_journal **ret, struct sc_error *err) SC_NODISCARD;
void sc_journal_unmap(struct sc_journal **journal);

/* `unique` of the request in a slot, 0 while it is free; and freeing it. */
uint64_t sc_journal_unique(const unsigned char *request);
void sc_journal_clear(unsigned char *request);

/* A bank for this process, taken from the free ones; NULL if all are in use. */
struct sc_journal_bank *sc_journal_claim(struct sc_journal *journal);
/* Whether the process that owns the bank is gone (or was sent SIGKILL by the keeper: *ret_dying).
 */
bool sc_journal_orphaned(const struct sc_journal_bank *bank, bool *ret_dying);
/* Makes the bank of a dead worker this process's own, so that one alone frees it; false if another
 * was faster. */
bool sc_journal_take_over(struct sc_journal_bank *bank);
void sc_journal_release(struct sc_journal_bank *bank);
/* Notes that the keeper has sent SIGKILL to that worker. */
void sc_journal_mark_killed(struct sc_journal *journal, int pid);

/* Wakes those who wait in sc_journal_wait(), which returns when `changed` is no longer `seen` or
 * after the time. */
void sc_journal_wake(struct sc_journal *journal);
void sc_journal_wait(struct sc_journal *journal, uint32_t seen, int milliseconds);

/* A file handle: the version that was opened, and in the bits above a mark of the open itself, so
 * that its release is told from others'. Any worker can go on with it. */
#define SC_HANDLE_VERSION ((UINT64_C(1) << 48) - 1)
uint64_t sc_journal_handle(struct sc_journal *journal, uint32_t tid, uint64_t version);
/* Which of SC_JOURNAL_RECENT places the open has. */
size_t sc_journal_handle_place(uint64_t handle);

/* The size seen by a thread that has opened a node, until it is released (10 seconds at most). */
struct sc_journal_opened {
    uint64_t node, handle, size;
};
void sc_journal_note_open(struct sc_journal *journal, uint32_t tid,
                          const struct sc_journal_opened *opened);
void sc_journal_note_release(struct sc_journal *journal, uint64_t handle);
void sc_journal_forget_open(struct sc_journal *journal, uint32_t tid, uint64_t node);
bool sc_journal_recent_size(struct sc_journal *journal, uint32_t tid, uint64_t node,
                            uint64_t *ret_size);

/* The kernel asks for a file's size before it opens it, and cuts what sendfile(2) reads at that:
 * the size a thread was told last, and whether it must look again before it may open a value of
 * `size` bytes. That is never said to two requests in a row, since the kernel tries again only
 * once. */
struct sc_journal_asked {
    uint64_t unique, node, size;
    uint32_t tid;
};
void sc_journal_note_told(struct sc_journal *journal, uint32_t tid, uint64_t node, uint64_t size);
bool sc_journal_told_wrong(struct sc_journal *journal, const struct sc_journal_asked *asked);

/* Soft counts of open handles. */
void sc_journal_count_handle(struct sc_journal *journal, uint64_t node, uint64_t version,
                             int64_t change);
int64_t sc_journal_handles(struct sc_journal *journal, uint64_t node, uint64_t version);

/* CLOCK_MONOTONIC in nanoseconds. */
int64_t sc_journal_now(void);

#endif
