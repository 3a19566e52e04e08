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
#include "core/macros.h"
#include "core/vector/cpu.h"

#include "core/banned.h"

/* The longest value of a rule, and the longest name before one: 30 characters and the keyword. */
#define VALUE_MAX ((size_t)512)
#define NAME_MAX  ((size_t)64)
/* Blocks that are collected before they are looked at. */
#define COLLECTED ((size_t)128)
/* How far ahead memory is called for. */
#define AHEAD ((size_t)4096)

/* What the blocks before leave behind. */
struct carry {
    uint64_t value, runs2, runs4, runs8, runs16; /* the last block's, as in step() */
    uint64_t word, op, begins;
    unsigned char gap, started, digit; /* runs that go on: behind a sign, with a value, a digit */
};

/* Places of one block that are to be looked at. */
struct places {
    size_t start;   /* of the block */
    uint64_t bound; /* a bit for the SC_SIEVE_TOKEN_RUN-th character */
    uint64_t free;  /* for the window's first */
    uint64_t runs;  /* behind a run of value characters with a digit, of which some are given to
                       something */
};

struct search {
    struct sc_bytes text;
    sc_sieve_hit *hit;
    void *ctx;
    size_t last_name; /* end of the name looked at last: `a := b` has two signs */
    struct carry carry;
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
    unsigned hash = sc_sieve_hash(s->text.ptr + at);
    int rc = 0;
    for (size_t i = index->first[hash]; i < index->first[hash + 1] && rc == 0; i++) {
        const struct sc_sieve_entry *entry = &index->entries[i];
        size_t end = at - entry->offset + entry->length;
        if (at < entry->offset || s->text.len < end || !may_go_on(s, entry, end))
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

/* ---- 64 bytes ---- */

/* Bits moved up by `by`, those of the block before moved in. */
static ALWAYS_INLINE uint64_t shift(uint64_t bits, uint64_t before, unsigned by)
{
    return bits << by | before >> (64 - by);
}

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

/* Runs of a length are known at their end, so what must stand at their start is moved up to there.
 */
static ALWAYS_INLINE struct places step(struct carry *c, const struct block *b, size_t start)
{
    uint64_t runs2 = b->value & shift(b->value, c->value, 1);
    uint64_t runs4 = runs2 & shift(runs2, c->runs2, 2);
    uint64_t runs8 = runs4 & shift(runs4, c->runs4, 4);
    uint64_t runs16 = runs8 & shift(runs8, c->runs8, 8);
    uint64_t token_runs = runs16 & shift(runs16, c->runs16, SC_SIEVE_TOKEN_RUN - 16);
    uint64_t begins = b->bound & ~(b->word & shift(b->word, c->word, 1));

    uint64_t behind_op = shift(b->op, c->op, 1);
    uint64_t values = behind_op | behind(b->gap, behind_op, &c->gap);
    uint64_t with_value = behind(b->value, values, &c->started);
    uint64_t with_digit = behind(b->value, b->digit, &c->digit);

    struct places places = {
        .start = start,
        .bound = token_runs & shift(begins, c->begins, SC_SIEVE_TOKEN_RUN - 1),
        .free = b->free,
        .runs = with_value & with_digit,
    };
    c->value = b->value;
    c->runs2 = runs2;
    c->runs4 = runs4;
    c->runs8 = runs8;
    c->runs16 = runs16;
    c->word = b->word;
    c->op = b->op;
    c->begins = begins;
    return places;
}

static int look_at_places(struct search *s, const struct places *places)
{
    size_t start = places->start;
    int rc = 0;
    for (uint64_t bits = places->bound; bits != 0 && rc == 0; bits &= bits - 1)
        rc = look_up(s, &sc_sieve_table.bound,
                     start + (size_t)__builtin_ctzll(bits) - (SC_SIEVE_TOKEN_RUN - 1));
    for (uint64_t bits = places->free; bits != 0 && rc == 0; bits &= bits - 1)
        rc = look_up(s, &sc_sieve_table.free, start + (size_t)__builtin_ctzll(bits));
    for (uint64_t bits = places->runs; bits != 0 && rc == 0; bits &= bits - 1)
        rc = look_at_run(s, start + (size_t)__builtin_ctzll(bits));
    return rc;
}

static __attribute__((noinline)) int look_at_all(struct search *s, const struct places *places,
                                                 size_t count)
{
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = look_at_places(s, &places[i]);
    return rc;
}

/* What was read just now has left the caches near the core. Nothing happens behind the end. */
static ALWAYS_INLINE void call_for(const unsigned char *at)
{
    __builtin_prefetch((const void *)((uintptr_t)at + AHEAD));
}

typedef struct block classify_fn(const unsigned char *at);

/* As far as whole blocks go; *at is then where the rest begins. Inlined with what it calls, so that
 * the carry stays in registers; and blocks with places are collected first, so that one that has
 * none costs no more than one that has, and no branch is guessed wrong. */
static ALWAYS_INLINE int search_blocks(struct search *s, classify_fn *classify, size_t *at)
{
    struct carry carry = s->carry;
    struct places found[COLLECTED];
    size_t start = 0, count = 0;
    int rc = 0;
    for (; start + BLOCK + BEHIND <= s->text.len && rc == 0; start += BLOCK) {
        call_for(s->text.ptr + start);
        struct block block = classify(s->text.ptr + start);
        struct places places = step(&carry, &block, start);
        found[count] = places;
        count += (places.bound | places.runs | places.free) != 0;
        if (__builtin_expect(count == COLLECTED, 0)) {
            rc = look_at_all(s, found, count);
            count = 0;
        }
    }
    s->carry = carry;
    *at = start;
    return rc == 0 ? look_at_all(s, found, count) : rc;
}

static int search_plain(struct search *s, size_t *at)
{
    return search_blocks(s, classify_plain, at);
}

#ifdef __x86_64__
TARGET_AVX2 static int search_avx2(struct search *s, size_t *at)
{
    return search_blocks(s, classify_avx2, at);
}

TARGET_AVX512 static int search_avx512(struct search *s, size_t *at)
{
    return search_blocks(s, classify_avx512, at);
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

static int search_with(enum sc_sieve_code code, struct search *s, size_t *at)
{
    switch (code) {
#ifdef __x86_64__
    case SC_SIEVE_AVX512:
        return search_avx512(s, at);
    case SC_SIEVE_AVX2:
        return search_avx2(s, at);
#else
    case SC_SIEVE_AVX512:
    case SC_SIEVE_AVX2:
#endif
    case SC_SIEVE_PLAIN:
    case SC_SIEVE_CODES:
    default:
        return search_plain(s, at);
    }
}

/* The last bytes, with zeros behind them, at least one: a run ends there. */
static int search_rest(struct search *s, size_t at)
{
    unsigned char rest[2 * BLOCK + BEHIND] = {0};
    int rc = 0;
    memcpy(rest, s->text.ptr + at, s->text.len - at);
    for (size_t i = 0; at + i <= s->text.len && rc == 0; i += BLOCK) {
        struct block block = classify_plain(rest + i);
        struct places places = step(&s->carry, &block, at + i);
        rc = look_at_places(s, &places);
    }
    sc_wipe(rest, sizeof(rest));
    return rc;
}

int sc_sieve_search(enum sc_sieve_code code, struct sc_bytes text, sc_sieve_hit *hit, void *ctx)
{
    struct search s = {.text = text, .hit = hit, .ctx = ctx, .last_name = SIZE_MAX};
    size_t at = 0;
    int rc = search_with(code, &s, &at);
    return rc == 0 ? search_rest(&s, at) : rc;
}
