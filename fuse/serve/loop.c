/* SPDX-License-Identifier: Apache-2.0
 *
 * Serving threads; see fuse/serve/loop.h.
 */
#include "fuse/serve/loop.h"

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "core/banned.h"

#define DRAIN_SIGNAL   SIGUSR1
#define DRAIN_PAUSE_NS 2000000L

/* Only there to end a read(2): without SA_RESTART it fails with EINTR. */
static void on_drain(int signal_number)
{
    (void)signal_number;
}

/* False when the thread shall leave. */
static bool read_request(const struct sc_loop_thread *thread, ssize_t *ret_len)
{
    struct sc_serve *serve = thread->loop->serve;
    *ret_len = read(serve->fuse_fd, thread->slot->request, SC_JOURNAL_REQUEST);
    if (*ret_len > 0)
        return true;
    /* ENOENT: the caller was killed while its request was handed over. */
    if (*ret_len < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT))
        return true;
    atomic_store(&thread->loop->disconnected, true);
    return false;
}

static void *serve_thread(void *context)
{
    struct sc_loop_thread *thread = context;
    struct sc_serve *serve = thread->loop->serve;
    unsigned char *request = thread->slot->request;
    while (!atomic_load(&serve->stop)) {
        ssize_t len = 0;
        if (!read_request(thread, &len))
            break;
        if (len <= 0)
            continue;
        /* Answered or parked: either way the slot is free again. */
        struct sc_turn turn = {
            .serve = serve, .reply = thread->reply, .bytes = request, .len = (size_t)len};
        SC_IGNORE(sc_serve_request(&turn));
        sc_journal_clear(request);
    }
    atomic_fetch_sub(&thread->loop->running, 1);
    return NULL;
}

static int start_threads(struct sc_loop *loop, unsigned threads, struct sc_error *err)
{
    const struct sigaction action = {.sa_handler = on_drain};
    sigaction(DRAIN_SIGNAL, &action, NULL);
    for (unsigned i = 0; i < threads; i++) {
        loop->contexts[i].slot = &loop->serve->bank->slots[i];
        atomic_fetch_add(&loop->running, 1);
        if (pthread_create(&loop->threads[i], NULL, serve_thread, &loop->contexts[i]) != 0) {
            atomic_fetch_sub(&loop->running, 1);
            return sc_fail_nomem(err);
        }
        loop->thread_count++;
    }
    if (pthread_create(&loop->tender, NULL, sc_loop_tend, &loop->contexts[SC_JOURNAL_SLOTS]) != 0)
        return sc_fail_nomem(err);
    loop->tending = true;
    return 0;
}

/* A request that a dead worker had taken is in the journal; one that the kernel had handed over
 * while that worker died is too. RESEND covers what neither can: a slot overwritten by a bug, or a
 * journal lost with both holders. It changes the numbers of requests, so it comes after the
 * journal. */
static void recover(struct sc_loop *loop, unsigned char *reply)
{
    struct sc_journal *journal = loop->serve->journal;
    bool more = false;
    unsigned answered = sc_loop_adopt(loop->serve, reply, &more);
    atomic_fetch_add(&journal->replayed, answered);
    if (atomic_load(&journal->generation) > 1 && journal->resend)
        SC_IGNORE(sc_wire_notify_resend(loop->serve->fuse_fd));
}

int sc_loop_start(struct sc_loop *loop, struct sc_serve *serve, unsigned threads,
                  struct sc_error *err)
{
    *loop = (struct sc_loop){.serve = serve};
    threads = SC_MAX(2U, SC_MIN(threads, (unsigned)SC_JOURNAL_SLOTS));
    for (unsigned i = 0; i <= SC_JOURNAL_SLOTS; i++) {
        if (i >= threads && i < SC_JOURNAL_SLOTS)
            continue;
        loop->contexts[i].loop = loop;
        loop->contexts[i].reply = sc_serve_buffer_new(err);
        if (loop->contexts[i].reply == NULL)
            return SC_E_NOMEM;
    }
    recover(loop, loop->contexts[SC_JOURNAL_SLOTS].reply);
    return start_threads(loop, threads, err);
}

void sc_loop_drain(struct sc_loop *loop)
{
    const struct timespec pause = {.tv_nsec = DRAIN_PAUSE_NS};
    atomic_store(&loop->serve->stop, true);
    while (atomic_load(&loop->running) > 0) {
        for (unsigned i = 0; i < loop->thread_count; i++)
            pthread_kill(loop->threads[i], DRAIN_SIGNAL);
        nanosleep(&pause, NULL);
    }
    for (unsigned i = 0; i < loop->thread_count; i++)
        pthread_join(loop->threads[i], NULL);
    if (loop->tending) {
        sc_journal_wake(loop->serve->journal);
        pthread_join(loop->tender, NULL);
    }
    for (size_t i = 0; i <= SC_JOURNAL_SLOTS; i++)
        sc_serve_buffer_free(loop->contexts[i].reply);
}
