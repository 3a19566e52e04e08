/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings, their redaction and their fingerprint; see audit/finding.h.
 */
#include "audit/finding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/str.h"

#include "core/banned.h"

#define EXCERPT_MAX  ((size_t)400) /* bytes of an excerpt */
#define EXCERPT_LEAD ((size_t)120) /* bytes in front of the value that are kept */
#define STARS        "*****"

static const char *const severity_names[SC_SEVERITY_MAX] = {"low", "medium", "high"};

static const char *const class_names[SC_CLASS_MAX] = {
    [SC_CLASS_LITERAL] = "literal",
    [SC_CLASS_PLACEHOLDER] = "placeholder",
    [SC_CLASS_INTERPOLATED] = "interpolated",
    [SC_CLASS_DEFAULT] = "default",
    [SC_CLASS_URL] = "url",
    [SC_CLASS_URL_INTERPOLATED] = "url-interpolated",
    [SC_CLASS_COMMAND] = "command",
    [SC_CLASS_LABEL] = "label",
    [SC_CLASS_HALF] = "half",
    [SC_CLASS_KEY_MATERIAL] = "key-material",
};

const char *sc_severity_name(enum sc_severity severity)
{
    return severity_names[severity];
}

const char *sc_finding_class_name(enum sc_finding_class class)
{
    return class_names[class];
}

/* The first character of a value of four characters and more, then a fixed number of stars: neither
 * the length nor the end of a value is told. */
static void redact(char out[SC_REDACTED_SIZE], const void *value, size_t len)
{
    const char *text = value;
    if (len >= 4 && text[0] > ' ' && text[0] < 0x7f)
        snprintf(out, SC_REDACTED_SIZE, "%c%s", text[0], STARS);
    else
        snprintf(out, SC_REDACTED_SIZE, "%s", STARS);
}

/* Over the rule and the value, not the place: the same secret keeps its fingerprint when lines
 * move. */
static void make_fingerprint(struct sc_finding *finding, struct sc_bytes value,
                             const struct sc_fingerprint_key *key)
{
    unsigned char inner[SC_HASH_SIZE * 2];
    unsigned char outer[SC_HASH_SIZE];
    sc_hash_blake2b(inner, finding->rule, strlen(finding->rule), key->bytes, sizeof(key->bytes));
    sc_hash_blake2b(inner + SC_HASH_SIZE, value.ptr, value.len, key->bytes, sizeof(key->bytes));
    sc_hash_blake2b(outer, inner, sizeof(inner), key->bytes, sizeof(key->bytes));
    sc_hex(finding->fingerprint, outer, SC_FINGERPRINT_DIGITS / 2);
}

static int copy_text(char **ret, const char *text, struct sc_error *err)
{
    if (text == NULL)
        return 0;
    *ret = sc_str_dup(text, err);
    return *ret == NULL ? SC_E_NOMEM : 0;
}

static int grow(struct sc_findings *list, size_t more, struct sc_error *err)
{
    if (more > SC_FINDINGS_MAX - list->count)
        return sc_fail(err, SC_E_TOOBIG, "more than %zu findings; audit a smaller part",
                       SC_FINDINGS_MAX);
    struct sc_finding *items =
        sc_items_reserve(list->items, &list->cap, list->count, more, sizeof(*items), err);
    if (items == NULL)
        return SC_E_NOMEM;
    list->items = items;
    return 0;
}

int sc_findings_add(struct sc_findings *list, const struct sc_finding_facts *facts,
                    struct sc_bytes value, const struct sc_fingerprint_key *key,
                    struct sc_error *err)
{
    struct sc_finding finding = {.rule = facts->rule,
                                 .severity = facts->severity,
                                 .class = facts->class,
                                 .span = facts->span};
    int rc = grow(list, 1, err);
    if (rc == 0)
        rc = copy_text(&finding.file, facts->file, err);
    if (rc == 0)
        rc = copy_text(&finding.service, facts->service, err);
    if (rc == 0)
        rc = copy_text(&finding.key, facts->key, err);
    if (rc == 0)
        rc = copy_text(&finding.where, facts->where, err);
    if (rc == 0)
        rc = copy_text(&finding.fix, facts->fix, err);
    if (rc == 0)
        rc = copy_text(&finding.commit, facts->commit, err);
    if (rc < 0) {
        sc_finding_done(&finding);
        return rc;
    }
    redact(finding.redacted, value.ptr, value.len);
    make_fingerprint(&finding, value, key);
    list->items[list->count++] = finding;
    return 0;
}

/* The finding whose value covers this byte, or NULL. */
static const struct sc_finding *value_at(const struct sc_findings *list, size_t at)
{
    size_t low = 0, high = list->count;
    while (low < high) { /* the first finding that begins behind `at` */
        size_t middle = low + (high - low) / 2;
        if (list->items[middle].span.offset <= at)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    const struct sc_span *span = &list->items[low - 1].span;
    return at < span->offset + span->length ? &list->items[low - 1] : NULL;
}

static void render_excerpt(struct sc_buf *out, const struct sc_findings *list,
                           const struct sc_finding *finding, struct sc_bytes text)
{
    size_t offset = SC_MIN(finding->span.offset, text.len);
    size_t start = offset > EXCERPT_LEAD ? offset - EXCERPT_LEAD : 0;
    const unsigned char *newline =
        offset == start ? NULL : memrchr(text.ptr + start, '\n', offset - start);
    if (newline != NULL)
        start = (size_t)(newline - text.ptr) + 1;
    else if (start > 0)
        sc_buf_puts(out, "...");
    size_t stop = SC_MIN(offset + 1, text.len);
    for (size_t at = start; at < stop;) {
        const struct sc_finding *hidden = value_at(list, at);
        if (hidden != NULL) {
            sc_buf_puts(out, hidden->redacted);
            at = hidden->span.offset + hidden->span.length;
            continue;
        }
        unsigned char c = text.ptr[at++];
        sc_buf_putc(out, c < ' ' || c == 0x7f ? ' ' : (char)c);
    }
}

int sc_findings_add_excerpts(struct sc_findings *list, struct sc_bytes text, struct sc_error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        struct sc_finding *finding = &list->items[i];
        SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(EXCERPT_MAX);
        render_excerpt(&out, list, finding, text);
        if (sc_buf_status(&out, NULL) == SC_E_NOMEM)
            return sc_fail_nomem(err);
        free(finding->excerpt);
        finding->excerpt = sc_str_dup(sc_buf_text(&out), err);
        if (finding->excerpt == NULL)
            return SC_E_NOMEM;
    }
    return 0;
}

int sc_findings_move(struct sc_findings *to, struct sc_findings *from, struct sc_error *err)
{
    int rc = from->count == 0 ? 0 : grow(to, from->count, err);
    if (rc == 0)
        sc_items_move(to->items, &to->count, from->items, &from->count, sizeof(*to->items));
    return rc;
}

static int compare(const void *left, const void *right)
{
    const struct sc_finding *a = left, *b = right;
    int order = strcmp(a->file, b->file);
    if (order != 0)
        return order;
    if (a->span.offset != b->span.offset)
        return a->span.offset < b->span.offset ? -1 : 1;
    if (a->span.line != b->span.line)
        return a->span.line < b->span.line ? -1 : 1;
    order = strcmp(a->rule, b->rule);
    return order != 0 ? order : strcmp(a->fingerprint, b->fingerprint);
}

void sc_findings_sort(struct sc_findings *list)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof(*list->items), compare);
}

void sc_finding_done(struct sc_finding *finding)
{
    free(finding->file);
    free(finding->service);
    free(finding->key);
    free(finding->where);
    free(finding->excerpt);
    free(finding->fix);
    free(finding->commit);
    *finding = (struct sc_finding){0};
}

void sc_findings_done(struct sc_findings *list)
{
    for (size_t i = 0; i < list->count; i++)
        sc_finding_done(&list->items[i]);
    free(list->items);
    *list = (struct sc_findings){0};
}

void sc_finding_json(struct sc_json *json, const struct sc_finding *finding)
{
    sc_json_object_begin(json);
    sc_json_pair_string(json, "rule", finding->rule);
    sc_json_pair_string(json, "severity", sc_severity_name(finding->severity));
    sc_json_pair_string(json, "class", sc_finding_class_name(finding->class));
    sc_json_pair_string(json, "file", finding->file);
    sc_json_pair_int(json, "line", (int64_t)finding->span.line);
    sc_json_pair_int(json, "column", (int64_t)finding->span.column);
    sc_json_pair_string(json, "service", finding->service);
    sc_json_pair_string(json, "key", finding->key);
    sc_json_pair_string(json, "where", finding->where);
    sc_json_pair_string(json, "redacted", finding->redacted);
    sc_json_pair_string(json, "fingerprint", finding->fingerprint);
    sc_json_pair_string(json, "fix", finding->fix);
    if (finding->commit != NULL)
        sc_json_pair_string(json, "commit", finding->commit);
    sc_json_object_end(json);
}
