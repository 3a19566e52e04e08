/* SPDX-License-Identifier: Apache-2.0
 *
 * Many records at once: the same as one by one, in their order, with threads and without, and the
 * first thing wrong is what is said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "vault/batch.h"

#include "core/banned.h"

#define LARGE   ((size_t)300 * 1024)
#define RECORDS 2500

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                          void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                          void *arg);

static bool no_threads;
static unsigned threads;

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                          void *arg)
{
    if (no_threads)
        return 11; /* EAGAIN */
    threads++;
    return __real_pthread_create(thread, attr, start, arg);
}

static struct sc_scope_keys keys = {.name = {1}, .value = {2}, .hedge = {3}};
static struct sc_scope scope = {.uid = {4}, .epoch = 7, .name = "shop", .keys = &keys};
static const struct sc_vault vault = {.vault_id = {5}};

/* What a record holds: as long as its number, but for every thousandth. */
static size_t length_of(size_t i)
{
    return i % 1000 == 999 ? LARGE : i % 700;
}

static const unsigned char *content_of(size_t i)
{
    static unsigned char bytes[LARGE];
    memset(bytes, (int)(i % 251), length_of(i));
    return bytes;
}

struct store {
    struct {
        unsigned char *sealed, hash[SC_KEY_SIZE];
        size_t len;
    } records[RECORDS];
    size_t next;
    size_t stop_at;
};

static struct sc_batch_item item_of(size_t i)
{
    struct sc_batch_item item = {.place = {.scope = &scope, .version = i, .kind = SC_RECORD_VALUE},
                                 .tag = i};
    memcpy(item.place.idx, &i, sizeof(i));
    return item;
}

static int keep_sealed(const struct sc_batch_item *item, struct sc_bytes sealed, void *ctx,
                       struct sc_error *err)
{
    struct store *store = ctx;
    (void)err;
    assert_int_equal(item->tag, store->next);
    unsigned char *copy = malloc(sealed.len);
    assert_non_null(copy);
    memcpy(copy, sealed.ptr, sealed.len);
    store->records[store->next].sealed = copy;
    store->records[store->next].len = sealed.len;
    memcpy(store->records[store->next++].hash, item->hash, SC_KEY_SIZE);
    return 0;
}

static int compare_opened(const struct sc_batch_item *item, struct sc_bytes content, void *ctx,
                          struct sc_error *err)
{
    struct store *store = ctx;
    assert_int_equal(item->tag, store->next);
    assert_int_equal(content.len, length_of(store->next));
    assert_memory_equal(content.ptr, content_of(store->next), content.len);
    if (store->next++ == store->stop_at)
        return sc_fail(err, SC_E_BUSY, "enough");
    return 0;
}

static void seal_all(struct store *store)
{
    SC_CLEANUP(sc_batch_done)
    struct sc_batch batch = {
        .vault = &vault, .work = SC_BATCH_SEAL, .each = keep_sealed, .ctx = store};
    for (size_t i = 0; i < RECORDS; i++) {
        struct sc_batch_item item = item_of(i);
        struct sc_bytes content = {length_of(i) > 0 ? content_of(i) : NULL, length_of(i)};
        assert_int_equal(sc_batch_add(&batch, &item, content, NULL), 0);
    }
    assert_int_equal(sc_batch_finish(&batch, NULL), 0);
    assert_int_equal(store->next, RECORDS);
}

static int open_all(struct store *store, enum sc_batch_work work, struct sc_error *err)
{
    SC_CLEANUP(sc_batch_done)
    struct sc_batch batch = {.vault = &vault,
                             .work = work,
                             .each = work == SC_BATCH_OPEN ? compare_opened : NULL,
                             .ctx = store};
    int rc = 0;
    store->next = 0;
    for (size_t i = 0; i < RECORDS && rc == 0; i++) {
        struct sc_batch_item item = item_of(i);
        memcpy(item.hash, store->records[i].hash, SC_KEY_SIZE);
        rc = sc_batch_add(&batch, &item,
                          (struct sc_bytes){store->records[i].sealed, store->records[i].len}, err);
    }
    return rc < 0 ? rc : sc_batch_finish(&batch, err);
}

static int setup(void **state)
{
    struct store *store = calloc(1, sizeof(*store));
    store->stop_at = SIZE_MAX;
    no_threads = false;
    seal_all(store);
    *state = store;
    return 0;
}

static int teardown(void **state)
{
    struct store *store = *state;
    for (size_t i = 0; i < RECORDS; i++)
        free(store->records[i].sealed);
    free(store);
    return 0;
}

static void opens_what_was_sealed_in_order(void **state)
{
    struct store *store = *state;
    threads = 0;
    assert_int_equal(open_all(store, SC_BATCH_OPEN, NULL), 0);
    assert_int_equal(store->next, RECORDS);
    unsigned with = threads;
    no_threads = true;
    assert_int_equal(open_all(store, SC_BATCH_OPEN, NULL), 0);
    assert_int_equal(store->next, RECORDS);
    assert_int_equal(threads, with);
    assert_int_equal(open_all(store, SC_BATCH_CHECK, NULL), 0);
}

/* Two of them are changed: the first is named, and what is before it has been handed over. */
static void says_the_first_that_is_wrong(void **state)
{
    struct store *store = *state;
    struct sc_error err = {0};
    store->records[1200].sealed[40] ^= 1;
    store->records[1201].hash[0] ^= 1;
    assert_int_equal(open_all(store, SC_BATCH_OPEN, &err), SC_E_TAMPERED);
    assert_string_equal(sc_error_message(&err), "a record of scope 'shop' was changed");
    assert_int_equal(store->next, 1200);
    assert_int_equal(open_all(store, SC_BATCH_CHECK, NULL), SC_E_TAMPERED);
}

/* The hash is right, and the record stands at another's place. */
static void says_that_a_record_was_moved(void **state)
{
    struct store *store = *state;
    struct sc_error err = {0};
    struct sc_batch_item item = item_of(7);
    SC_CLEANUP(sc_batch_done) struct sc_batch batch = {.vault = &vault, .work = SC_BATCH_OPEN};
    struct sc_bytes other = {store->records[8].sealed, store->records[8].len};
    sc_record_hash(item.hash, &item.place, other);
    assert_int_equal(sc_batch_add(&batch, &item, other, NULL), 0);
    assert_int_equal(sc_batch_finish(&batch, &err), SC_E_TAMPERED);
    assert_string_equal(sc_error_message(&err), "a record was moved or replaced");
}

static void stops_where_the_caller_does(void **state)
{
    struct store *store = *state;
    struct sc_error err = {0};
    store->stop_at = 1500;
    assert_int_equal(open_all(store, SC_BATCH_OPEN, &err), SC_E_BUSY);
    assert_string_equal(sc_error_message(&err), "enough");
    assert_int_equal(store->next, 1501);
}

/* An empty record is no record; one over the limit is not even taken. */
static void refuses_what_cannot_be_one(void **state)
{
    struct sc_error err = {0};
    (void)state;
    struct sc_batch_item item = item_of(0);
    SC_CLEANUP(sc_batch_done) struct sc_batch batch = {.vault = &vault, .work = SC_BATCH_CHECK};
    assert_int_equal(sc_batch_add(&batch, &item, (struct sc_bytes){0}, NULL), 0);
    assert_int_equal(sc_batch_finish(&batch, NULL), SC_E_TAMPERED);
    struct sc_bytes huge = {(const unsigned char *)"", SC_RECORD_SEALED_MAX + 1};
    assert_int_equal(sc_batch_add(&batch, &item, huge, &err), SC_E_TOOBIG);
    assert_string_equal(sc_error_message(&err), "1310721 bytes are over the limit of a record");
    assert_int_equal(sc_batch_finish(&batch, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(opens_what_was_sealed_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(says_the_first_that_is_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(says_that_a_record_was_moved, setup, teardown),
        cmocka_unit_test_setup_teardown(stops_where_the_caller_does, setup, teardown),
        cmocka_unit_test(refuses_what_cannot_be_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
