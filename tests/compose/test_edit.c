/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes of a YAML text: what they make of it, byte by byte, and what is refused. Each result is
 * held to the proof (sc_edit_verify) too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compose/edit/edit.h"

#include "core/banned.h"

#define OPERATIONS 4

/* What is done to the root of the last document, or to its entry `key`. */
struct operation {
    enum { END, SET, RENAME, DELETE, ADD, LEAD } what;
    const char *key;  /* NULL: the root itself */
    const char *text; /* what is SET; NULL: "new" */
};

struct edit_case {
    const char *name, *before;
    struct operation operations[OPERATIONS];
    const char *after; /* the new text, or the message it is refused with */
};

static const struct edit_case accepted[] = {
    {"a value keeps its quotes", "a: 'x' # c\nb: 1\n", {{SET, "a"}}, "a: 'new' # c\nb: 1\n"},
    {"what plain text cannot hold", "a: x\n", {{SET, "a", "b: c"}}, "a: 'b: c'\n"},
    {"a quote", "a: 'x'\n", {{SET, "a", "it's"}}, "a: 'it''s'\n"},
    {"what only double quotes hold",
     "a: x\nb: 'y'\nc: z\n",
     {{SET, "a", "c\td"}, {SET, "b", "e\n\"\\\x01"}, {SET, "c", "f\x7f"}},
     "a: \"c\\td\"\nb: \"e\\n\\\"\\\\\\x01\"\nc: \"f\\x7f\"\n"},
    {"an empty value", "a:\nb: 1\n", {{SET, "a"}}, "a: new\nb: 1\n"},
    {"a key glued to its anchor", "&a:b : 1\n", {{RENAME, ":b"}}, "&a new : 1\n"},
    {"an entry more", "a: 1\n", {{ADD, NULL}}, "a: 1\nnew: v\n"},
    {"behind comments and blank lines",
     "a: 1 # c\n\n# d\n",
     {{ADD, NULL}},
     "a: 1 # c\nnew: v\n\n# d\n"},
    {"CR LF", "a: 1\r\nb: 2\r\n", {{DELETE, "a"}, {ADD, NULL}}, "b: 2\r\nnew: v\r\n"},
    {"braces", "{a: 1, b: 2}", {{DELETE, "b"}}, "{a: 1}"},
    {"braces, the last one exchanged",
     "{a: 1, b: 2 }",
     {{DELETE, "b"}, {ADD, NULL}},
     "{a: 1, new: v }"},
    {"braces, all exchanged",
     "{ a: 1, b: 2 }",
     {{DELETE, "a"}, {DELETE, "b"}, {ADD, NULL}},
     "{ new: v }"},
    {"braces behind nothing", "{a: , b: 1}", {{ADD, "a"}}, "{a: {new: v}, b: 1}"},
    {"braces in place of null", "{a: null}", {{ADD, "a"}}, "{a: {new: v}}"},
    {"JSON", "{\"a\": null}", {{ADD, "a"}}, "{\"a\": {\"new\": \"v\"}}"},
    {"lines behind nothing", "a: # c\nb: 1\n", {{ADD, "a"}}, "a: # c\n  new: v\nb: 1\n"},
    {"lines in place of no entries", "a: {} # c\nb: 1\n", {{ADD, "a"}}, "a: # c\n  new: v\nb: 1\n"},
    {"braces stay in braces", "{a: {}}", {{ADD, "a"}}, "{a: {new: v}}"},
    {"braces with a comment in them stay",
     "a: {\n # c\n }\n",
     {{ADD, "a"}},
     "a: {new: v\n # c\n }\n"},
    {"lines in place of null", "a: ~ # c\nb: 1\n", {{ADD, "a"}}, "a: # c\n  new: v\nb: 1\n"},
    {"lines in place of a last null", "a: null", {{ADD, "a"}}, "a:\n  new: v"},
    /* no newline at the end */
    {"added", "a: 1", {{ADD, NULL}}, "a: 1\nnew: v"},
    {"deleted", "a: 1\nb: 2", {{DELETE, "b"}}, "a: 1"},
    {"two deleted", "a: 1\nb: 2\nc: 3", {{DELETE, "b"}, {DELETE, "c"}}, "a: 1"},
    {"deleted, added", "a: 1\nb: 2", {{DELETE, "b"}, {ADD, NULL}}, "a: 1\nnew: v"},
    {"CR LF, deleted", "a: 1\r\nb: 2", {{DELETE, "b"}}, "a: 1"},
    {"a block text stays without one", "a: |\n  x", {{ADD, NULL}}, "a: |-\n  x\nnew: v"},
    {"a block text that keeps all", "a: >2+ # c\n  x", {{ADD, NULL}}, "a: >2- # c\n  x\nnew: v"},
    {"a block text that has none", "a: |-\n  x", {{ADD, NULL}}, "a: |-\n  x\nnew: v"},
    {"a block text of blanks", "a: >2\n   ", {{ADD, NULL}}, "a: >-2\n   \nnew: v"},
    {"a block text that ends the file", "a: |", {{ADD, NULL}}, "a: |-\nnew: v"},
    {"a block text before a key", "a: |\n  x\n? b", {{ADD, NULL}}, "a: |\n  x\n? b\nnew: v"},
    {"blanks behind a block text", "a: >2\nb:\n   ", {{DELETE, "b"}}, "a: >2\n"},
    {"blank lines behind a block text",
     "a: |+\n  x\nb: 1\n\n   \n",
     {{DELETE, "b"}},
     "a: |+\n  x\n"},
    {"a comment behind a block text",
     "a: |\n  x\nb: 1\n# c\n",
     {{DELETE, "b"}},
     "a: |\n  x\n# c\n"},
    {"blank lines behind a plain text", "a: 1\nb: 1\n\n", {{DELETE, "b"}}, "a: 1\n\n"},
    {"items in front",
     "a: # c\n  # d\n- x # e\n- |\n y\n",
     {{LEAD, "a"}, {LEAD, "a"}},
     "a: # c\n  # d\n- v\n- v\n- x # e\n- |\n y\n"},
    {"between brackets", "a: [ &b 'x' ]", {{LEAD, "a"}}, "a: [ v, &b 'x' ]"},
    {"JSON, in front", "{\"a\": [\"x\"]}", {{LEAD, "a"}}, "{\"a\": [\"v\", \"x\"]}"},
    {"a block text keeps its own", "a: |\n  x\nb: 1", {{DELETE, "b"}}, "a: |\n  x\n"},
};

static const struct edit_case refused[] = {
    {"an empty document",
     "a: 1\n---\n",
     {{SET, NULL}},
     "'f' line 3, column 1: an empty document, which cannot be changed cleanly; write it "
     "otherwise"},
    {"no colon",
     "? a\n",
     {{SET, "a"}},
     "'f' line 2, column 1: a key without its ':', which cannot be changed cleanly; write it "
     "otherwise"},
    {"a colon in a comment",
     "? a #:\n",
     {{SET, "a"}},
     "'f' line 2, column 1: a key without its ':', which cannot be changed cleanly; write it "
     "otherwise"},
    {"an empty key",
     "?\n: v\n",
     {{RENAME, ""}},
     "'f' line 1, column 2: an empty key, which cannot be changed cleanly; write it otherwise"},
    {"a question mark on another line",
     "a: 1\n? # c\n  b\n: 2\n",
     {{DELETE, "b"}},
     "'f' line 3, column 3: an entry that does not stand on lines of its own, which cannot be "
     "changed cleanly; write it otherwise"},
    {"a lone carriage return",
     "a: 1\rb: 2\n",
     {{SET, "a"}},
     "'f' line 1, column 5: a line that ends otherwise than in LF or CR LF, which cannot be "
     "changed cleanly; write it otherwise"},
    {"a line separator",
     "a: 1 # \xe2\x80\xa8\nb: 2\n",
     {{SET, "a"}},
     "'f' line 1, column 8: a line that ends otherwise than in LF or CR LF, which cannot be "
     "changed cleanly; write it otherwise"},
    {"a comment deeper than an empty block text",
     "a: >\nb: 1\n # c\n",
     {{DELETE, "b"}},
     "'f' line 3, column 1: a comment that would become part of the text before it, which cannot "
     "be changed cleanly; write it otherwise"},
    {"the same behind blank lines",
     "a: |\n  x\nb: 1\n\n  # c\nd: 1\n",
     {{DELETE, "b"}},
     "'f' line 5, column 1: a comment that would become part of the text before it, which cannot "
     "be changed cleanly; write it otherwise"},
    {"items in front of none",
     "a: []\n",
     {{LEAD, "a"}},
     "'f' line 1, column 4: no list with items, which cannot be changed cleanly; write it "
     "otherwise"},
    {"all of it",
     "{a: 1}",
     {{DELETE, "a"}},
     "'f' line 1, column 5: nothing would be left of the collection, which cannot be changed "
     "cleanly; write it otherwise"},
};

static struct sc_yaml_stream *load(struct sc_bytes text)
{
    struct sc_error err = {0};
    struct sc_yaml_stream *stream = NULL;
    if (sc_yaml_load(text, "f", &stream, NULL, &err) < 0)
        fail_msg("%s", sc_error_message(&err));
    return stream;
}

static struct sc_bytes bytes(const char *text)
{
    return (struct sc_bytes){(const unsigned char *)text, strlen(text)};
}

static const struct sc_yaml_node *entry(const struct sc_yaml_node *root, const char *key, bool name)
{
    for (size_t i = 0; i < root->count; i++) {
        if (sc_yaml_equals(root->keys[i], key))
            return name ? root->keys[i] : root->values[i];
    }
    fail_msg("no key '%s'", key);
    return NULL;
}

static int ask(struct sc_edits *edits, const struct sc_yaml_node *root,
               const struct operation *operation)
{
    static const struct sc_edit_value value = {.kind = SC_YAML_SCALAR, .text = "v"};
    const struct sc_yaml_node *node = root;
    if (operation->key != NULL)
        node = entry(root, operation->key, operation->what == RENAME);
    switch (operation->what) {
    case SET:
        return sc_edit_set(edits, node, operation->text != NULL ? operation->text : "new", NULL);
    case RENAME:
        return sc_edit_rename(edits, node, "new", NULL);
    case DELETE:
        return sc_edit_delete(edits, node, NULL);
    case ADD:
        return sc_edit_add(edits, node, "new", &value, NULL);
    case LEAD:
        return sc_edit_lead(edits, node, &value, NULL);
    case END:
    default:
        return 0;
    }
}

/* The message of a refusal, or NULL and the new text. */
static const char *apply(const struct edit_case *t, struct sc_buf *out, struct sc_error *err)
{
    SC_CLEANUP(sc_yaml_freep) struct sc_yaml_stream *before = load(bytes(t->before));
    SC_CLEANUP(sc_yaml_freep) struct sc_yaml_stream *after = NULL;
    SC_CLEANUP(sc_edits_done) struct sc_edits edits = {0};
    SC_CLEANUP(sc_splices_done) struct sc_splices splices = {0};
    const struct sc_yaml_node *root = sc_yaml_document(before, sc_yaml_count(before) - 1)->root;
    for (size_t i = 0; i < OPERATIONS; i++)
        assert_int_equal(ask(&edits, root, &t->operations[i]), 0);
    int rc = sc_edit_apply(before, &edits, &splices, out, err);
    if (rc < 0) {
        assert_int_equal(rc, SC_E_UNSUPPORTED);
        return sc_error_message(err);
    }
    after = load(sc_buf_view(out));
    if (sc_edit_verify(before, &edits, after, err) < 0)
        fail_msg("%s: %s", t->name, sc_error_message(err));
    return NULL;
}

static void test_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < SC_ARRAY_SIZE(accepted); i++) {
        struct sc_error err = {0};
        SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(4096);
        const char *message = apply(&accepted[i], &out, &err);
        if (message != NULL)
            fail_msg("%s: %s", accepted[i].name, message);
        assert_string_equal(sc_buf_text(&out), accepted[i].after);
    }
}

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < SC_ARRAY_SIZE(refused); i++) {
        struct sc_error err = {0};
        SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(4096);
        const char *message = apply(&refused[i], &out, &err);
        if (message == NULL)
            fail_msg("%s: became '%s'", refused[i].name, sc_buf_text(&out));
        assert_string_equal(message, refused[i].after);
    }
}

/* Texts that a faulty splice could have made of `before`, where `operation` was asked for. */
static const struct disproved {
    const char *before, *after;
    struct operation operation;
    const char *what;
} disproved[] = {
    {"a: 1\n",
     "a: 1\nb: 2\n",
     {END},
     "line 1, column 1: the rewritten file differs: an entry too many"},
    {"- a\n",
     "- a\n- b\n",
     {END},
     "line 1, column 1: the rewritten file differs: an entry too many"},
    {"x: {}\n",
     "x: {a: 1}\n",
     {END},
     "line 1, column 4: the rewritten file differs: an entry too many"},
    {"a: 1\n",
     "a: 1\nnew: v\nb: 2\n",
     {ADD, NULL},
     "line 1, column 1: the rewritten file differs: an entry too many"},
    {"x:\n",
     "x: {new: v, b: 2}\n",
     {ADD, "x"},
     "line 1, column 4: the rewritten file differs: an entry too many"},
    {"a: 1\nb: 2\n",
     "a: 1\n",
     {END},
     "line 1, column 1: the rewritten file differs: an entry is missing"},
    {"a: 1\n",
     "a: 1\n",
     {ADD, NULL},
     "line 1, column 1: the rewritten file differs: an added entry is missing"},
    {"a: 1\n", "a: 2\n", {END}, "line 1, column 4: the rewritten file differs: a value changed"},
    {"a: 1\n",
     "a: 1\n",
     {SET, "a"},
     "line 1, column 4: the rewritten file differs: not the new text"},
};

static void test_disproved(void **state)
{
    (void)state;
    for (size_t i = 0; i < SC_ARRAY_SIZE(disproved); i++) {
        struct sc_error err = {0};
        SC_CLEANUP(sc_yaml_freep) struct sc_yaml_stream *before = load(bytes(disproved[i].before));
        SC_CLEANUP(sc_yaml_freep) struct sc_yaml_stream *after = load(bytes(disproved[i].after));
        SC_CLEANUP(sc_edits_done) struct sc_edits edits = {0};
        const struct sc_yaml_node *root = sc_yaml_document(before, 0)->root;
        assert_int_equal(ask(&edits, root, &disproved[i].operation), 0);
        if (sc_edit_verify(before, &edits, after, &err) != SC_E_BUG)
            fail_msg("'%s' was taken for '%s'", disproved[i].after, disproved[i].before);
        assert_string_equal(sc_error_message(&err) + strlen("'f' "), disproved[i].what);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_disproved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
