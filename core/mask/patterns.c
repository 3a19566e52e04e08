/* SPDX-License-Identifier: Apache-2.0
 *
 * Pattern sets; see core/mask/patterns.h.
 */
#include "core/mask/patterns.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/encode.h"
#include "core/mask/canon.h"

#include "core/banned.h"

#define CHUNK_BYTES  ((size_t)256 * 1024)
#define WHOLE_MIN    ((size_t)8) /* shorter values are looked for as they are only */
#define CANON_MIN    ((size_t)6)
#define WINDOW       ((size_t)12) /* of base64: tools break lines anywhere */
#define WINDOW_STEP  ((size_t)4)
#define WINDOWS_UPTO ((size_t)16 * 1024)

struct sc_mask_chunk {
    struct sc_mask_chunk *next;
    size_t used;
    unsigned char bytes[];
};

static unsigned char *take_room(struct sc_mask_set *set, size_t len, struct sc_error *err)
{
    struct sc_mask_chunk *chunk = set->chunks;
    size_t room = CHUNK_BYTES - sizeof(*chunk);
    if (chunk == NULL || room - chunk->used < len) {
        chunk = sc_arena_alloc(CHUNK_BYTES, err);
        if (chunk == NULL)
            return NULL;
        chunk->next = set->chunks;
        set->chunks = chunk;
    }
    unsigned char *place = chunk->bytes + chunk->used;
    chunk->used += len;
    return place;
}

static int add_pattern(struct sc_mask_set *set, struct sc_bytes bytes, uint32_t value,
                       struct sc_error *err)
{
    if (set->bytes + bytes.len > SC_MASK_BYTES_MAX)
        return sc_fail(err, SC_E_TOOBIG,
                       "the patterns to mask are over %zu bytes; leave values out with --only",
                       SC_MASK_BYTES_MAX);
    struct sc_mask_pattern *grown =
        sc_items_reserve(set->items, &set->cap, set->count, 1, sizeof(*grown), err);
    if (grown == NULL)
        return SC_E_NOMEM;
    set->items = grown;
    unsigned char *place = take_room(set, bytes.len, err);
    if (place == NULL)
        return SC_E_NOMEM;
    memcpy(place, bytes.ptr, bytes.len);
    set->items[set->count++] = (struct sc_mask_pattern){
        .ptr = place, .len = (uint32_t)bytes.len, .parent = SC_MASK_NONE, .value = value};
    set->bytes += bytes.len;
    return 0;
}

/* ---- the forms of a value ---- */

struct adding {
    struct sc_mask_patterns *patterns;
    bool windows;
};

static bool is_base64(enum sc_encoding encoding)
{
    return encoding == SC_ENCODING_BASE64 || encoding == SC_ENCODING_BASE64URL;
}

static int add_form(enum sc_encoding encoding, struct sc_bytes form, void *ctx,
                    struct sc_error *err)
{
    struct adding *adding = ctx;
    struct sc_mask_set *set = &adding->patterns->exact;
    if (form.len < WHOLE_MIN)
        return 0;
    int rc = add_pattern(set, form, adding->patterns->values, err);
    if (!is_base64(encoding) || !adding->windows)
        return rc;
    for (size_t at = 0; rc == 0 && at + WINDOW <= form.len; at += WINDOW_STEP)
        rc = add_pattern(set, (struct sc_bytes){form.ptr + at, WINDOW}, adding->patterns->values,
                         err);
    return rc;
}

static int add_piece(struct sc_mask_patterns *patterns, struct sc_bytes piece, bool windows,
                     struct sc_error *err)
{
    struct adding adding = {patterns, windows && piece.len >= WINDOW};
    if (piece.len < WHOLE_MIN)
        return add_pattern(&patterns->exact, piece, patterns->values, err);
    int rc = sc_encode_opaque(piece, add_form, &adding, err);
    if (rc < 0 || !sc_canon_needed(piece))
        return rc;
    SC_CLEANUP(sc_secret_done) struct sc_secret reduced = {0};
    unsigned char *room = NULL;
    rc = sc_secret_resize(&reduced, piece.len, &room, err);
    if (rc < 0)
        return rc;
    struct sc_bytes canonical = {room, sc_canon_value(piece, room)};
    if (canonical.len < CANON_MIN)
        return 0;
    return add_pattern(&patterns->canonical, canonical, patterns->values, err);
}

static bool is_pem_boundary(struct sc_bytes line)
{
    return line.len > 10 &&
           (memcmp(line.ptr, "-----BEGIN", 10) == 0 || memcmp(line.ptr, "-----END", 8) == 0);
}

/* A line longer than a piece is cut; the last piece ends where the line ends. */
static int add_line(struct sc_mask_patterns *patterns, struct sc_bytes line, bool windows,
                    struct sc_error *err)
{
    if (line.len <= SC_MASK_PIECE_MAX)
        return add_piece(patterns, line, windows, err);
    int rc = 0;
    for (size_t at = 0; rc == 0 && at < line.len; at += SC_MASK_PIECE_MAX) {
        size_t from = SC_MIN(at, line.len - SC_MASK_PIECE_MAX);
        rc = add_piece(patterns, (struct sc_bytes){line.ptr + from, SC_MASK_PIECE_MAX}, windows,
                       err);
    }
    return rc;
}

int sc_mask_patterns_add(struct sc_mask_patterns *patterns, struct sc_bytes value, bool *ret_masked,
                         struct sc_error *err)
{
    bool windows = value.len <= WINDOWS_UPTO;
    bool masked = false;
    int rc = 0;
    for (size_t at = 0; rc == 0 && at < value.len;) {
        size_t end = at;
        while (end < value.len && value.ptr[end] != '\n' && value.ptr[end] != '\r')
            end++;
        struct sc_bytes line = {value.ptr + at, end - at};
        bool whole = at == 0 && end + 2 >= value.len; /* nothing but a line end behind it */
        size_t least = whole ? SC_MASK_PATTERN_MIN : WHOLE_MIN;
        if (line.len >= least && !is_pem_boundary(line)) {
            rc = add_line(patterns, line, windows, err);
            masked = true;
        }
        at = end + 1;
    }
    if (rc < 0)
        return rc;
    patterns->values++;
    *ret_masked = masked;
    return 0;
}

/* ---- order ---- */

static int compare(const unsigned char *a, size_t a_len, const unsigned char *b, size_t b_len)
{
    int order = memcmp(a, b, SC_MIN(a_len, b_len));
    return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

static int by_bytes(const void *left, const void *right)
{
    const struct sc_mask_pattern *a = left;
    const struct sc_mask_pattern *b = right;
    return compare(a->ptr, a->len, b->ptr, b->len);
}

static uint32_t gram_at(const unsigned char *text)
{
    uint32_t gram;
    memcpy(&gram, text, sizeof(gram));
    return gram;
}

static bool starts_with(const struct sc_mask_pattern *pattern, const struct sc_mask_pattern *prefix)
{
    return pattern->len > prefix->len && memcmp(pattern->ptr, prefix->ptr, prefix->len) == 0;
}

static int make_tables(struct sc_mask_set *set, struct sc_error *err)
{
    size_t places = 64;
    while (places < set->count * 2)
        places *= 2;
    set->range_mask = places - 1;
    set->table_size = places * sizeof(*set->ranges) + set->count * sizeof(*set->heads);
    set->ranges = sc_arena_pages_get(set->table_size, SC_ARENA_FORK_WIPES, err);
    if (set->ranges == NULL)
        return SC_E_NOMEM;
    set->heads = (uint32_t *)(set->ranges + places);
    return 0;
}

/* Short patterns have a filter of their own: it would serve the others badly. */
static int make_filters(struct sc_mask_set *set, struct sc_error *err)
{
    size_t count[SC_MASK_FILTERS] = {0};
    size_t shortest[SC_MASK_FILTERS] = {SIZE_MAX, SIZE_MAX};
    for (size_t i = 0; i < set->count; i++) {
        size_t kind = set->items[i].len < SC_MASK_FILTER_LONG;
        shortest[kind] = SC_MIN(shortest[kind], (size_t)set->items[i].len);
        count[kind]++;
    }
    int rc = 0;
    for (size_t kind = 0; rc == 0 && kind < SC_MASK_FILTERS; kind++)
        if (count[kind] > 0)
            rc = sc_mask_filter_init(&set->filters[kind], shortest[kind], count[kind], err);
    for (size_t i = 0; rc == 0 && i < set->count; i++) {
        size_t kind = set->items[i].len < SC_MASK_FILTER_LONG;
        sc_mask_filter_add(&set->filters[kind], set->items[i].ptr, set->items[i].len);
    }
    return rc;
}

/* The place of these four bytes, or the free one where they would be. */
static struct sc_mask_range *find_range(const struct sc_mask_set *set, uint32_t gram)
{
    size_t at = (size_t)(gram * 0x9e3779b97f4a7c15u >> 32) & set->range_mask;
    while (set->ranges[at].end != 0 && set->ranges[at].gram != gram)
        at = (at + 1) & set->range_mask;
    return &set->ranges[at];
}

/* Notes the pattern at `index`; they come in order. */
static void index_pattern(struct sc_mask_set *set, uint32_t index)
{
    const struct sc_mask_pattern *item = &set->items[index];
    uint32_t gram = gram_at(item->ptr);
    struct sc_mask_range *range = find_range(set, gram);
    if (range->end == 0)
        *range = (struct sc_mask_range){
            .gram = gram, .first = index, .second = item->len >= 8 ? gram_at(item->ptr + 4) : 0};
    range->end = index + 1;
    set->heads[index] = be32toh(gram);
    set->firsts[item->ptr[0] + 1] = range->end;
}

static int finish_set(struct sc_mask_set *set, struct sc_error *err)
{
    if (set->count == 0)
        return 0;
    int rc = make_tables(set, err);
    if (rc < 0)
        return rc;
    qsort(set->items, set->count, sizeof(set->items[0]), by_bytes);
    size_t kept = 0;
    for (size_t i = 0; i < set->count; i++) {
        struct sc_mask_pattern *item = &set->items[i];
        if (kept > 0 && by_bytes(&set->items[kept - 1], item) == 0)
            continue;
        /* The predecessor or one of its own prefixes is the longest prefix of this one. */
        uint32_t parent = kept > 0 ? (uint32_t)(kept - 1) : SC_MASK_NONE;
        while (parent != SC_MASK_NONE && !starts_with(item, &set->items[parent]))
            parent = set->items[parent].parent;
        item->parent = parent;
        set->longest = SC_MAX(set->longest, (size_t)item->len);
        set->items[kept] = *item;
        index_pattern(set, (uint32_t)kept++);
    }
    set->count = kept;
    for (size_t byte = 1; byte < SC_ARRAY_SIZE(set->firsts); byte++) /* none begins with some */
        set->firsts[byte] = SC_MAX(set->firsts[byte - 1], set->firsts[byte]);
    return make_filters(set, err);
}

int sc_mask_patterns_finish(struct sc_mask_patterns *patterns, struct sc_error *err)
{
    int rc = finish_set(&patterns->exact, err);
    if (rc == 0)
        rc = finish_set(&patterns->canonical, err);
    sc_wipe_stack();
    return rc;
}

static void set_done(struct sc_mask_set *set)
{
    for (struct sc_mask_chunk *chunk = set->chunks; chunk != NULL;) {
        struct sc_mask_chunk *next = chunk->next;
        sc_arena_free(chunk);
        chunk = next;
    }
    free(set->items);
    for (size_t kind = 0; kind < SC_MASK_FILTERS; kind++)
        sc_mask_filter_done(&set->filters[kind]);
    sc_arena_pages_release(set->ranges, set->table_size);
    *set = (struct sc_mask_set){0};
}

void sc_mask_patterns_done(struct sc_mask_patterns *patterns)
{
    set_done(&patterns->exact);
    set_done(&patterns->canonical);
    patterns->values = 0;
}

/* ---- search ---- */

/* How many patterns are not greater than the text, of those before `high`; those before `low` are
 * known to be. */
static size_t upper_bound(const struct sc_mask_set *set, size_t low, size_t high,
                          const unsigned char *text, size_t len)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(set->items[middle].ptr, set->items[middle].len, text, len) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The longest pattern that stands at the beginning of the text, or NULL. */
static const struct sc_mask_pattern *longest(const struct sc_mask_set *set,
                                             const unsigned char *text, size_t len)
{
    const struct sc_mask_range *range = find_range(set, gram_at(text));
    /* Mostly there is one, and it is another. */
    if (range->end - range->first == 1 && len >= 8 && range->second != gram_at(text + 4) &&
        set->items[range->first].len >= 8)
        return NULL;
    /* Every pattern between a prefix of the text and the text begins with that prefix, so the
     * answer is the greatest pattern not above the text, or one of its prefixes. */
    size_t above = range->end == 0 ? 0 : upper_bound(set, range->first, range->end, text, len);
    uint32_t at = range->end != 0 && above > range->first ? (uint32_t)(above - 1) : SC_MASK_NONE;
    while (at != SC_MASK_NONE) {
        const struct sc_mask_pattern *pattern = &set->items[at];
        if (pattern->len <= len && memcmp(pattern->ptr, text, pattern->len) == 0)
            return pattern;
        at = pattern->parent;
    }
    return NULL;
}

struct sc_mask_search sc_mask_search(const struct sc_mask_set *set, const unsigned char *text,
                                     size_t len)
{
    struct sc_mask_search search = {.set = set, .text = text, .len = len};
    for (size_t kind = 0; kind < SC_MASK_FILTERS; kind++)
        search.places[kind] = sc_mask_filter_next(&set->filters[kind], text, 0, len);
    return search;
}

const struct sc_mask_pattern *sc_mask_next(struct sc_mask_search *search, size_t *ret_at)
{
    const struct sc_mask_pattern *found = NULL;
    while (found == NULL) {
        size_t at = SC_MIN(search->places[0], search->places[1]);
        if (at == search->len)
            break;
        for (size_t kind = 0; kind < SC_MASK_FILTERS; kind++)
            if (search->places[kind] == at)
                search->places[kind] = sc_mask_filter_next(&search->set->filters[kind],
                                                           search->text, at + 1, search->len);
        found = longest(search->set, search->text + at, search->len - at);
        *ret_at = at;
    }
    return found;
}

/* Whether these bytes, fewer than a gram, begin a pattern. */
static bool is_short_prefix(const struct sc_mask_set *set, const unsigned char *text, size_t len)
{
    size_t low = set->firsts[text[0]];
    size_t end = set->firsts[text[0] + 1];
    if (len == 1)
        return low < end;
    uint32_t least = (uint32_t)text[0] << 24 | (uint32_t)text[1] << 16;
    least |= len > 2 ? (uint32_t)text[2] << 8 : 0;
    for (size_t high = end; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (set->heads[middle] < least)
            low = middle + 1;
        else
            high = middle;
    }
    return low < end && (set->heads[low] ^ least) >> (32 - 8 * len) == 0;
}

/* Whether a pattern begins with these bytes, and goes on. */
static bool is_prefix(const struct sc_mask_set *set, const unsigned char *text, size_t len)
{
    if (len < SC_MASK_PATTERN_MIN)
        return is_short_prefix(set, text, len);
    const struct sc_mask_range *range = find_range(set, gram_at(text));
    size_t above = upper_bound(set, range->first, range->end, text, len);
    return above < range->end && set->items[above].len > len &&
           memcmp(set->items[above].ptr, text, len) == 0;
}

size_t sc_mask_hold(const struct sc_mask_set *set, const unsigned char *text, size_t len)
{
    if (set->count == 0)
        return len;
    size_t from = len >= set->longest ? len - set->longest + 1 : 0;
    while (from < len && !is_prefix(set, text + from, len - from))
        from++;
    return from;
}
