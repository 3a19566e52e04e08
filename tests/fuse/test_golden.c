/* SPDX-License-Identifier: Apache-2.0
 *
 * What an older program has left in memory, and this one has to go on with: journal and store as
 * each released layout has them lie in tests/fuse/golden, in lines "journal|store OFFSET BYTES".
 * With the name of a file as its argument the program writes one; none is ever changed.
 */
#include <stdio.h>

#include "tests/fuse/serve_bench.h"

#include "core/parse.h"
#include "fuse/hold/process.h"

#include "core/banned.h"

#define LINE    64
#define DEAD    0x7ffffff0
#define ENTRIES 3
#define UNKNOWN 4711                         /* a type of record that none of ours has */
#define RULE    UINT64_C(0x2383a5c82b6026c0) /* the hash of the rule below */

static const unsigned char container_id[SC_CONTAINER_ID_SIZE] = {0xc0, 0xff, 0xee, 1};

/* ---- what is left ---- */

static size_t request(unsigned char *to, uint32_t opcode, uint64_t node, const void *body,
                      size_t len)
{
    const struct fuse_in_header header = {.len = (uint32_t)(sizeof(header) + len),
                                          .opcode = opcode,
                                          .unique = 1000 + opcode,
                                          .nodeid = node,
                                          .pid = 77};
    memcpy(to, &header, sizeof(header));
    memcpy(to + sizeof(header), body, len);
    return sizeof(header) + len;
}

static void leave_requests(struct sc_journal *journal)
{
    struct sc_journal_bank *bank = &journal->banks[5];
    const struct fuse_getattr_in look = {0};
    const struct fuse_open_in open_in = {.flags = O_RDONLY};
    atomic_store(&bank->pid, DEAD);
    atomic_store(&bank->start, 1);
    atomic_store(&bank->state, SC_BANK_SERVING);
    SC_IGNORE(
        request(bank->slots[7].request, FUSE_GETATTR, file_id("shop/db"), &look, sizeof(look)));
    struct sc_journal_parked *parked = &bank->parked[127];
    parked->ask = SC_ASK_VALUE;
    parked->node = file_id("shop/web");
    parked->version = 7;
    parked->deadline = INT64_MAX;
    parked->size =
        (uint32_t)request(parked->request, FUSE_OPEN, parked->node, &open_in, sizeof(open_in));
    atomic_store(&parked->state, SC_PARKED_WAITING);
}

static void leave_journal(struct sc_journal *journal)
{
    const struct sc_ring_record record = {
        .time = 1700000000,
        .unique = 5,
        .node = file_id("shop/db"),
        .version = 3,
        .rule = 1,
        .reader = {.tid = 77,
                   .tgid = 76,
                   .uid = 5,
                   .gid = 6,
                   .start = 8,
                   .in_container = true,
                   .container = {0xc0, 0xff, 0xee, 1},
                   .exe = "/bin/reader",
                   .cgroup = "/a.slice"},
    };
    uint64_t position = 0;
    bool half = false;
    journal->created = 1700000000;
    journal->proto_minor = 38;
    journal->proto_flags = 0x1234;
    journal->threads = 3;
    journal->allow_other = journal->log_deny = true;
    snprintf(journal->directory, sizeof(journal->directory), "/run/secretsctl");
    snprintf(journal->control, sizeof(journal->control), "/run/secretsctl-mounts/0123");
    atomic_store(&journal->generation, 4);
    atomic_store(&journal->requests, 1);
    atomic_store(&journal->replayed, 2);
    atomic_store(&journal->restarts, 3);
    atomic_store(&journal->upgrades, 4);
    sc_journal_count_handle(journal, file_id("shop/db"), 2, 1);
    atomic_store(&journal->opens[RULE % SC_JOURNAL_OPENS].count, 1);
    atomic_store(&journal->opens[RULE % SC_JOURNAL_OPENS].rule, RULE);
    atomic_store(&journal->polls[9].version, 2);
    atomic_store(&journal->polls[9].kh, 99);
    atomic_store(&journal->polls[9].node, file_id("shop/db"));
    assert_true(sc_ring_put(&journal->ring, &record, &position, &half));
    assert_true(sc_ring_repeat(&journal->ring, position, 6));
    leave_requests(journal);
}

static void leave_store(struct sc_store *store)
{
    static const char *const names[ENTRIES] = {"shop/db", "shop/web", "shop/gone"};
    SC_CLEANUP(sc_buf_done) struct sc_buf rule = SC_BUF_INIT(SC_POLICY_BYTES_MAX);
    const struct sc_rule allow = {.glob = "shop/*",
                                  .conditions = {{SC_CONDITION_UID, "0"}},
                                  .condition_count = 1,
                                  .opens = 2};
    struct sc_store_container facts = {
        .known = 1, .project = "p", .service = "s", .image = "i", .name = "n"};
    memcpy(facts.id, container_id, sizeof(container_id));
    for (size_t i = 0; i < ENTRIES; i++) {
        struct sc_source_entry entry = {.version = i == 1 ? 7 : 3,
                                        .size = 5,
                                        .mtime = 1700000000,
                                        .uid = 5,
                                        .gid = 6,
                                        .mode = 0440};
        snprintf(entry.name, sizeof(entry.name), "%s", names[i]);
        assert_int_equal(sc_store_put_entry(store, &entry, NULL), 0);
    }
    const struct sc_bytes old = {(const unsigned char *)"older", 5};
    const struct sc_bytes new = {(const unsigned char *)"newer", 5};
    uint64_t at = sc_store_committed(store);
    assert_int_equal(sc_store_put_gone(store, file_id("shop/gone"), NULL), 0);
    struct sc_store_record *last = sc_store_next(store, &at);
    assert_int_equal(sc_store_put_gone(store, file_id("shop/db"), NULL), 0);
    last = sc_store_next(store, &at);
    last->type = UNKNOWN;
    assert_int_equal(sc_store_put_value(store, file_id("shop/db"), 2, old, NULL), 0);
    assert_int_equal(sc_store_put_value(store, file_id("shop/db"), 3, new, NULL), 0);
    assert_int_equal(sc_store_put_failure(store, file_id("shop/web"), 7, ENOMEM, NULL), 0);
    assert_int_equal(sc_store_put_container(store, &facts, NULL), 0);
    sc_policy_encode(&rule, &allow);
    assert_int_equal(sc_store_put_policy(store, 1, sc_buf_view(&rule), NULL), 0);
}

/* ---- the file ---- */

static void write_memory(FILE *to, const char *name, const unsigned char *bytes, size_t size)
{
    static const unsigned char nothing[LINE];
    for (size_t at = 0; at < size; at += LINE) {
        size_t len = SC_MIN(size - at, (size_t)LINE);
        if (memcmp(bytes + at, nothing, len) == 0)
            continue;
        fprintf(to, "%s %zu ", name, at);
        for (size_t i = 0; i < len; i++)
            fprintf(to, "%02x", bytes[at + i]);
        fputc('\n', to);
    }
}

static int write_golden(const char *path)
{
    int journal_fd = -1, store_fd = -1;
    bool secret = false;
    struct sc_journal *journal = NULL;
    struct sc_store store = {0};
    FILE *to = fopen(path, "wxe");
    if (to == NULL || sc_journal_create(&journal_fd, NULL) < 0 ||
        sc_journal_map(journal_fd, &journal, NULL) < 0 ||
        sc_store_create(SC_STORE_MIN, &store_fd, &secret, NULL) < 0 ||
        sc_store_map(store_fd, true, &store, NULL) < 0)
        return 1;
    leave_journal(journal);
    leave_store(&store);
    write_memory(to, "journal", (const unsigned char *)journal, journal->size);
    write_memory(to, "store", store.base, (size_t)sc_store_committed(&store));
    return fclose(to) == 0 ? 0 : 1;
}

/* One line of the file, put where it belongs. */
static void put_line(const char *line, unsigned char *journal, unsigned char *store)
{
    char name[16];
    size_t at = 0;
    int text = 0;
    assert_int_equal(sscanf(line, "%15s %zu %n", name, &at, &text), 2);
    unsigned char *to = (strcmp(name, "journal") == 0 ? journal : store) + at;
    for (const char *hex = line + text; hex[0] != '\n' && hex[0] != '\0'; hex += 2) {
        unsigned byte = 0;
        assert_int_equal(sscanf(hex, "%2x", &byte), 1);
        *to++ = (unsigned char)byte;
    }
}

static int memory_of_size(size_t size)
{
    int fd = memfd_create("golden", MFD_CLOEXEC);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    return fd;
}

/* A worker on the memory that the file tells, instead of on what the bench has begun. */
static void load(struct bench *bench, const char *file, size_t size)
{
    char line[4 * LINE];
    int fuse_fd = bench->serve.fuse_fd;
    SC_CLEANUP(sc_str_freep)
    char *path = sc_str_printf(NULL, "%s/%s", sc_env("SC_GOLDEN"), file);
    FILE *from = fopen(path, "re");
    assert_non_null(from);
    sc_serve_done(&bench->serve);
    sc_journal_unmap(&bench->journal);
    close(bench->journal_fd);
    bench->journal_fd = memory_of_size(size);
    unsigned char *journal =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bench->journal_fd, 0);
    assert_ptr_not_equal(journal, MAP_FAILED);
    while (fgets(line, sizeof(line), from) != NULL)
        put_line(line, journal, bench->feed.store.base);
    fclose(from);
    munmap(journal, size);
    assert_int_equal(sc_journal_map(bench->journal_fd, &bench->journal, NULL), 0);
    assert_int_equal(sc_serve_init(&bench->serve, fuse_fd, bench->store_fd, bench->journal, NULL),
                     0);
}

/* ---- tests ---- */

static void check_facts(const struct sc_journal *journal)
{
    assert_int_equal(journal->created, 1700000000);
    assert_int_equal(journal->proto_minor, 38);
    assert_int_equal(journal->proto_flags, 0x1234);
    assert_int_equal(journal->threads, 3);
    assert_true(journal->allow_other && journal->log_deny && journal->identity && journal->resend);
    assert_string_equal(journal->directory, "/run/secretsctl");
    assert_string_equal(journal->control, "/run/secretsctl-mounts/0123");
    assert_int_equal(journal->generation, 4);
    assert_int_equal(journal->requests, 1);
    assert_int_equal(journal->replayed, 2);
    assert_int_equal(journal->restarts, 3);
    assert_int_equal(journal->upgrades, 4);
    assert_int_equal(journal->polls[9].kh, 99);
    assert_int_equal(journal->polls[9].version, 2);
    assert_int_equal(journal->polls[9].node, file_id("shop/db"));
}

static void check_log(struct sc_journal *journal)
{
    struct sc_ring_record record;
    int64_t hole = 0;
    assert_true(sc_ring_take(&journal->ring, sc_journal_now(), &hole, &record));
    assert_int_equal(record.node, file_id("shop/db"));
    assert_int_equal(record.version, 3);
    assert_int_equal(record.opens, 2);
    assert_int_equal(record.last, 6);
    assert_int_equal(record.rule, 1);
    assert_int_equal(record.reader.tgid, 76);
    assert_int_equal(record.reader.start, 8);
    assert_true(record.reader.in_container);
    assert_memory_equal(record.reader.container, container_id, sizeof(container_id));
    assert_string_equal(record.reader.exe, "/bin/reader");
    assert_string_equal(record.reader.cgroup, "/a.slice");
}

/* The first layout: its requests are answered, its handles read on, its log and counters go on. */
static void test_first(void **state)
{
    struct bench *bench = *state;
    uint64_t fh = 0, at = 0;
    bool more = false;
    const struct fuse_open_in in = {.flags = O_RDONLY};
    load(bench, "memory-5.txt", 2943680);
    check_facts(bench->journal);
    check_log(bench->journal);
    assert_int_equal(sc_journal_handles(bench->journal, file_id("shop/db"), 2), 1);

    assert_int_equal(sc_loop_adopt(&bench->serve, bench->reply, &more), 2);
    assert_int_equal(answer(bench, NULL, 0, NULL), 0);
    assert_int_equal(atomic_load(&bench->journal->banks[5].pid), 0);
    const struct sc_journal_parked *parked = &bench->serve.bank->parked[0];
    assert_int_equal(atomic_load(&parked->state), SC_PARKED_WAITING);
    assert_int_equal(parked->node, file_id("shop/web"));
    assert_int_equal(parked->version, 7);
    assert_int_equal(bench->serve.view.policy.rules[0].hash, RULE);

    check_read(bench, file_id("shop/db"), 2, "older");
    bench->journal->log_deny = bench->journal->identity = false;
    assert_int_equal(open_node(bench, file_id("shop/db"), &fh), 0);
    assert_int_equal(fh & SC_HANDLE_VERSION, 3);
    check_read(bench, file_id("shop/db"), fh, "newer");
    /* The second and last that the rule allows; the first was before. */
    assert_int_equal(ask(bench, FUSE_OPEN, file_id("shop/db"), &in, sizeof(in)), EACCES);
    assert_int_equal(ask(bench, FUSE_OPEN, file_id("shop/gone"), &in, sizeof(in)), ENOENT);
    const struct sc_store_container *facts =
        sc_view_container(&bench->serve.view, container_id, &at);
    assert_non_null(facts);
    assert_string_equal(facts->service, "s");
    const struct sc_view_node *node = sc_view_node(&bench->serve.view, file_id("shop/db"));
    assert_int_equal(node->uid * 10 + node->gid, 56);
    assert_int_equal(node->mode, 0440);
}

/* What a newer program has put behind the end stays; less than the first layout, or another
 * version, is refused. */
static void test_sizes(void **state)
{
    struct bench *bench = *state;
    struct sc_error err = {0};
    struct sc_journal *journal = NULL;
    size_t size = bench->journal->size;
    char tail[4] = "";
    int fd = bench->journal_fd;
    assert_int_equal(ftruncate(fd, (off_t)size + 8192), 0);
    assert_int_equal(pwrite(fd, "tail", 4, (off_t)size + 8000), 4);
    assert_int_equal(sc_journal_map(fd, &journal, &err), 0);
    sc_journal_unmap(&journal);
    assert_int_equal(pread(fd, tail, 4, (off_t)size + 8000), 4);
    assert_memory_equal(tail, "tail", 4);
    bench->journal->version++;
    assert_int_equal(sc_journal_map(fd, &journal, &err), SC_E_FORMAT);
    bench->journal->version--;
    sc_error_clear(&err);
    int small = memory_of_size(2943679);
    assert_int_equal(sc_journal_map(small, &journal, &err), SC_E_FORMAT);
    assert_string_equal(sc_error_message(&err),
                        "the mount's memory is of a version that this one cannot go on with");
    close(small);
}

/* What processes of two versions say to each other. */
static void test_said(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct sc_message), 1040);
    assert_int_equal(offsetof(struct sc_message, text), 16);
    assert_int_equal(SC_HOLD_FUSE + SC_HOLD_FIRST_FD, 3);
    assert_int_equal(SC_HOLD_JOURNAL, 1);
    assert_int_equal(SC_HOLD_STORE, 2);
    assert_int_equal(SC_HOLD_BELL, 3);
    assert_int_equal(SC_HOLD_LISTEN, 4);
    assert_int_equal(SC_HOLD_PEER, 5);
    static const int kinds[] = {SC_MESSAGE_PING,  SC_MESSAGE_PONG,    SC_MESSAGE_READY,
                                SC_MESSAGE_STOP,  SC_MESSAGE_FAILED,  SC_MESSAGE_ATTACH,
                                SC_MESSAGE_STORE, SC_MESSAGE_UPGRADE, SC_MESSAGE_UNMOUNT,
                                SC_MESSAGE_LOOK,  SC_MESSAGE_DONE};
    for (size_t i = 0; i < SC_ARRAY_SIZE(kinds); i++)
        assert_int_equal(kinds[i], i + 1);
    /* By name for ever, as containers have bound them. */
    assert_int_equal(file_id("shop/db"), UINT64_C(0x18af984b6b02a116));
    assert_int_equal(sc_node_id(SC_NODE_DIR, "shop", 4), UINT64_C(0x1b04ae1735504d4));
}

/* Where parts begin that the file above does not speak of. */
static void test_places(void **state)
{
    (void)state;
    assert_int_equal(offsetof(struct sc_journal, proto_minor), 16);
    assert_int_equal(offsetof(struct sc_journal, directory), 40);
    assert_int_equal(offsetof(struct sc_journal, changed), 8240);
    assert_int_equal(offsetof(struct sc_journal, locked), 8244);
    assert_int_equal(offsetof(struct sc_journal, agent_pid), 8248);
    assert_int_equal(offsetof(struct sc_journal, keeper_pid), 8252);
    assert_int_equal(offsetof(struct sc_journal, worker_pid), 8256);
    assert_int_equal(offsetof(struct sc_journal, nudge_pid), 8260);
    assert_int_equal(offsetof(struct sc_journal, recent), 8304);
    assert_int_equal(sizeof(struct sc_journal_recent), 40);
    assert_int_equal(offsetof(struct sc_journal, told), 18544);
    assert_int_equal(sizeof(struct sc_journal_told), 32);
    assert_int_equal(offsetof(struct sc_journal, ring.lost), 174208);
    assert_int_equal(offsetof(struct sc_journal, ring.told), 174216);
    assert_int_equal(offsetof(struct sc_journal, ring.logged), 174224);
    assert_int_equal(offsetof(struct sc_journal, banks), 2074816);
    assert_int_equal(sizeof(struct sc_journal_bank), 108608);
    assert_int_equal(offsetof(struct sc_journal_parked, deadline), 64);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return write_golden(argv[1]);
    if (sizeof(void *) != 8)
        return 77; /* what was written down is of a processor of 64 bits */
    const struct CMUnitTest tests[] = {
        TEST(test_first),
        TEST(test_sizes),
        TEST(test_said),
        TEST(test_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
