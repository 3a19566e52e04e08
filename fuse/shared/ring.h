/* SPDX-License-Identifier: Apache-2.0
 *
 * The read log's first station: a bounded ring in the journal's memory. A worker writes one record
 * for each OPEN before it replies; the agent drains them to disk. No value and no hash of one.
 *
 * Many writers (threads of one or two workers), one reader. A writer that dies between reserving
 * and finishing leaves a hole, which the reader skips after a second. A reader of files that opens
 * one in a loop takes one place, which counts, as long as that waits to be drained. A full ring
 * loses records and counts them; whether opens are refused then is the worker's decision.
 */
#ifndef SC_FUSE_SHARED_RING_H
#define SC_FUSE_SHARED_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define SC_RING_RECORDS  4096 /* a power of two */
#define SC_READER_EXE    160
#define SC_READER_CGROUP 160
#define SC_READER_ID     32

/* Who asks: as far as /proc tells. Texts are cut at their size and end in a NUL. */
struct sc_fuse_reader {
    int32_t tid, tgid; /* tgid 0: the reader is not visible from here */
    uint32_t uid, gid;
    uint64_t start;    /* start time of the process in clock ticks */
    bool in_container; /* of an engine that can be asked: `container` is its id */
    bool apart;        /* of neither the host nor such a container, as far as can be told */
    unsigned char container[SC_READER_ID];
    char exe[SC_READER_EXE];
    char cgroup[SC_READER_CGROUP];
};

struct sc_ring_record {
    int64_t time;    /* CLOCK_REALTIME, nanoseconds */
    uint64_t unique; /* of the request, without the kernel's resend bit */
    uint64_t node, version;
    int32_t result;            /* 0, an errno, or: */
#define SC_RING_HANDED_ON (-1) /* no open: a read by another process than the one that opened */
    uint32_t rule;             /* 1 + index of the policy rule that decided; 0 = none did */
    /* Set by sc_ring_take: how many opens this stands for, and `unique` of the last of them. */
    uint64_t opens, last;
    struct sc_fuse_reader reader;
};

struct sc_ring_cell {
    _Atomic uint64_t sequence; /* position + 1 when the record is whole */
    _Atomic uint64_t repeats;  /* position and count; 0 once it is drained */
    _Atomic uint64_t last;     /* `unique` of the request counted last */
    struct sc_ring_record record;
};

struct sc_ring {
    _Atomic uint64_t head; /* next position to reserve */
    _Atomic uint64_t tail; /* next position to drain */
    _Atomic uint64_t lost;
    _Atomic uint64_t told;   /* of those that were lost: what the log says already */
    _Atomic uint64_t logged; /* what lies before this position stands in the log's file */
    struct sc_ring_cell cells[SC_RING_RECORDS];
};

/* False if the ring is full: the loss has been counted. *ret_half tells, now and then while more
 * than half of it is full, that it is time to wake the reader. */
bool sc_ring_put(struct sc_ring *ring, const struct sc_ring_record *record, uint64_t *ret_position,
                 bool *ret_half);

/* Counts one more open on the record that was put at that position; false if it was drained. */
bool sc_ring_repeat(struct sc_ring *ring, uint64_t position, uint64_t unique);

/* The oldest record, if there is one. A hole is passed over once *hole_since (CLOCK_MONOTONIC, kept
 * by the caller between calls, 0 at first) lies a second back; it counts as lost. */
bool sc_ring_take(struct sc_ring *ring, int64_t now, int64_t *hole_since,
                  struct sc_ring_record *ret);

#endif
