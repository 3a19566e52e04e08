/* SPDX-License-Identifier: Apache-2.0
 *
 * The vault as a source: what a reader is told of a template moves when what it names does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/scratch.h"
#include "vault/vault.h"

#include "core/banned.h"

static void put(struct sc_vault *vault, const char *name, enum sc_entry_kind kind, const char *text)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    const struct sc_entry_put entry = {.name = name, .kind = kind, .value = &value};
    assert_int_equal(sc_secret_append(&value, text, strlen(text), NULL), 0);
    assert_int_equal(sc_vault_put(vault, &entry, NULL), 0);
}

static int set_up(void **state)
{
    static struct sc_vault *vault;
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    const struct sc_slot_new slot = {.with = {.key_file = &key}};
    if (sc_scratch_enter() < 0)
        return -1;
    if (sc_vault_make_key_file(&key, NULL) < 0 ||
        sc_vault_create("vault.db", &slot, &vault, NULL) < 0)
        return -1;
    *state = vault;
    return 0;
}

static int tear_down(void **state)
{
    sc_vault_close(*state);
    return sc_scratch_leave();
}

static struct sc_source_entry look(struct sc_source *source, const char *name)
{
    struct sc_source_entry entry;
    assert_int_equal(source->ops->stat(source->ctx, name, &entry, NULL), 0);
    return entry;
}

static void value_is(struct sc_source *source, const char *name, uint64_t version, const char *text)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    assert_int_equal(source->ops->open(source->ctx, name, version, &value, NULL), 0);
    assert_int_equal(value.len, strlen(text));
    assert_memory_equal(value.ptr, text, value.len);
}

static void a_template_changes_with_what_it_names(void **state)
{
    struct sc_source source = sc_vault_source(*state);
    put(*state, "shop/db", SC_ENTRY_SECRET, "one");
    put(*state, "shop/conf", SC_ENTRY_TEMPLATE, "pw={{secret:db}}");
    struct sc_source_entry first = look(&source, "shop/conf");
    value_is(&source, "shop/conf", first.version, "pw=one");

    put(*state, "shop/db", SC_ENTRY_SECRET, "two"); /* of the same length */
    struct sc_source_entry second = look(&source, "shop/conf");
    assert_true(second.version > first.version);
    assert_true(second.mtime >= first.mtime);
    value_is(&source, "shop/conf", second.version, "pw=two");
    value_is(&source, "shop/conf", 0, "pw=two");

    /* Names fewer, or younger ones: still never a number that was there before. */
    put(*state, "shop/conf", SC_ENTRY_TEMPLATE, "no more");
    struct sc_source_entry third = look(&source, "shop/conf");
    assert_true(third.version > second.version);
    value_is(&source, "shop/conf", third.version, "no more");
    value_is(&source, "shop/conf", second.version, "pw=two");
}

static void one_that_cannot_be_rendered_is_there(void **state)
{
    struct sc_source source = sc_vault_source(*state);
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    struct sc_source_entry entry;
    put(*state, "shop/broken", SC_ENTRY_TEMPLATE, "{{secret:none}}");
    assert_int_equal(source.ops->stat(source.ctx, "shop/broken", &entry, NULL), SC_E_NOTFOUND);
    assert_int_equal(source.ops->open(source.ctx, "shop/broken", 0, &value, NULL), SC_E_NOTFOUND);
    put(*state, "shop/none", SC_ENTRY_SECRET, "x");
    value_is(&source, "shop/broken", look(&source, "shop/broken").version, "x");
}

static void a_secret_keeps_its_numbers(void **state)
{
    struct sc_source source = sc_vault_source(*state);
    put(*state, "shop/plain", SC_ENTRY_SECRET, "a");
    put(*state, "shop/plain", SC_ENTRY_SECRET, "b");
    assert_int_equal(look(&source, "shop/plain").version, 2);
    value_is(&source, "shop/plain", 1, "a");
    value_is(&source, "shop/plain", 2, "b");
}

/* ---- what changed ---- */

struct names {
    unsigned count;
    char all[1024];
};

static int take_name(const char *name, void *ctx, struct sc_error *err)
{
    struct names *names = ctx;
    (void)err;
    size_t len = strlen(names->all);
    names->count++;
    snprintf(names->all + len, sizeof(names->all) - len, "%s ", name);
    return 0;
}

/* The names since the mark, newest first; NULL if the source cannot tell. */
static const char *since(const struct sc_source *source, struct sc_source_mark *mark,
                         struct names *names)
{
    bool all = false;
    *names = (struct names){0};
    assert_int_equal(source->ops->changes(source->ctx, mark, &all, take_name, names, NULL), 0);
    return all ? NULL : names->all;
}

static void it_tells_what_changed(void **state)
{
    struct sc_source source = sc_vault_source(*state);
    struct sc_source_mark mark = {0}, before;
    struct names names;
    put(*state, "shop/a", SC_ENTRY_SECRET, "1");
    assert_null(since(&source, &mark, &names)); /* nothing is known yet */
    assert_string_equal(since(&source, &mark, &names), "");
    put(*state, "shop/b", SC_ENTRY_SECRET, "1");
    put(*state, "shop/a", SC_ENTRY_SECRET, "2");
    before = mark;
    assert_string_equal(since(&source, &mark, &names), "shop/a shop/b ");
    assert_string_equal(since(&source, &mark, &names), "");
    assert_int_equal(sc_vault_remove(*state, "shop/b", "gone", NULL), 0);
    assert_string_equal(since(&source, &mark, &names), "shop/b ");
    assert_string_equal(since(&source, &before, &names), "shop/b shop/a shop/b ");
    assert_memory_equal(&mark, &before, sizeof(mark));
    /* What the read logs were like is no change; anything else may be one of all. */
    assert_int_equal(sc_vault_note(*state, "reads", "x.log", "lines 1", NULL), 0);
    assert_string_equal(since(&source, &mark, &names), "");
    assert_int_equal(sc_vault_note(*state, "other", "", "", NULL), 0);
    assert_null(since(&source, &mark, &names));
}

static void a_mark_of_another_past_is_not_known(void **state)
{
    struct sc_source source = sc_vault_source(*state);
    struct sc_source_mark mark = {0}, other;
    struct names names;
    put(*state, "shop/a", SC_ENTRY_SECRET, "1");
    assert_null(since(&source, &mark, &names));
    other = mark;
    other.id[0] ^= 1;
    put(*state, "shop/a", SC_ENTRY_SECRET, "2");
    assert_null(since(&source, &other, &names));
    assert_int_equal(names.count, 0);
    other = mark;
    other.number += 1000;
    assert_null(since(&source, &other, &names));
    assert_string_equal(since(&source, &mark, &names), "shop/a ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_template_changes_with_what_it_names),
        cmocka_unit_test(one_that_cannot_be_rendered_is_there),
        cmocka_unit_test(a_secret_keeps_its_numbers),
        cmocka_unit_test(it_tells_what_changed),
        cmocka_unit_test(a_mark_of_another_past_is_not_known),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
