/* SPDX-License-Identifier: Apache-2.0
 *
 * What a worker answers: names, versions, rotations, refusals, a source that fails.
 */
#include "tests/fuse/serve_bench.h"

#include "fuse/agent/policy_file.h"

#include "core/banned.h"

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

/* The errno of an OPEN that a worker before this one may have answered. */
static int open_again(struct bench *bench, uint64_t node, uint64_t unique)
{
    unsigned char request[SC_JOURNAL_REQUEST];
    const struct fuse_open_in in = {.flags = O_RDONLY};
    size_t len = make(request, FUSE_OPEN, node, &in, sizeof(in));
    memcpy(request + offsetof(struct fuse_in_header, unique), &unique, sizeof(unique));
    struct sc_turn turn = {.serve = &bench->serve,
                           .reply = bench->reply,
                           .bytes = request,
                           .len = len,
                           .replay = true};
    assert_true(sc_serve_request(&turn));
    return answer(bench, NULL, 0, NULL);
}

static void test_limited_opens(void **state)
{
    struct bench *bench = *state;
    uint64_t node = file_id("shop/db"), fh = 0;
    unsigned rules = 0;
    SC_CLEANUP(sc_buf_done) struct sc_buf bytes = SC_BUF_INIT(1024);
    assert_int_equal(open_node(bench, node, &fh), 0);
    assert_int_equal(sc_policy_parse("allow shop/db opens 2\n", "p", &bytes, &rules, NULL), 0);
    assert_int_equal(
        sc_policy_decode(&bench->serve.view.policy, sc_buf_view(&bytes).ptr, bytes.len, NULL), 0);
    assert_int_equal(open_again(bench, node, 1000), 0);
    assert_int_equal(open_again(bench, node, 1000), 0); /* was counted */
    assert_int_equal(open_again(bench, node, 1002), 0);
    assert_int_equal(open_again(bench, node, 1004), EACCES);
    assert_int_equal(open_node(bench, node, &fh), EACCES);
    /* No counter is free: what cannot be counted is not granted. */
    for (size_t i = 0; i < SC_JOURNAL_OPENS; i++)
        atomic_store(&bench->journal->opens[i].rule, 1);
    assert_int_equal(open_again(bench, node, 1002), EACCES);
}

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
        TEST(test_limited_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
