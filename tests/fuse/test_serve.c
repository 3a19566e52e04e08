/* SPDX-License-Identifier: Apache-2.0
 *
 * A worker without a kernel: requests are written to a socket, answers read from it. The feed is
 * the real one, its source lies in memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/fuse.h>

#include <cmocka.h>

#include "fuse/agent/feed.h"
#include "fuse/serve/loop.h"
#include "fuse/shared/node.h"
#include "tests/support/source_mem.h"

#include "core/banned.h"

struct bench {
    struct sc_source_mem *mem;
    struct sc_source source;
    struct sc_journal *journal;
    struct sc_feed feed;
    struct sc_serve serve;
    unsigned char *reply;
    int kernel, journal_fd, store_fd;
};

static int setup(void **state)
{
    struct sc_error err = {0};
    struct bench *bench = calloc(1, sizeof(*bench));
    int ends[2];
    bool secret = false;
    bench->mem = sc_source_mem_new();
    bench->source = sc_source_mem_source(bench->mem);
    sc_source_mem_set(bench->mem, "shop/db", "first", 5);
    sc_source_mem_set(bench->mem, "shop/web", "w", 1);
    sc_source_mem_set(bench->mem, "top", "", 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    int size = 4 * 1024 * 1024;
    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
    bench->kernel = ends[1];
    bool changed = false;
    assert_int_equal(sc_journal_create(&bench->journal_fd, &err), 0);
    assert_int_equal(sc_journal_map(bench->journal_fd, &bench->journal, &err), 0);
    assert_int_equal(sc_store_create(SC_STORE_MIN, &bench->store_fd, &secret, &err), 0);
    assert_int_equal(
        sc_feed_init(&bench->feed, &bench->source, bench->journal, bench->store_fd, &err), 0);
    assert_int_equal(sc_feed_sync(&bench->feed, &changed, &err), 0);
    assert_int_equal(sc_serve_init(&bench->serve, ends[0], bench->store_fd, bench->journal, &err),
                     0);
    bench->reply = sc_serve_buffer_new(&err);
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    int fd = bench->serve.fuse_fd;
    sc_serve_done(&bench->serve);
    sc_serve_buffer_free(bench->reply);
    sc_feed_done(&bench->feed);
    sc_source_mem_free(bench->mem);
    sc_journal_unmap(&bench->journal);
    close(fd);
    close(bench->kernel);
    close(bench->journal_fd);
    close(bench->store_fd);
    free(bench);
    return 0;
}

/* A request as the kernel writes it. */
static size_t make(unsigned char *to, uint32_t opcode, uint64_t node, const void *arguments,
                   size_t len)
{
    static uint64_t unique = 2;
    const struct fuse_in_header header = {.len = (uint32_t)(sizeof(header) + len),
                                          .opcode = opcode,
                                          .unique = unique,
                                          .nodeid = node,
                                          .pid = (uint32_t)getpid()};
    unique += 2;
    memcpy(to, &header, sizeof(header));
    if (len > 0)
        memcpy(to + sizeof(header), arguments, len);
    return sizeof(header) + len;
}

/* Whether it was answered. */
static bool serve(struct bench *bench, const unsigned char *request, size_t len)
{
    struct sc_turn turn = {
        .serve = &bench->serve, .reply = bench->reply, .bytes = request, .len = len};
    return sc_serve_request(&turn);
}

/* The errno of the answer; its data in `to`. */
static int answer(struct bench *bench, void *to, size_t size, size_t *ret_len)
{
    static unsigned char bytes[2 * SC_WIRE_REPLY_MAX];
    struct fuse_out_header header;
    ssize_t got = recv(bench->kernel, bytes, sizeof(bytes), MSG_DONTWAIT);
    assert_true(got >= (ssize_t)sizeof(header));
    memcpy(&header, bytes, sizeof(header));
    assert_int_equal(header.len, got);
    size_t len = (size_t)got - sizeof(header);
    if (to != NULL)
        memcpy(to, bytes + sizeof(header), SC_MIN(len, size));
    if (ret_len != NULL)
        *ret_len = len;
    return -header.error;
}

static int ask(struct bench *bench, uint32_t opcode, uint64_t node, const void *arguments,
               size_t len)
{
    unsigned char request[SC_JOURNAL_REQUEST];
    assert_true(serve(bench, request, make(request, opcode, node, arguments, len)));
    return answer(bench, NULL, 0, NULL);
}

static uint64_t file_id(const char *name)
{
    return sc_node_id(SC_NODE_FILE, name, strlen(name));
}

/* Opens; a value that is not there yet is fetched as the agent would. */
static int open_node(struct bench *bench, uint64_t node, uint64_t *ret_fh)
{
    unsigned char request[SC_JOURNAL_REQUEST];
    struct fuse_open_out out = {0};
    const struct fuse_open_in in = {.flags = O_RDONLY};
    size_t len = make(request, FUSE_OPEN, node, &in, sizeof(in));
    if (!serve(bench, request, len)) {
        const struct sc_journal_parked *parked = &bench->serve.bank->parked[0];
        assert_int_equal(parked->ask, SC_ASK_VALUE);
        assert_int_equal(sc_feed_value(&bench->feed, parked->node, parked->version, NULL), 0);
        struct sc_turn turn = {.serve = &bench->serve,
                               .reply = bench->reply,
                               .bytes = request,
                               .len = len,
                               .parked = parked};
        assert_true(sc_serve_request(&turn));
        atomic_store(&bench->serve.bank->parked[0].state, SC_PARKED_FREE);
    }
    int failure = answer(bench, &out, sizeof(out), NULL);
    *ret_fh = out.fh;
    return failure;
}

static void check_read(struct bench *bench, uint64_t node, uint64_t fh, const char *want)
{
    unsigned char request[SC_JOURNAL_REQUEST];
    char got[64] = "";
    size_t len = 0;
    const struct fuse_read_in in = {.fh = fh, .size = 4096};
    assert_true(serve(bench, request, make(request, FUSE_READ, node, &in, sizeof(in))));
    assert_int_equal(answer(bench, got, sizeof(got) - 1, &len), 0);
    assert_int_equal(len, strlen(want));
    assert_memory_equal(got, want, len);
}

static void test_names(void **state)
{
    struct bench *bench = *state;
    struct fuse_entry_out entry;
    unsigned char request[SC_JOURNAL_REQUEST];
    assert_true(serve(bench, request, make(request, FUSE_LOOKUP, 1, "shop", 5)));
    assert_int_equal(answer(bench, &entry, sizeof(entry), NULL), 0);
    uint64_t shop = entry.nodeid;
    assert_int_equal(shop, sc_node_id(SC_NODE_DIR, "shop", 4));
    assert_true(serve(bench, request, make(request, FUSE_LOOKUP, shop, "db", 3)));
    assert_int_equal(answer(bench, &entry, sizeof(entry), NULL), 0);
    assert_int_equal(entry.nodeid, file_id("shop/db"));
    assert_int_equal(entry.attr.size, 5);
    assert_int_equal(entry.generation, 0);
    assert_int_equal(entry.attr_valid + entry.entry_valid, 0);
    assert_int_equal(ask(bench, FUSE_LOOKUP, shop, "nope", 5), ENOENT);
    assert_int_equal(ask(bench, FUSE_LOOKUP, shop, "..", 3), ENOENT);
    assert_int_equal(ask(bench, FUSE_LOOKUP, 12345, "db", 3), ENOENT);
    assert_int_equal(ask(bench, FUSE_MKDIR, 1, "x", 2), EROFS);
    assert_int_equal(ask(bench, FUSE_GETXATTR, 1, "x", 2), ENOSYS);
    assert_int_equal(ask(bench, 9999, 1, NULL, 0), ENOSYS);
}

static void test_versions(void **state)
{
    struct bench *bench = *state;
    uint64_t node = file_id("shop/db"), first = 0, second = 0;
    bool changed = false;
    assert_int_equal(open_node(bench, node, &first), 0);
    assert_int_equal(sc_journal_handles(bench->journal, node, first & SC_HANDLE_VERSION), 1);
    sc_source_mem_set(bench->mem, "shop/db", "second!", 7);
    assert_int_equal(sc_feed_sync(&bench->feed, &changed, NULL), 0);
    assert_true(changed);
    assert_int_equal(open_node(bench, node, &second), 0);
    assert_true((second & SC_HANDLE_VERSION) > (first & SC_HANDLE_VERSION));
    check_read(bench, node, first, "first");
    check_read(bench, node, second, "second!");
    const struct fuse_release_in in = {.fh = first};
    assert_int_equal(ask(bench, FUSE_RELEASE, node, &in, sizeof(in)), 0);
    assert_int_equal(sc_journal_handles(bench->journal, node, first & SC_HANDLE_VERSION), 0);
    assert_int_equal(open_node(bench, file_id("top"), &first), 0);
    check_read(bench, file_id("top"), first, "");
}

static void test_removed_and_added_again(void **state)
{
    struct bench *bench = *state;
    uint64_t fh = 0, later = 0;
    bool changed = false;
    assert_int_equal(open_node(bench, file_id("shop/web"), &fh), 0);
    sc_source_mem_remove(bench->mem, "shop/web");
    assert_int_equal(sc_feed_sync(&bench->feed, &changed, NULL), 0);
    const struct fuse_open_in in = {.flags = O_RDONLY};
    assert_int_equal(ask(bench, FUSE_OPEN, file_id("shop/web"), &in, sizeof(in)), ENOENT);
    check_read(bench, file_id("shop/web"), fh, "w");
    sc_source_mem_set(bench->mem, "shop/web", "again", 5);
    assert_int_equal(sc_feed_sync(&bench->feed, &changed, NULL), 0);
    assert_int_equal(open_node(bench, file_id("shop/web"), &later), 0);
    check_read(bench, file_id("shop/web"), later, "again");
}

/* All is listed only where the source cannot tell what has changed. */
static void test_looks_at_changes(void **state)
{
    struct bench *bench = *state;
    uint64_t fh = 0;
    bool changed = true;
    unsigned lists = sc_source_mem_lists(bench->mem);
    assert_int_equal(sc_feed_sync(&bench->feed, &changed, NULL), 0);
    assert_false(changed);
    sc_source_mem_set(bench->mem, "shop/db", "second", 6);
    assert_int_equal(sc_feed_sync(&bench->feed, &changed, NULL), 0);
    assert_true(changed);
    sc_source_mem_set(bench->mem, "shop/new", "new", 3);
    assert_int_equal(sc_feed_sync(&bench->feed, &changed, NULL), 0);
    assert_int_equal(sc_source_mem_lists(bench->mem), lists);
    assert_int_equal(open_node(bench, file_id("shop/db"), &fh), 0);
    check_read(bench, file_id("shop/db"), fh, "second");
    assert_int_equal(open_node(bench, file_id("shop/new"), &fh), 0);
    check_read(bench, file_id("shop/new"), fh, "new");
    /* One that is gone, one that cannot be looked at, and more than the source remembers. */
    sc_source_mem_remove(bench->mem, "shop/new");
    assert_int_equal(sc_feed_sync(&bench->feed, &changed, NULL), 0);
    assert_int_equal(sc_source_mem_lists(bench->mem), lists + 1);
    sc_source_mem_set(bench->mem, "shop/db", "third", 5);
    sc_source_mem_set(bench->mem, "shop/web", "2", 1);
    assert_int_equal(sc_feed_sync(&bench->feed, &changed, NULL), 0);
    assert_int_equal(sc_source_mem_lists(bench->mem), lists + 2);
    assert_int_equal(open_node(bench, file_id("shop/db"), &fh), 0);
    check_read(bench, file_id("shop/db"), fh, "third");
    /* What could not be told is told the next time. */
    sc_source_mem_set(bench->mem, "shop/db", "fourth", 6);
    sc_source_mem_fail(bench->mem, NULL, SC_E_IO);
    assert_int_equal(sc_feed_sync(&bench->feed, &changed, NULL), SC_E_IO);
    sc_source_mem_fail(bench->mem, NULL, 0);
    assert_int_equal(sc_feed_sync(&bench->feed, &changed, NULL), 0);
    assert_int_equal(open_node(bench, file_id("shop/db"), &fh), 0);
    check_read(bench, file_id("shop/db"), fh, "fourth");
}

/* The kernel asks for the size before it opens, and cuts what sendfile reads at that. */
static void test_rotated_before_open(void **state)
{
    struct bench *bench = *state;
    uint64_t node = file_id("shop/db"), fh = 0;
    bool changed = false;
    const struct fuse_getattr_in size = {0};
    const struct fuse_open_in in = {.flags = O_RDONLY};
    assert_int_equal(open_node(bench, node, &fh), 0);
    assert_int_equal(ask(bench, FUSE_GETATTR, node, &size, sizeof(size)), 0);
    sc_source_mem_set(bench->mem, "shop/db", "a longer one", 12);
    assert_int_equal(sc_feed_sync(&bench->feed, &changed, NULL), 0);
    /* It must look again, and then gets in; also when the first look was at what it had open. */
    assert_int_equal(ask(bench, FUSE_OPEN, node, &in, sizeof(in)), ESTALE);
    assert_int_equal(ask(bench, FUSE_GETATTR, node, &size, sizeof(size)), 0);
    assert_int_equal(open_node(bench, node, &fh), 0);
    check_read(bench, node, fh, "a longer one");
    /* The kernel tries once more only: it is not sent back twice. */
    assert_int_equal(ask(bench, FUSE_GETATTR, node, &size, sizeof(size)), 0);
    sc_source_mem_set(bench->mem, "shop/db", "three", 5);
    assert_int_equal(sc_feed_sync(&bench->feed, &changed, NULL), 0);
    assert_int_equal(ask(bench, FUSE_OPEN, node, &in, sizeof(in)), ESTALE);
    assert_int_equal(ask(bench, FUSE_GETATTR, node, &size, sizeof(size)), 0);
    sc_source_mem_set(bench->mem, "shop/db", "number four", 11);
    assert_int_equal(sc_feed_sync(&bench->feed, &changed, NULL), 0);
    assert_int_equal(open_node(bench, node, &fh), 0);
    check_read(bench, node, fh, "number four");
    /* And then again, if it asks anew. */
    assert_int_equal(ask(bench, FUSE_GETATTR, node, &size, sizeof(size)), 0);
    sc_source_mem_set(bench->mem, "shop/db", "five", 4);
    assert_int_equal(sc_feed_sync(&bench->feed, &changed, NULL), 0);
    assert_int_equal(ask(bench, FUSE_OPEN, node, &in, sizeof(in)), ESTALE);
}

/* Takes all from the ring: the opens of that node with that result. */
static uint64_t drain(struct bench *bench, uint64_t node, int result)
{
    struct sc_ring_record record;
    uint64_t opens = 0;
    int64_t hole_since = 0;
    while (sc_ring_take(&bench->journal->ring, 0, &hole_since, &record))
        opens += record.node == node && record.result == result ? record.opens : 0;
    return opens;
}

static void test_refusals(void **state)
{
    struct bench *bench = *state;
    uint64_t node = file_id("shop/db"), fh = 0;
    const struct fuse_open_in write = {.flags = O_RDWR};
    const struct fuse_open_in read_only = {.flags = O_RDONLY};
    assert_int_equal(ask(bench, FUSE_OPEN, node, &write, sizeof(write)), EROFS);
    /* Who tells watchers of a rotation opens for writing, and gets nothing to read that way: its
     * number may have become another process's. */
    const struct fuse_open_in nudge = {.flags = O_WRONLY};
    const struct fuse_read_in read_in = {.fh = 0, .size = 100};
    assert_int_equal(ask(bench, FUSE_OPEN, node, &nudge, sizeof(nudge)), EROFS);
    atomic_store(&bench->journal->nudge_pid, getpid());
    assert_int_equal(ask(bench, FUSE_OPEN, node, &nudge, sizeof(nudge)), 0);
    assert_int_equal(ask(bench, FUSE_OPEN, node, &write, sizeof(write)), EROFS);
    assert_int_equal(ask(bench, FUSE_READ, node, &read_in, sizeof(read_in)), EBADF);
    atomic_store(&bench->journal->nudge_pid, 0);
    assert_int_equal(
        ask(bench, FUSE_OPEN, sc_node_id(SC_NODE_DIR, "shop", 4), &read_only, sizeof(read_only)),
        EISDIR);
    atomic_store(&bench->journal->locked, 1);
    assert_int_equal(ask(bench, FUSE_OPEN, node, &read_only, sizeof(read_only)), ENOKEY);
    atomic_store(&bench->journal->locked, 0);
    assert_int_equal(open_node(bench, node, &fh), 0);
    /* Every open is in the ring, be it as a count. */
    assert_int_equal(open_node(bench, node, &fh), 0);
    assert_int_equal(open_node(bench, node, &fh), 0);
    assert_int_equal(drain(bench, node, 0), 3);
    assert_int_equal(drain(bench, node, 0), 0);
    /* A full ring loses the record and says so; with log_deny it refuses. */
    bool half = false;
    unsigned bells = 0;
    uint64_t position = 0;
    for (int i = 0; i < SC_RING_RECORDS; i++, bells += half) {
        const struct sc_ring_record record = {0};
        SC_IGNORE(!sc_ring_put(&bench->journal->ring, &record, &position, &half));
    }
    assert_in_range(bells, 1, 8); /* and before, the reader is asked to come */
    uint64_t lost = atomic_load(&bench->journal->ring.lost);
    assert_int_equal(open_node(bench, node, &fh), 0);
    bench->journal->log_deny = true;
    assert_int_equal(open_node(bench, node, &fh), EACCES);
    assert_int_equal(atomic_load(&bench->journal->ring.lost), lost + 2);
}

/* The source fails: whoever waits gets an error, and the next one asks again. */
static void test_source_fails(void **state)
{
    struct bench *bench = *state;
    uint64_t node = file_id("shop/db"), fh = 0;
    unsigned char request[SC_JOURNAL_REQUEST];
    const struct fuse_open_in in = {.flags = O_RDONLY};
    sc_source_mem_fail(bench->mem, "shop/db", SC_E_LOCKED);
    size_t len = make(request, FUSE_OPEN, node, &in, sizeof(in));
    assert_false(serve(bench, request, len));
    struct sc_journal_parked *parked = &bench->serve.bank->parked[0];
    assert_int_equal(sc_feed_value(&bench->feed, node, parked->version, NULL), 0);
    struct sc_turn turn = {.serve = &bench->serve,
                           .reply = bench->reply,
                           .bytes = request,
                           .len = len,
                           .parked = parked};
    assert_true(sc_serve_request(&turn));
    assert_int_equal(answer(bench, NULL, 0, NULL), ENOKEY);
    atomic_store(&parked->state, SC_PARKED_FREE);
    sc_source_mem_fail(bench->mem, "shop/db", 0);
    assert_int_equal(open_node(bench, node, &fh), 0);
}

static int read_as(struct bench *bench, uint64_t fh, uint32_t tid)
{
    unsigned char request[SC_JOURNAL_REQUEST];
    const struct fuse_read_in in = {.fh = fh, .size = 4096};
    size_t len = make(request, FUSE_READ, file_id("shop/db"), &in, sizeof(in));
    memcpy(request + offsetof(struct fuse_in_header, pid), &tid, sizeof(tid));
    assert_true(serve(bench, request, len));
    return answer(bench, NULL, 0, NULL);
}

static bool take_note(struct bench *bench, struct sc_ring_record *ret)
{
    int64_t hole = 0;
    return sc_ring_take(&bench->journal->ring, sc_journal_now(), &hole, ret);
}

struct thread {
    uint32_t tid;
    int ready, end;
};

static void *wait_in_thread(void *context)
{
    struct thread *thread = context;
    char byte = 0;
    thread->tid = (uint32_t)gettid();
    SC_IGNORE(write(thread->ready, "r", 1) != 1 || read(thread->end, &byte, 1) < 0);
    return NULL;
}

/* Of an open file that another process reads, that process is noted: once, not for each read. */
static void test_handed_on(void **state)
{
    struct bench *bench = *state;
    struct sc_ring_record record;
    uint64_t fh = 0, second = 0;
    int ready[2], end[2];
    pthread_t id;
    char byte = 0;
    bench->journal->identity = true;
    assert_int_equal(pipe(ready) + pipe(end), 0);
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    struct thread thread = {.ready = ready[1], .end = end[0]};
    assert_int_equal(pthread_create(&id, NULL, wait_in_thread, &thread), 0);
    assert_int_equal(read(ready[0], &byte, 1), 1);

    assert_int_equal(open_node(bench, file_id("shop/db"), &fh), 0);
    assert_true(take_note(bench, &record));
    assert_int_equal(record.result, 0);
    assert_int_equal(read_as(bench, fh, (uint32_t)getpid()), 0);
    assert_int_equal(read_as(bench, fh, thread.tid), 0);
    assert_int_equal(read_as(bench, fh, 0), 0);
    assert_false(take_note(bench, &record));
    assert_int_equal(read_as(bench, fh, (uint32_t)child), 0);
    assert_true(take_note(bench, &record));
    assert_int_equal(record.result, SC_RING_HANDED_ON);
    assert_int_equal(record.node, file_id("shop/db"));
    assert_int_equal(record.version, fh & SC_HANDLE_VERSION);
    assert_int_equal(record.reader.tgid, child);
    assert_int_equal(read_as(bench, fh, (uint32_t)child), 0);
    assert_false(take_note(bench, &record));

    /* One that cannot be noted is refused where opens are. */
    assert_int_equal(open_node(bench, file_id("shop/db"), &second), 0);
    bool half = false;
    uint64_t position = 0;
    while (sc_ring_put(&bench->journal->ring, &record, &position, &half))
        ;
    bench->journal->log_deny = true;
    assert_int_equal(read_as(bench, second, (uint32_t)child), EACCES);
    assert_int_equal(read_as(bench, second, (uint32_t)getpid()), 0);

    assert_int_equal(write(end[1], "e", 1), 1);
    pthread_join(id, NULL);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(end[i]);
    }
}

/* A dead worker's requests, in a slot and parked, are answered once by the next. */
static void test_replay(void **state)
{
    struct bench *bench = *state;
    uint64_t fh = 0;
    bool more = false;
    const struct fuse_getattr_in in = {0};
    assert_int_equal(open_node(bench, file_id("shop/db"), &fh), 0);
    struct sc_journal_bank *dead = &bench->journal->banks[3];
    atomic_store(&dead->pid, 0x7ffffff0);
    atomic_store(&dead->start, 1);
    atomic_store(&dead->state, SC_BANK_SERVING);
    make(dead->slots[2].request, FUSE_GETATTR, file_id("shop/db"), &in, sizeof(in));
    assert_int_equal(sc_loop_adopt(&bench->serve, bench->reply, &more), 1);
    assert_false(more);
    assert_int_equal(answer(bench, NULL, 0, NULL), 0);
    assert_int_equal(atomic_load(&dead->pid), 0);
    assert_int_equal(sc_loop_adopt(&bench->serve, bench->reply, &more), 0);
}

/* Moving to other memory keeps what readers hold. */
static size_t waiting(const struct bench *bench)
{
    size_t count = 0;
    for (size_t i = 0; i < SC_JOURNAL_PARKED; i++)
        count += atomic_load(&bench->serve.bank->parked[i].state) == SC_PARKED_WAITING;
    return count;
}

/* A worker that was sent SIGKILL and is not gone is looked at every few milliseconds. */
static void test_dying_waits_once(void **state)
{
    struct bench *bench = *state;
    bool more = false;
    const struct fuse_open_in in = {.flags = O_RDONLY};
    struct sc_journal_bank *dying = &bench->journal->banks[3];
    atomic_store(&dying->pid, getppid());
    atomic_store(&dying->state, SC_BANK_KILLED);
    make(dying->slots[2].request, FUSE_OPEN, file_id("shop/db"), &in, sizeof(in));
    for (int i = 0; i < 3; i++) {
        SC_IGNORE(sc_loop_adopt(&bench->serve, bench->reply, &more));
        assert_true(more);
        assert_int_equal(waiting(bench), 1);
    }
}

static void put_policy(struct bench *bench, uint32_t opens)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf bytes = SC_BUF_INIT(SC_POLICY_BYTES_MAX);
    const struct sc_rule rule = {.glob = "shop/*", .opens = opens};
    sc_policy_encode(&bytes, &rule);
    bench->feed.policy = sc_buf_view(&bytes);
    bench->feed.policy_rules = 1;
    assert_int_equal(sc_feed_policy(&bench->feed, NULL), 0);
}

/* A worker that has counted an open and dies before it answers takes nothing from the reader. */
static void test_replay_counts_once(void **state)
{
    struct bench *bench = *state;
    uint64_t node = file_id("shop/db"), fh = 0;
    unsigned char request[SC_JOURNAL_REQUEST];
    const struct fuse_open_in in = {.flags = O_RDONLY};
    assert_int_equal(open_node(bench, node, &fh), 0);
    put_policy(bench, 1);
    size_t len = make(request, FUSE_OPEN, node, &in, sizeof(in));
    assert_true(serve(bench, request, len));
    assert_int_equal(answer(bench, NULL, 0, NULL), 0);
    struct sc_turn again = {.serve = &bench->serve,
                            .reply = bench->reply,
                            .bytes = request,
                            .len = len,
                            .replay = true};
    assert_true(sc_serve_request(&again));
    assert_int_equal(answer(bench, NULL, 0, NULL), 0);
    assert_int_equal(ask(bench, FUSE_OPEN, node, &in, sizeof(in)), EACCES);
}

/* Agents that come and go do not fill the store with what it says already. */
static void test_agent_again(void **state)
{
    struct bench *bench = *state;
    put_policy(bench, 1);
    put_policy(bench, 2);
    uint64_t committed = sc_store_committed(&bench->feed.store);
    struct sc_feed kept = bench->feed;
    for (uint32_t opens = 2; opens < 4; opens++) {
        assert_int_equal(
            sc_feed_init(&bench->feed, &bench->source, bench->journal, bench->store_fd, NULL), 0);
        assert_int_equal(sc_feed_learn(&bench->feed, NULL), 0);
        put_policy(bench, opens);
        assert_int_equal(sc_store_committed(&bench->feed.store) == committed, opens == 2);
        sc_feed_done(&bench->feed);
    }
    bench->feed = kept;
}

/* Of very many containers the latest are remembered. */
static void test_many_containers(void **state)
{
    struct bench *bench = *state;
    struct sc_store_container facts = {.known = 1};
    unsigned char first[SC_CONTAINER_ID_SIZE] = {0};
    for (uint32_t i = 0; i < SC_FEED_CONTAINERS_MAX + 10; i++) {
        memcpy(facts.id, &i, sizeof(i));
        SC_IGNORE(
            sc_feed_container(&bench->feed, &facts, NULL)); /* the store is full at some time */
    }
    assert_true(bench->feed.container_count <= SC_FEED_CONTAINERS_MAX);
    assert_non_null(sc_feed_find_container(&bench->feed, facts.id));
    assert_null(sc_feed_find_container(&bench->feed, first));
}

static void test_move(void **state)
{
    struct bench *bench = *state;
    struct sc_error err = {0};
    uint64_t fh = 0;
    bool secret = false, changed = false;
    assert_int_equal(open_node(bench, file_id("shop/db"), &fh), 0);
    sc_source_mem_remove(bench->mem, "shop/web");
    assert_int_equal(sc_feed_sync(&bench->feed, &changed, &err), 0);
    int fd = -1;
    assert_int_equal(sc_store_create(SC_STORE_MIN, &fd, &secret, &err), 0);
    assert_int_equal(sc_feed_move(&bench->feed, fd, false, &err), 0);
    struct sc_serve next;
    assert_int_equal(sc_serve_init(&next, bench->serve.fuse_fd, fd, bench->journal, &err), 0);
    assert_non_null(sc_view_value(&next.view, file_id("shop/db"), fh & SC_HANDLE_VERSION));
    assert_true(sc_view_node(&next.view, file_id("shop/db"))->live);
    assert_false(sc_view_node(&next.view, file_id("shop/web"))->live);
    sc_serve_done(&next);
    close(fd);
}

static void test_full_store(void **state)
{
    struct bench *bench = *state;
    char *big = calloc(1, SC_VALUE_MAX);
    bool changed = false;
    uint64_t fh = 0;
    sc_source_mem_set(bench->mem, "shop/db", big, SC_VALUE_MAX);
    assert_int_equal(sc_feed_sync(&bench->feed, &changed, NULL), 0);
    assert_int_equal(open_node(bench, file_id("shop/db"), &fh), 0);
    sc_source_mem_set(bench->mem, "shop/web", big, SC_VALUE_MAX);
    assert_int_equal(sc_feed_sync(&bench->feed, &changed, NULL), 0);
    uint64_t version = sc_view_node(&bench->serve.view, file_id("shop/web"))->version + 1;
    assert_int_equal(sc_feed_value(&bench->feed, file_id("shop/web"), version, NULL), SC_E_TOOBIG);
    assert_true(bench->feed.full);
    assert_true(sc_feed_needed(&bench->feed, false) > SC_VALUE_MAX);

    /* An entry that changes while there is no room for the note is not gone for that. */
    sc_source_mem_set(bench->mem, "shop/db", "small", 5);
    uint64_t room = bench->feed.store.capacity;
    bench->feed.store.capacity = sc_store_committed(&bench->feed.store);
    assert_int_equal(sc_feed_sync(&bench->feed, &changed, NULL), SC_E_TOOBIG);
    bench->feed.store.capacity = room;

    /* The value that is held goes along, nobody's does not. */
    int fd = -1;
    bool secret = false;
    assert_true(sc_feed_needed(&bench->feed, true) > SC_VALUE_MAX);
    assert_int_equal(sc_store_create(SC_STORE_MIN, &fd, &secret, NULL), 0);
    assert_int_equal(sc_feed_move(&bench->feed, fd, true, NULL), 0);
    assert_false(bench->feed.full);
    close(fd);
    fh &= SC_HANDLE_VERSION;
    assert_int_equal(bench->feed.value_count, 1);
    assert_int_equal(bench->feed.values[0].version, fh);
    sc_journal_count_handle(bench->journal, file_id("shop/db"), fh, -1);
    assert_true(sc_feed_needed(&bench->feed, true) < SC_VALUE_MAX);
    assert_int_equal(sc_store_create(SC_STORE_MIN, &fd, &secret, NULL), 0);
    assert_int_equal(sc_feed_move(&bench->feed, fd, true, NULL), 0);
    assert_int_equal(bench->feed.value_count, 0);

    /* Told to who waits when there is no more memory. */
    assert_int_equal(sc_feed_value(&bench->feed, file_id("shop/web"), version, NULL), 0);
    bench->feed.store.capacity = sc_store_committed(&bench->feed.store) + 4096;
    bench->feed.cramped = true;
    version = sc_view_node(&bench->serve.view, file_id("shop/db"))->version + 1;
    assert_int_equal(sc_feed_value(&bench->feed, file_id("shop/db"), version, NULL), 0);
    bench->feed.store.capacity = room;
    struct sc_serve next;
    assert_int_equal(sc_serve_init(&next, bench->serve.fuse_fd, fd, bench->journal, NULL), 0);
    assert_int_equal(sc_view_node(&next.view, file_id("shop/db"))->failed_errno, ENOMEM);
    assert_true(sc_view_node(&next.view, file_id("shop/db"))->live);
    sc_serve_done(&next);
    close(fd);
    free(big);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_names),
        TEST(test_versions),
        TEST(test_removed_and_added_again),
        TEST(test_looks_at_changes),
        TEST(test_rotated_before_open),
        TEST(test_refusals),
        TEST(test_source_fails),
        TEST(test_handed_on),
        TEST(test_replay),
        TEST(test_dying_waits_once),
        TEST(test_replay_counts_once),
        TEST(test_agent_again),
        TEST(test_many_containers),
        TEST(test_move),
        TEST(test_full_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
