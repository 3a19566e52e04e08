/* SPDX-License-Identifier: Apache-2.0
 *
 * The pass over the text; see audit/rules/sieve.h.
 */
#include "audit/rules/sieve.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "audit/rules/sieve_block.h"
#include "audit/rules/sieve_table.h"
#include "audit/rules/table.h"
#include "core/vector/cpu.h"
#include "core/vector/lanes.h"

#include "core/banned.h"

/* The longest value of a rule, and the longest name before one: 30 characters and the keyword. */
#define VALUE_MAX ((size_t)512)
#define NAME_MAX  ((size_t)64)
/* Blocks that are classified before their words are looked at: that many bytes and words fit into
 * the first level cache. */
#define BLOCKS ((size_t)32)
/* How far ahead memory is called for. */
#define AHEAD ((size_t)4096)

/* A class of characters in all these blocks. */
union words {
    uint64_t of[BLOCKS];
    sc_lanes lanes[BLOCKS / SC_LANES];
};

struct blocks {
    union words value, word, op, gap, digit, bound, free; /* as in struct block */
    /* Behind a run of value characters with a digit, of which some are given to something. */
    union words runs;
};

/* What the blocks before leave behind. */
struct carry {
    sc_lanes value, runs2, runs4, runs8, runs16, values, word, begins; /* as in find_tokens() */
    uint64_t op;
    unsigned char gap, started, digit; /* runs that go on: behind a sign, with a value, a digit */
};

struct search {
    struct sc_bytes text;
    sc_sieve_hit *hit;
    void *ctx;
    size_t last_name; /* end of the name looked at last: `a := b` has two signs */
};

static bool in_class(unsigned char c, enum sc_sieve_class class)
{
    return (sc_sieve_table.classes[c] >> class & 1) != 0;
}

/* ---- one place ---- */

static bool may_go_on(const struct search *s, const struct sc_sieve_entry *entry, size_t end)
{
    if (end == s->text.len)
        return true;
    unsigned char c = s->text.ptr[end] & 127;
    return (entry->then[c / 8] >> c % 8 & 1) != 0;
}

/* Reports the rules of an index whose literal stands around the window at `at`. */
static int look_up(const struct search *s, const struct sc_sieve_index *index, size_t at)
{
    if (at + SC_SIEVE_WINDOW > s->text.len)
        return 0;
    uint32_t window = sc_sieve_window(s->text.ptr + at);
    unsigned hash = sc_sieve_hash(window);
    int rc = 0;
    for (size_t i = index->first[hash]; i < index->first[hash + 1] && rc == 0; i++) {
        const struct sc_sieve_entry *entry = &index->entries[i];
        size_t end = at - entry->offset + entry->length;
        if (entry->window != window || at < entry->offset || s->text.len < end ||
            !may_go_on(s, entry, end))
            continue;
        const char *literal = sc_token_rules[entry->rule].literal;
        const char *found = (const char *)s->text.ptr + at - entry->offset;
        bool same = index == &sc_sieve_table.names ? strncasecmp(found, literal, entry->length) == 0
                                                   : memcmp(found, literal, entry->length) == 0;
        if (same)
            rc = s->hit(s->ctx, entry->rule, end);
    }
    return rc;
}

/* The end of the name to which the value at `at` is given: before blanks, a bracket and a quote. */
static size_t name_end(struct sc_bytes text, size_t at)
{
    const unsigned char *p = text.ptr;
    while (at > 0 && in_class(p[at - 1], SC_SIEVE_GAP))
        at--;
    if (at > 1 &&
        ((p[at - 1] == '>' && p[at - 2] == '=') || (p[at - 1] == '=' && p[at - 2] == ':')))
        at--;
    at -= at > 0;
    while (at > 0 && (p[at - 1] == ' ' || p[at - 1] == '\t'))
        at--;
    at -= at > 0 && p[at - 1] == ']';
    at -= at > 0 && (p[at - 1] == '"' || p[at - 1] == '\'');
    return at;
}

static int look_at_value(struct search *s, size_t at)
{
    size_t end = name_end(s->text, at);
    if (end == s->last_name)
        return 0;
    s->last_name = end;
    size_t start = end;
    while (start > 0 && end - start < NAME_MAX &&
           (in_class(s->text.ptr[start - 1], SC_SIEVE_WORD) || s->text.ptr[start - 1] == '-' ||
            s->text.ptr[start - 1] == '.'))
        start--;
    int rc = 0;
    for (; start + SC_SIEVE_WINDOW <= end && rc == 0; start++)
        rc = look_up(s, &sc_sieve_table.names, start);
    return rc;
}

/* The values in the run that ends before `end`: behind its signs of assignment, and the whole. No
 * rule takes a value without a digit for a secret. */
static int look_at_run(struct search *s, size_t end)
{
    const unsigned char *p = s->text.ptr;
    size_t digit = SIZE_MAX;
    int rc = 0;
    for (size_t at = end; at > 1 && rc == 0 && in_class(p[at - 1], SC_SIEVE_VALUE);) {
        at--;
        digit = in_class(p[at], SC_SIEVE_DIGIT) ? at : digit;
        bool given = in_class(p[at - 1], SC_SIEVE_OP) || in_class(p[at - 1], SC_SIEVE_GAP);
        if (given && end - at >= SC_SIEVE_VALUE_RUN && digit != SIZE_MAX && digit - at < VALUE_MAX)
            rc = look_at_value(s, at);
    }
    return rc;
}

/* ---- many blocks ---- */

static ALWAYS_INLINE uint64_t add(uint64_t a, uint64_t b, unsigned char *carry)
{
#ifdef __x86_64__
    unsigned long long sum;
    *carry = _addcarry_u64(*carry, a, b, &sum);
#else
    uint64_t sum = a + b + *carry;
    *carry = (unsigned char)(((a & b) | ((a | b) & ~sum)) >> 63);
#endif
    return sum;
}

/* Adding a mark inside a run of ones carries it to the bit behind the run; the run is cleared. */
static ALWAYS_INLINE uint64_t behind(uint64_t runs, uint64_t marks, unsigned char *goes_on)
{
    return add(runs, runs & marks, goes_on) & ~runs;
}

static ALWAYS_INLINE void find_values(struct carry *c, struct blocks *b, size_t count)
{
    struct carry carry = *c;
    for (size_t i = 0; i < count; i++) {
        uint64_t value = b->value.of[i], op = b->op.of[i];
        uint64_t behind_op = op << 1 | carry.op >> 63;
        uint64_t values = behind_op | behind(b->gap.of[i], behind_op, &carry.gap);
        b->runs.of[i] =
            behind(value, values, &carry.started) & behind(value, b->digit.of[i], &carry.digit);
        carry.op = op;
    }
    *c = carry;
}

/* Leaves of the tokens' beginnings those that a run of value characters follows, as a bit for its
 * SC_SIEVE_TOKEN_RUN-th: runs of a length are known at their end, so what must stand at their start
 * is moved up to there. */
static ALWAYS_INLINE void find_tokens(struct carry *c, struct blocks *b, size_t count)
{
    struct carry carry = *c;
    for (size_t i = 0; i * SC_LANES < count; i++) {
        sc_lanes value = b->value.lanes[i], word = b->word.lanes[i];
        sc_lanes runs2 = value & SC_LANES_UP(value, carry.value, 1);
        sc_lanes runs4 = runs2 & SC_LANES_UP(runs2, carry.runs2, 2);
        sc_lanes runs8 = runs4 & SC_LANES_UP(runs4, carry.runs4, 4);
        sc_lanes values = runs8 & SC_LANES_UP(runs8, carry.runs8, SC_SIEVE_VALUE_RUN - 8);
        sc_lanes runs16 = runs8 & SC_LANES_UP(runs8, carry.runs8, 8);
        sc_lanes runs = runs16 & SC_LANES_UP(runs16, carry.runs16, SC_SIEVE_TOKEN_RUN - 16);
        sc_lanes begins = b->bound.lanes[i] & ~(word & SC_LANES_UP(word, carry.word, 1));
        b->bound.lanes[i] = runs & SC_LANES_UP(begins, carry.begins, SC_SIEVE_TOKEN_RUN - 1);
        b->runs.lanes[i] &= SC_LANES_UP(values, carry.values, 1);
        carry.value = value;
        carry.runs2 = runs2;
        carry.runs4 = runs4;
        carry.runs8 = runs8;
        carry.runs16 = runs16;
        carry.values = values;
        carry.word = word;
        carry.begins = begins;
    }
    *c = carry;
}

static int look_at_block(struct search *s, const struct blocks *b, size_t i, size_t start)
{
    int rc = 0;
    for (uint64_t bits = b->bound.of[i]; bits != 0 && rc == 0; bits &= bits - 1)
        rc = look_up(s, &sc_sieve_table.bound,
                     start + (size_t)__builtin_ctzll(bits) - (SC_SIEVE_TOKEN_RUN - 1));
    for (uint64_t bits = b->free.of[i]; bits != 0 && rc == 0; bits &= bits - 1)
        rc = look_up(s, &sc_sieve_table.free, start + (size_t)__builtin_ctzll(bits));
    for (uint64_t bits = b->runs.of[i]; bits != 0 && rc == 0; bits &= bits - 1)
        rc = look_at_run(s, start + (size_t)__builtin_ctzll(bits));
    return rc;
}

/* Those with places are listed first, so that one that has none costs no more than one that has,
 * and no branch is guessed wrong. */
static int look_at_blocks(struct search *s, const struct blocks *b, size_t count, size_t start)
{
    unsigned char found[BLOCKS];
    size_t listed = 0;
    for (size_t i = 0; i < count; i++) {
        found[listed] = (unsigned char)i;
        listed += (b->bound.of[i] | b->free.of[i] | b->runs.of[i]) != 0;
    }
    int rc = 0;
    for (size_t i = 0; i < listed && rc == 0; i++)
        rc = look_at_block(s, b, found[i], start + found[i] * BLOCK);
    return rc;
}

/* What was read just now has left the caches near the core. Nothing happens behind the end. */
static ALWAYS_INLINE void call_for(const unsigned char *at)
{
    __builtin_prefetch((const void *)((uintptr_t)at + AHEAD));
}

typedef struct block classify_fn(const unsigned char *at);

static ALWAYS_INLINE void classify_into(struct blocks *b, size_t i, classify_fn *classify,
                                        const unsigned char *at)
{
    struct block block = classify(at);
    b->value.of[i] = block.value;
    b->word.of[i] = block.word;
    b->op.of[i] = block.op;
    b->gap.of[i] = block.gap;
    b->digit.of[i] = block.digit;
    b->bound.of[i] = block.bound;
    b->free.of[i] = block.free;
}

/* The last bytes, with zeros behind them, at least one: a run ends there. */
struct rest {
    size_t start;
    unsigned char bytes[2 * BLOCK + BEHIND];
};

/* As many blocks from `start` on as there are; returns how many. */
static ALWAYS_INLINE size_t classify_all(const struct search *s, const struct rest *rest,
                                         struct blocks *b, classify_fn *classify, size_t start)
{
    size_t count = 0;
    for (; count < BLOCKS && start + BLOCK <= rest->start; count++, start += BLOCK) {
        call_for(s->text.ptr + start);
        classify_into(b, count, classify, s->text.ptr + start);
    }
    for (; count < BLOCKS && start <= s->text.len; count++, start += BLOCK)
        classify_into(b, count, classify, rest->bytes + (start - rest->start));
    return count;
}

/* Inlined with what it calls, for one kind of processor. */
static ALWAYS_INLINE int search_by(struct search *s, classify_fn *classify)
{
    struct rest rest = {.bytes = {0}};
    if (s->text.len >= BLOCK + BEHIND)
        rest.start = (s->text.len - BEHIND) / BLOCK * BLOCK;
    memcpy(rest.bytes, s->text.ptr + rest.start, s->text.len - rest.start);
    struct carry carry = {.gap = 0};
    struct blocks blocks = {.value = {{0}}};
    int rc = 0;
    for (size_t start = 0; start <= s->text.len && rc == 0; start += BLOCKS * BLOCK) {
        size_t count = classify_all(s, &rest, &blocks, classify, start);
        find_values(&carry, &blocks, count);
        find_tokens(&carry, &blocks, count);
        rc = look_at_blocks(s, &blocks, count, start);
    }
    sc_wipe(rest.bytes, sizeof(rest.bytes));
    return rc;
}

static int search_plain(struct search *s)
{
    return search_by(s, classify_plain);
}

#ifdef __x86_64__
TARGET_AVX2 static int search_avx2(struct search *s)
{
    return search_by(s, classify_avx2);
}

TARGET_AVX512 static int search_avx512(struct search *s)
{
    return search_by(s, classify_avx512);
}
#endif

/* ---- all of it ---- */

bool sc_sieve_runs(enum sc_sieve_code code)
{
#ifdef __x86_64__
    if (code == SC_SIEVE_AVX512)
        return SC_CPU_HAS(AVX512BW) && SC_CPU_HAS(AVX512_VBMI) && SC_CPU_HAS(BMI1);
    if (code == SC_SIEVE_AVX2)
        return SC_CPU_HAS(AVX2);
#endif
    return code == SC_SIEVE_PLAIN;
}

enum sc_sieve_code sc_sieve_best(void)
{
    return sc_sieve_runs(SC_SIEVE_AVX512) ? SC_SIEVE_AVX512
           : sc_sieve_runs(SC_SIEVE_AVX2) ? SC_SIEVE_AVX2
                                          : SC_SIEVE_PLAIN;
}

int sc_sieve_search(enum sc_sieve_code code, struct sc_bytes text, sc_sieve_hit *hit, void *ctx)
{
    struct search s = {.text = text, .hit = hit, .ctx = ctx, .last_name = SIZE_MAX};
    switch (code) {
#ifdef __x86_64__
    case SC_SIEVE_AVX512:
        return search_avx512(&s);
    case SC_SIEVE_AVX2:
        return search_avx2(&s);
#else
    case SC_SIEVE_AVX512:
    case SC_SIEVE_AVX2:
#endif
    case SC_SIEVE_PLAIN:
    case SC_SIEVE_CODES:
    default:
        return search_plain(&s);
    }
}
