/* SPDX-License-Identifier: Apache-2.0
 *
 * Hashing beside the search; see audit/image/hasher.h.
 */
#include "audit/image/hasher.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "core/banned.h"

/* Bytes from which a piece is worth waking a thread. */
#define PIECE_MIN ((size_t)64 * 1024)

struct sc_hasher {
    pthread_t thread;
    bool started, alone; /* alone: there will be no thread */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under the lock: */
    struct sc_sha256 *hash; /* NULL: nothing to do */
    struct sc_bytes data;
    bool ending;
};

static void *hash_pieces(void *ctx)
{
    struct sc_hasher *hasher = ctx;
    pthread_mutex_lock(&hasher->lock);
    while (!hasher->ending) {
        if (hasher->hash == NULL) {
            pthread_cond_wait(&hasher->changed, &hasher->lock);
            continue;
        }
        struct sc_sha256 *hash = hasher->hash;
        struct sc_bytes data = hasher->data;
        pthread_mutex_unlock(&hasher->lock);
        sc_sha256_add(hash, data);
        pthread_mutex_lock(&hasher->lock);
        hasher->hash = NULL;
        pthread_cond_broadcast(&hasher->changed);
    }
    pthread_mutex_unlock(&hasher->lock);
    return NULL;
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
    pthread_mutex_init(&hasher->lock, NULL);
    pthread_cond_init(&hasher->changed, NULL);
    return hasher;
}

void sc_hasher_free(struct sc_hasher *hasher)
{
    if (hasher == NULL)
        return;
    if (hasher->started) {
        sc_hasher_wait(hasher);
        pthread_mutex_lock(&hasher->lock);
        hasher->ending = true;
        pthread_cond_broadcast(&hasher->changed);
        pthread_mutex_unlock(&hasher->lock);
        pthread_join(hasher->thread, NULL);
    }
    pthread_cond_destroy(&hasher->changed);
    pthread_mutex_destroy(&hasher->lock);
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
    pthread_mutex_lock(&hasher->lock);
    hasher->hash = hash;
    hasher->data = data;
    pthread_cond_broadcast(&hasher->changed);
    pthread_mutex_unlock(&hasher->lock);
}

void sc_hasher_wait(struct sc_hasher *hasher)
{
    if (!hasher->started)
        return;
    pthread_mutex_lock(&hasher->lock);
    while (hasher->hash != NULL)
        pthread_cond_wait(&hasher->changed, &hasher->lock);
    pthread_mutex_unlock(&hasher->lock);
}
