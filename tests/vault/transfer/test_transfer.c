/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries on their way: lines of the archive there and back, what is no line, JSON of every shape,
 * and every allocation failing in turn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/fail_alloc.h"
#include "vault/transfer/transfer.h"

#include "core/banned.h"

static struct sc_bytes text_bytes(const char *text)
{
    return (struct sc_bytes){(const unsigned char *)text, strlen(text)};
}

struct seen {
    struct sc_transfer_item item; /* only its numbers are good afterwards */
    char name[64], note[64], labels[64], value[64];
    size_t len, count;
};

static int see(const struct sc_transfer_item *item, void *ctx, struct sc_error *err)
{
    struct seen *seen = ctx;
    (void)err;
    seen->item = *item;
    snprintf(seen->name, sizeof(seen->name), "%s", item->name);
    snprintf(seen->note, sizeof(seen->note), "%s", item->note != NULL ? item->note : "-");
    snprintf(seen->labels, sizeof(seen->labels), "%s", item->labels != NULL ? item->labels : "-");
    seen->len = SC_MIN(item->value->len, sizeof(seen->value));
    if (seen->len > 0)
        memcpy(seen->value, item->value->ptr, seen->len);
    seen->count++;
    return 0;
}

static void test_line_there_and_back(void **state)
{
    (void)state;
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret line = {0};
    struct seen seen = {0};
    bool end = true;
    assert_int_equal(sc_secret_append(&value, "a\0\xff\n\"", 5, NULL), 0);
    const struct sc_transfer_item item = {.name = "shop/db",
                                          .kind = SC_ENTRY_TEMPLATE,
                                          .value = &value,
                                          .note = "a \"note\"\n\xc3\xa4",
                                          .labels = "a=1\nb=2",
                                          .expires = INT64_C(99999999999),
                                          .has_owner = true,
                                          .uid = 0,
                                          .gid = UINT32_MAX - 1,
                                          .mode = 0440};
    assert_int_equal(sc_transfer_line_write(&item, &line, NULL), 0);
    assert_null(memchr(line.ptr, '\n', line.len));
    assert_int_equal(sc_transfer_line_read(sc_secret_view(&line), see, &seen, &end, NULL), 0);
    assert_false(end);
    assert_string_equal(seen.name, item.name);
    assert_string_equal(seen.note, item.note);
    assert_string_equal(seen.labels, item.labels);
    assert_int_equal(seen.len, 5);
    assert_memory_equal(seen.value, value.ptr, 5);
    assert_int_equal(seen.item.kind, SC_ENTRY_TEMPLATE);
    assert_true(seen.item.expires == item.expires && seen.item.gid == item.gid);
    assert_true(seen.item.has_owner && seen.item.uid == 0 && seen.item.mode == 0440);
}

static void test_what_is_no_line(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        "{",
        "{}",
        "{\"secretsctl-archive\":2}",
        "{\"name\":\"a/b\",\"kind\":\"secret\"}",
        "{\"name\":\"a/b\",\"kind\":\"other\",\"value\":\"\"}",
        "{\"name\":\"a/b\",\"kind\":\"secret\",\"value\":\"YQ\"}",   /* no padding */
        "{\"name\":\"a/b\",\"kind\":\"secret\",\"value\":\"YR==\"}", /* loose bits */
        "{\"name\":\"b\",\"kind\":\"secret\",\"value\":\"\"}",
        "{\"name\":\"a/../b\",\"kind\":\"secret\",\"value\":\"\"}",
        "{\"name\":\"a/b\",\"name\":\"a/c\",\"kind\":\"secret\",\"value\":\"\"}",
        "{\"name\":\"a/b\",\"kind\":\"secret\",\"value\":\"\",\"mode\":4096}",
        "{\"name\":\"a/b\",\"kind\":\"secret\",\"value\":\"\",\"uid\":4294967295}",
        "{\"name\":\"a/b\",\"kind\":\"secret\",\"value\":\"\",\"expires\":-1}",
        "{\"name\":\"a/b\",\"kind\":\"secret\",\"value\":\"\",\"expires\":\"1\"}",
    };
    struct seen seen = {0};
    bool end = false;
    for (size_t i = 0; i < SC_ARRAY_SIZE(bad); i++) {
        struct sc_error err = {0};
        int rc = sc_transfer_line_read(text_bytes(bad[i]), see, &seen, &end, &err);
        if (rc != SC_E_FORMAT && rc != SC_E_BADNAME)
            fail_msg("'%s' gave %d", bad[i], rc);
    }
    assert_int_equal(seen.count, 0);
    assert_int_equal(sc_transfer_line_read(text_bytes("{\"end\":true}"), see, &seen, &end, NULL),
                     0);
    assert_true(end);
}

static int read_json(const char *text, struct sc_transfer_list *list, struct sc_error *err)
{
    const struct sc_transfer_target to = {.fn = sc_transfer_collect, .ctx = list, .scope = "s"};
    return sc_transfer_read_json(text_bytes(text), "x.json", &to, err);
}

static void test_json(void **state)
{
    (void)state;
    SC_CLEANUP(sc_transfer_list_done) struct sc_transfer_list list = {0};
    struct sc_error err = {0};
    assert_int_equal(read_json("{\"a\":{\"b\":\"v\",\"c\":{\"d\":0.1}},\"e\":false}", &list, &err),
                     0);
    assert_int_equal(list.count, 3);
    assert_string_equal(list.items[0].name, "s/a/b");
    assert_string_equal(list.items[1].name, "s/a/c/d");
    assert_int_equal(list.items[1].value.len, 3);
    assert_memory_equal(list.items[1].value.ptr, "0.1", 3);
    assert_int_equal(read_json("{\"a\":1,\"a\":2}", &list, &err), SC_E_SYNTAX);
    assert_int_equal(read_json("[1]", &list, &err), SC_E_SYNTAX);
    assert_string_equal(err.message, "'x.json' is not a JSON object");
    assert_int_equal(read_json("{\"a\": hunter2}", &list, &err), SC_E_SYNTAX);
    assert_string_equal(err.message, "'x.json' line 1, column 12: not valid JSON");
    /* Many objects inside each other, from an attacker. */
    char *deep = malloc(6 * 5000 + 1);
    assert_non_null(deep);
    for (size_t i = 0; i < 5000; i++)
        memcpy(deep + 5 * i, "{\"a\":", 6);
    assert_true(read_json(deep, &list, &err) < 0);
    free(deep);
    assert_int_equal(list.count, 3);
}

static int read_some(void *ctx)
{
    (void)ctx;
    SC_CLEANUP(sc_transfer_list_done) struct sc_transfer_list list = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret line = {0};
    const struct sc_transfer_item item = {.name = "a/b", .kind = SC_ENTRY_SECRET, .value = &value};
    bool end = false;
    int rc = read_json("{\"a\":{\"b\":\"v\",\"c\":\"w\"}}", &list, NULL);
    if (rc == 0)
        rc = sc_transfer_line_write(&item, &line, NULL);
    if (rc == 0)
        rc = sc_transfer_line_read(sc_secret_view(&line), sc_transfer_collect, &list, &end, NULL);
    assert_true(rc < 0 || list.count == 3);
    return rc;
}

static void test_every_allocation_fails_once(void **state)
{
    (void)state;
    assert_in_range(sc_fail_alloc_each(read_some, NULL), 5, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_there_and_back),
        cmocka_unit_test(test_what_is_no_line),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_every_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
