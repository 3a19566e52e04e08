/* SPDX-License-Identifier: Apache-2.0
 *
 * Byte spans, positions and refusals of the YAML loader.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compose/yaml_doc.h"
#include "core/str.h"

#include "core/banned.h"

static struct sc_yaml_stream *load(const char *text)
{
    struct sc_error err = {0};
    struct sc_yaml_stream *s = NULL;
    int rc = sc_yaml_load((struct sc_bytes){(const unsigned char *)text, strlen(text)}, "f", &s,
                          NULL, &err);
    if (rc < 0)
        print_error("%s\n", sc_error_message(&err));
    assert_int_equal(rc, 0);
    return s;
}

static const struct sc_yaml_node *root(const struct sc_yaml_stream *s)
{
    assert_true(sc_yaml_count(s) > 0);
    return sc_yaml_document(s, 0)->root;
}

/* The bytes of a node, as text. */
static void assert_bytes(const struct sc_yaml_stream *s, const struct sc_yaml_node *n,
                         const char *want)
{
    SC_CLEANUP(sc_str_freep)
    char *got =
        strndup((const char *)sc_yaml_text(s).ptr + n->span.start, n->span.end - n->span.start);
    assert_string_equal(got, want);
}

static void refuse_n(const char *text, size_t len, int code, const char *message)
{
    struct sc_error err = {0};
    struct sc_yaml_stream *s = NULL;
    struct sc_yaml_position where;
    int rc =
        sc_yaml_load((struct sc_bytes){(const unsigned char *)text, len}, "f", &s, &where, &err);
    assert_int_equal(rc, code);
    assert_null(s);
    assert_string_equal(sc_error_message(&err), message);
}

static void refuse(const char *text, int code, const char *message)
{
    refuse_n(text, strlen(text), code, message);
}

static void test_scalar_spans(void **state)
{
    (void)state;
    SC_CLEANUP(sc_yaml_freep)
    struct sc_yaml_stream *s = load("a: plain words  # note\n"
                                    "b: 'it''s'\n"
                                    "c: \"x\\ty\"\n"
                                    "d: &an !!str 012\n"
                                    "e: *an\n"
                                    "f:\n"
                                    "g: one\n   two\n");
    const struct sc_yaml_node *r = root(s);
    assert_int_equal(r->count, 7);
    assert_bytes(s, sc_yaml_get(r, "a"), "plain words");
    assert_bytes(s, sc_yaml_get(r, "b"), "'it''s'");
    assert_bytes(s, sc_yaml_get(r, "c"), "\"x\\ty\"");
    const struct sc_yaml_node *d = sc_yaml_get(r, "d");
    assert_bytes(s, d, "012");
    assert_string_equal(d->anchor, "an");
    assert_string_equal(d->tag, "tag:yaml.org,2002:str");
    assert_true(d->full_start < d->span.start);
    assert_int_equal(d->at.line, 4);
    assert_int_equal(d->at.column, 14);
    assert_bytes(s, sc_yaml_get(r, "e"), "*an");
    assert_ptr_equal(sc_yaml_resolve(sc_yaml_get(r, "e")), d);
    const struct sc_yaml_node *f = sc_yaml_get(r, "f");
    assert_true(sc_yaml_is_null(f));
    assert_int_equal(f->span.start, f->span.end);
    assert_int_equal(sc_yaml_text(s).ptr[f->span.start - 1], ':');
    assert_bytes(s, sc_yaml_get(r, "g"), "one\n   two");
    assert_string_equal(sc_yaml_get(r, "b")->text, "it's");
}

static void test_block_scalars_end_on_their_last_line(void **state)
{
    (void)state;
    SC_CLEANUP(sc_yaml_freep)
    struct sc_yaml_stream *s = load("a: |  # head\n  one\n  two\n\n\n# note\n"
                                    "b: |+\n  x\n\n"
                                    "c: >-\n  y  \n"
                                    "d: |\n"
                                    "e:\n  - |\n    deep\n  - z\n"
                                    "f: |\n  last");
    const struct sc_yaml_node *r = root(s);
    assert_bytes(s, sc_yaml_get(r, "a"), "|  # head\n  one\n  two");
    assert_bytes(s, sc_yaml_get(r, "b"), "|+\n  x\n");
    assert_bytes(s, sc_yaml_get(r, "c"), ">-\n  y  ");
    assert_bytes(s, sc_yaml_get(r, "d"), "|");
    assert_bytes(s, sc_yaml_get(r, "e")->values[0], "|\n    deep");
    assert_bytes(s, sc_yaml_get(r, "f"), "|\n  last");
}

static void test_collection_spans(void **state)
{
    (void)state;
    SC_CLEANUP(sc_yaml_freep)
    struct sc_yaml_stream *s = load("m: &m\n  &k k: {a: 1, b: [x, 'y']}   # c\n\n# far\n"
                                    "l:\n- 1\n- q: r\n"
                                    "p: [s: t]\n");
    const struct sc_yaml_node *r = root(s);
    const struct sc_yaml_node *m = sc_yaml_get(r, "m");
    assert_bytes(s, m, "&k k: {a: 1, b: [x, 'y']}");
    assert_string_equal(m->anchor, "m");
    assert_string_equal(m->keys[0]->anchor, "k");
    assert_bytes(s, m->keys[0], "k");
    assert_bytes(s, sc_yaml_get(m, "k"), "{a: 1, b: [x, 'y']}");
    assert_bytes(s, sc_yaml_get(r, "l"), "- 1\n- q: r");
    assert_bytes(s, sc_yaml_get(r, "p"), "[s: t]");
    assert_bytes(s, sc_yaml_get(r, "p")->values[0], "s: t");
}

static void test_bytes_not_characters(void **state)
{
    (void)state;
    SC_CLEANUP(sc_yaml_freep)
    struct sc_yaml_stream *s = load("\xef\xbb\xbf# \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\r\n"
                                    "a: \xc3\xa4\xc3\xb6 # \xe2\x80\x94\r\nb: end\r\n"
                                    "c: |\r\n  x\r\n\r\nd: y");
    const struct sc_yaml_node *r = root(s);
    assert_bytes(s, sc_yaml_get(r, "a"), "\xc3\xa4\xc3\xb6");
    assert_bytes(s, sc_yaml_get(r, "b"), "end");
    assert_int_equal(sc_yaml_get(r, "b")->at.line, 3);
    assert_bytes(s, sc_yaml_get(r, "c"), "|\r\n  x");
    assert_bytes(s, sc_yaml_get(r, "d"), "y");
    struct sc_yaml_position at = sc_yaml_position(s, sc_yaml_get(r, "a")->span.end);
    assert_int_equal(at.line, 2);
    assert_int_equal(at.column, 6);
}

static void test_documents_and_paths(void **state)
{
    (void)state;
    SC_CLEANUP(sc_yaml_freep)
    struct sc_yaml_stream *s =
        load("services:\n  db:\n    environment:\n      - A=b\n...\n---\nx: 1\n");
    assert_int_equal(sc_yaml_count(s), 2);
    const struct sc_yaml_node *env =
        sc_yaml_get(sc_yaml_get(sc_yaml_get(root(s), "services"), "db"), "environment");
    SC_CLEANUP(sc_buf_done) struct sc_buf path = SC_BUF_INIT(256);
    sc_yaml_path(env->values[0], &path);
    assert_string_equal(sc_buf_text(&path), "services.db.environment[0]");
    assert_true(sc_yaml_equals(env->key, "environment"));
    SC_CLEANUP(sc_yaml_freep) struct sc_yaml_stream *empty = load("");
    assert_int_equal(sc_yaml_count(empty), 0);
}

static void test_refusals(void **state)
{
    (void)state;
    refuse("a:\n  env:\n    A: 1\n    # c\n    - B=2\n", SC_E_SYNTAX,
           "'f' line 5, column 5: a.env: a list item ('- ...') inside a mapping; use either 'KEY: "
           "value' "
           "lines or list items (while parsing a block mapping that begins on line 3)");
    refuse("env:\n  - A=1\n  B: 2\n", SC_E_SYNTAX,
           "'f' line 3, column 3: env: a mapping key inside a list; use either list items or 'KEY: "
           "value' lines (while parsing a block collection that begins on line 2)");
    refuse("a: 1\nb: 2\na: 3\n", SC_E_SYNTAX,
           "'f' line 3, column 1: a: the same key stands on line 1 already");
    refuse("a:\n\tb: 1\n", SC_E_SYNTAX,
           "'f' line 2, column 1: a tab where indentation or a value is expected; use spaces");
    refuse("a: b: c\n", SC_E_SYNTAX,
           "'f' line 1, column 5: a second ': ' on one line, or a key indented unlike its "
           "neighbours; quote the value, or mend the indentation");
    refuse("a:\n - b\nc\n", SC_E_SYNTAX,
           "'f' line 4, column 1: a: a key without its ':', or a line indented less than the text "
           "it belongs to (while scanning a simple key that begins on line 3)");
    refuse("a: [b\n", SC_E_SYNTAX,
           "'f' line 2, column 1: a: a list between brackets without its ',' or ']' (while parsing "
           "a flow sequence that begins on line 1)");
    refuse("a: - b\n", SC_E_SYNTAX,
           "'f' line 1, column 4: a list item ('- ...') where none can stand; begin it on a line "
           "of its own");
    refuse("a: @b\n", SC_E_SYNTAX,
           "'f' line 1, column 4: a character that no plain text begins with; quote the text");
}

static void test_alias_refusals(void **state)
{
    (void)state;
    refuse("a: *b\n", SC_E_SYNTAX, "'f' line 1, column 4: a: an alias without an anchor before it");
    refuse("a: &a\n  b: *a\n", SC_E_SYNTAX,
           "'f' line 2, column 6: a.b: an alias inside its own anchor");
    refuse("a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
           "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
           "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"
           "g: [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]\n",
           SC_E_TOOBIG, "'f' line 7, column 4: g: aliases multiply to too many nodes");
}

static void test_hostile_bytes(void **state)
{
    (void)state;
    /* libyaml would skip the mark and count the line's columns from behind it */
    refuse("a: b\n\xef\xbb\xbf"
           "c: d\n",
           SC_E_SYNTAX, "'f' line 2, column 1: a byte order mark in the middle of the file");
    SC_CLEANUP(sc_yaml_freep) struct sc_yaml_stream *wide = load("a: b\n\xef\xbc\xa1: d\n");
    assert_int_equal(root(wide)->count, 2); /* a letter that begins with the mark's first byte */
    refuse("a: \xff\n", SC_E_SYNTAX, "'f' line 1, column 4: not UTF-8 text");
    refuse("\xff\xfe"
           "a",
           SC_E_SYNTAX, "'f' line 1, column 1: not UTF-8 text");
    refuse("ok: 1\na: \x01\n", SC_E_SYNTAX,
           "'f' line 2, column 4: control characters are not allowed");
    static char brackets[50000];
    memset(brackets, '[', sizeof(brackets));
    refuse_n(brackets, sizeof(brackets), SC_E_TOOBIG, "'f' line 1, column 129: nested too deeply");
    refuse_n(NULL, SC_YAML_SIZE_MAX + 1, SC_E_TOOBIG, "'f' is larger than the limit of 16 MiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalar_spans),
        cmocka_unit_test(test_block_scalars_end_on_their_last_line),
        cmocka_unit_test(test_collection_spans),
        cmocka_unit_test(test_bytes_not_characters),
        cmocka_unit_test(test_documents_and_paths),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_alias_refusals),
        cmocka_unit_test(test_hostile_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
