/* SPDX-License-Identifier: Apache-2.0
 *
 * Hashing beside the search; see audit/image/hasher.h.
 */
#include "audit/image/hasher.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>

#include "core/banned.h"

/* Bytes from which a piece is worth waking a thread. */
#define PIECE_MIN ((size_t)64 * 1024)

struct sc_hasher {
    pthread_t thread;
    bool started, alone;    /* alone: there will be no thread */
    bool busy;              /* a piece has been handed over and not been waited for */
    sem_t work, done;       /* each wakes one side, and only if it sleeps */
    struct sc_sha256 *hash; /* of the piece; NULL: the thread ends */
    struct sc_bytes data;
};

/* A signal that is caught here is no piece. */
static void wait_for(sem_t *what)
{
    while (sem_wait(what) < 0 && errno == EINTR)
        continue;
}

static void *hash_pieces(void *ctx)
{
    struct sc_hasher *hasher = ctx;
    for (;;) {
        wait_for(&hasher->work);
        if (hasher->hash == NULL)
            return NULL;
        sc_sha256_add(hasher->hash, hasher->data);
        sem_post(&hasher->done);
    }
}

static void hand_over(struct sc_hasher *hasher, struct sc_sha256 *hash, struct sc_bytes data)
{
    hasher->hash = hash;
    hasher->data = data;
    sem_post(&hasher->work);
}

struct sc_hasher *sc_hasher_new(struct sc_error *err)
{
    struct sc_hasher *hasher = calloc(1, sizeof(*hasher));
    if (hasher == NULL) {
        SC_IGNORE(sc_fail_nomem(err)); /* the code is in err */
        return NULL;
    }
    cpu_set_t processors;
    hasher->alone =
        sched_getaffinity(0, sizeof(processors), &processors) == 0 && CPU_COUNT(&processors) < 2;
    sem_init(&hasher->work, 0, 0);
    sem_init(&hasher->done, 0, 0);
    return hasher;
}

void sc_hasher_free(struct sc_hasher *hasher)
{
    if (hasher == NULL)
        return;
    if (hasher->started) {
        sc_hasher_wait(hasher);
        hand_over(hasher, NULL, (struct sc_bytes){0});
        pthread_join(hasher->thread, NULL);
    }
    sem_destroy(&hasher->work);
    sem_destroy(&hasher->done);
    free(hasher);
}

/* Signals are for the thread that began. */
static void start(struct sc_hasher *hasher)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    hasher->started = pthread_create(&hasher->thread, NULL, hash_pieces, hasher) == 0;
    hasher->alone = !hasher->started;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void sc_hasher_begin(struct sc_hasher *hasher, struct sc_sha256 *hash, struct sc_bytes data)
{
    bool large = data.len >= PIECE_MIN;
    if (large && !hasher->started && !hasher->alone)
        start(hasher);
    if (!large || !hasher->started) {
        sc_sha256_add(hash, data);
        return;
    }
    hasher->busy = true;
    hand_over(hasher, hash, data);
}

void sc_hasher_wait(struct sc_hasher *hasher)
{
    if (hasher->busy)
        wait_for(&hasher->done);
    hasher->busy = false;
}
