/* SPDX-License-Identifier: Apache-2.0
 *
 * The pass over a text; see audit/detect/mention.h. It looks at each byte of every source, so it
 * compares many at once; letters count in both cases, by the bit that tells these apart.
 */
#include "audit/detect/mention.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "core/macros.h"
#include "core/str.h"
#include "core/vector/cpu.h"

#include "core/banned.h"

#define WIDTH       ((size_t)32)
#define PLACES      ((size_t)4)
#define STEP        ((size_t)16) /* vectors whose result is looked at together */
#define REACH       ((size_t)256)
#define VALUE_LEAST ((size_t)6)
#define TARGET_AVX2 __attribute__((target("avx2")))

typedef uint8_t bytes_t __attribute__((vector_size(32)));
typedef uint64_t words_t __attribute__((vector_size(32)));

/* The middles of passw, secret, token, api_key, pwd, credential, basicauth, user:x@tcp(host) of Go.
 */
static inline __attribute__((always_inline)) void meet(const unsigned char *at, bytes_t *ret_met)
{
    bytes_t c0, c1, c2, c3;
    memcpy(&c0, at, WIDTH);
    memcpy(&c1, at + 1, WIDTH);
    memcpy(&c2, at + 2, WIDTH);
    memcpy(&c3, at + 3, WIDTH);
    c0 |= 0x20;
    c1 |= 0x20;
    c2 |= 0x20;
    c3 |= 0x20;
    bytes_t met = (bytes_t)((c0 == 's') & (c1 == 's') & (c2 == 'w'));
    bytes_t c = (bytes_t)(c0 == 'c');
    met |= c & (bytes_t)((c1 == 'r') & (c2 == 'e') & ((c3 == 't') | (c3 == 'd')));
    met |= (bytes_t)((c0 == 't') & (c1 == 'o') & (c2 == 'k') & (c3 == 'e'));
    met |= (bytes_t)((c0 == 'a') & (c1 == 'p') & (c2 == 'i') &
                     ((c3 == 'k') | (c3 == ('_' | 0x20)) | (c3 == '-')));
    met |= (bytes_t)((c0 == 'p') & (c1 == 'w') & (c2 == 'd'));
    met |= (bytes_t)((c0 == 'i') & (c1 == 'c') & (c2 == 'a') & (c3 == 'u'));
    met |= (bytes_t)((c0 == ('@' | 0x20)) & (c1 == 't') & (c2 == 'c') & (c3 == 'p'));
    *ret_met |= met;
}

static inline __attribute__((always_inline)) bool is_any(const bytes_t *met)
{
    words_t words = (words_t)*met;
    return (words[0] | words[1] | words[2] | words[3]) != 0;
}

/* ---- what a middle stands in ---- */

/* A word whose middle, which begins so, stands at `at`. Most texts have none: it is told by the
 * first two letters. */
static bool is_word(struct sc_bytes text, size_t at)
{
    static const struct {
        char middle[3];
        unsigned char before; /* of the middle, in the word */
        const char *word;
    } words[] = {
        {"ss", 2, "passw"},   {"cr", 2, "secret"}, {"to", 0, "token"}, {"ap", 0, "api_key"},
        {"ap", 0, "api-key"}, {"ap", 0, "apikey"}, {"pw", 0, "pwd"},   {"cr", 0, "credential"},
        {"ic", 3, "basicau"}, {"@t", 0, "@tcp("},
    };
    const char *bytes = (const char *)text.ptr;
    char first = (char)(bytes[at] | ' ');
    if (first != 's' && first != 'c' && first != 't' && first != 'a' && first != 'p' &&
        first != 'i' && first != ('@' | ' '))
        return false;
    for (size_t i = 0; i < SC_ARRAY_SIZE(words); i++) {
        size_t len = strlen(words[i].word), before = words[i].before;
        if (first == (words[i].middle[0] | ' ') && at >= before &&
            text.len - (at - before) >= len &&
            (bytes[at + 1] | ' ') == (words[i].middle[1] | ' ') &&
            strncasecmp(bytes + at - before, words[i].word, len) == 0)
            return true;
    }
    return false;
}

static bool is_quote(unsigned char c)
{
    return c == '"' || c == '\'' || c == '`';
}

/* What stands between quotes may be a password: no blanks, and not letters alone. */
static bool is_value(const unsigned char *value, size_t len)
{
    bool letter = false, other = false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = value[i], low = c | 0x20;
        if (c <= ' ' || c == '(' || c == ')' || c == '{' || c == '}' || c == '<' || c == '>')
            return false;
        letter = letter || (low >= 'a' && low <= 'z');
        other = other || !(low >= 'a' && low <= 'z');
    }
    return len >= VALUE_LEAST && letter && other;
}

/* Around the word at `at` stands a text that may be a password; a connection string has blanks. */
static bool is_candidate(struct sc_bytes text, size_t at)
{
    size_t end = at + SC_MIN(text.len - at, REACH);
    end = sc_str_line_end(text.ptr, at, end);
    if (memchr(text.ptr + at, '=', SC_MIN(end - at, (size_t)16)) != NULL ||
        text.ptr[at] == '@') { /* password=x, @tcp( */
        for (size_t i = at; i > 0 && at - i < REACH && text.ptr[i - 1] != '\n'; i--) {
            if (is_quote(text.ptr[i - 1]))
                return true;
        }
    }
    for (size_t i = at; i < end; i++) {
        const bool element = text.ptr[i] == '>';
        if (!is_quote(text.ptr[i]) && !element)
            continue;
        const unsigned char *close =
            memchr(text.ptr + i + 1, element ? '<' : text.ptr[i], end - i - 1);
        if (close == NULL)
            continue; /* the one that opens an element's text may follow */
        size_t len = (size_t)(close - text.ptr) - i - 1;
        if (is_value(text.ptr + i + 1, len))
            return true;
        i += len; /* the closing quote may open what follows: "a": "b" */
    }
    return false;
}

static bool look_at(struct sc_bytes text, size_t from, size_t to)
{
    for (size_t at = from; at < to; at++) {
        if (is_word(text, at) && is_candidate(text, at))
            return true;
    }
    return false;
}

/* Inlined with what it calls, for one kind of processor. */
static inline __attribute__((always_inline)) bool any(struct sc_bytes text)
{
    size_t at = 0;
    for (; at + STEP * WIDTH + PLACES <= text.len; at += STEP * WIDTH) {
        bytes_t met = {0};
        for (size_t i = 0; i < STEP; i++)
            meet(text.ptr + at + i * WIDTH, &met);
        for (size_t i = 0; is_any(&met) && i < STEP; i++) {
            size_t from = at + i * WIDTH;
            bytes_t here = {0};
            meet(text.ptr + from, &here);
            if (is_any(&here) && look_at(text, from, from + WIDTH))
                return true;
        }
    }
    for (; at + WIDTH + PLACES <= text.len; at += WIDTH) {
        bytes_t met = {0};
        meet(text.ptr + at, &met);
        if (is_any(&met) && look_at(text, at, at + WIDTH))
            return true;
    }
    return look_at(text, at, text.len);
}

#ifdef __x86_64__
TARGET_AVX2 static bool any_avx2(struct sc_bytes text)
{
    return any(text);
}
#endif

bool sc_mention_any(struct sc_bytes text)
{
#ifdef __x86_64__
    if (SC_CPU_HAS(AVX2))
        return any_avx2(text);
#endif
    return any(text);
}
