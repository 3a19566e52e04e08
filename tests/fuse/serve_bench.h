/* SPDX-License-Identifier: Apache-2.0
 *
 * A worker without a kernel: requests are written to a socket, answers read from it. The feed is
 * the real one, its source lies in memory. For the tests of fuse/serve alone.
 */
#ifndef SC_TESTS_FUSE_SERVE_BENCH_H
#define SC_TESTS_FUSE_SERVE_BENCH_H

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

static inline int setup(void **state)
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

static inline int teardown(void **state)
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
static inline size_t make(unsigned char *to, uint32_t opcode, uint64_t node, const void *arguments,
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
static inline bool serve(struct bench *bench, const unsigned char *request, size_t len)
{
    struct sc_turn turn = {
        .serve = &bench->serve, .reply = bench->reply, .bytes = request, .len = len};
    return sc_serve_request(&turn);
}

/* The errno of the answer; its data in `to`. */
static inline int answer(struct bench *bench, void *to, size_t size, size_t *ret_len)
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

static inline int ask(struct bench *bench, uint32_t opcode, uint64_t node, const void *arguments,
                      size_t len)
{
    unsigned char request[SC_JOURNAL_REQUEST];
    assert_true(serve(bench, request, make(request, opcode, node, arguments, len)));
    return answer(bench, NULL, 0, NULL);
}

static inline uint64_t file_id(const char *name)
{
    return sc_node_id(SC_NODE_FILE, name, strlen(name));
}

/* Opens; a value that is not there yet is fetched as the agent would. */
static inline int open_node(struct bench *bench, uint64_t node, uint64_t *ret_fh)
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

static inline void check_read(struct bench *bench, uint64_t node, uint64_t fh, const char *want)
{
    unsigned char request[SC_JOURNAL_REQUEST];
    char got[64] = "";
    size_t len = 0;
    const struct fuse_read_in in = {.fh = fh, .size = 4096};
    assert_true(serve(bench, request, make(request, FUSE_READ, node, &in, sizeof(in))));
    assert_int_equal(answer(bench, got, sizeof(got) - 1, &len), 0);
    assert_int_equal(len, strlen(want));
    assert_memory_equal(got, want, len);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(bench->reply[i], 0); /* no copy stays */
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

#endif
