/* SPDX-License-Identifier: Apache-2.0
 *
 * What a worker hands on and takes over: reads by another process, requests and parked opens of a
 * dead worker, a next agent, a store that moves or is full.
 */
#include "tests/fuse/serve_bench.h"

#include "core/banned.h"

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
    size_t room = bench->feed.store.capacity;
    bench->feed.store.capacity = (size_t)sc_store_committed(&bench->feed.store);
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
    bench->feed.store.capacity = (size_t)sc_store_committed(&bench->feed.store) + 4096;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
