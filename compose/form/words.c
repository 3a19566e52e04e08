/* SPDX-License-Identifier: Apache-2.0
 *
 * Command lines and sizes; see compose/form/words.h.
 */
#include "compose/form/words.h"

#include <string.h>

#include "compose/load/interpolate.h"
#include "compose/vars/text.h"

#include "core/banned.h"

/* What is open at a byte of the line. */
enum quote { QUOTE_NONE, QUOTE_SINGLE, QUOTE_DOUBLE, QUOTE_BACK, QUOTE_DOLLAR };

struct splitter {
    struct sc_model_pool *pool;
    const struct sc_value *command;
    struct sc_value *list;
    struct sc_text word;
    bool started; /* there is something of a word */
    bool quoted;  /* an empty word in quotes counts */
    bool escaped;
    enum quote quote;
};

enum step { STEP_GO_ON, STEP_STOP };

static int flush(struct splitter *s, struct sc_error *err)
{
    int rc = sc_text_status(&s->word, err);
    if (rc == 0 && (s->quoted || (s->started && s->word.len > 0)))
        rc = sc_tree_append(
            s->pool, s->list,
            sc_tree_text_n(s->pool, sc_text_get(&s->word), s->word.len, s->command->origin), err);
    s->word = (struct sc_text){.pool = s->pool};
    s->started = false;
    s->quoted = false;
    return rc;
}

static void put(struct splitter *s, char c)
{
    sc_text_append(&s->word, &c, 1);
    s->started = true;
    s->quoted = false; /* as in the original: text behind a closing quote is an ordinary word */
}

static int bracket(struct sc_error *err)
{
    return sc_fail(err, SC_E_SYNTAX,
                   "a command line with a bare bracket or an open quote; write it as a list");
}

static bool only_digits(const struct sc_text *word)
{
    return word->len > 0 && strspn(word->data, "0123456789") == word->len;
}

static bool open_or_close(struct splitter *s, enum quote quote)
{
    if (s->quote == quote) {
        s->quote = QUOTE_NONE;
        s->quoted = true;
        return true;
    }
    if (s->quote == QUOTE_NONE) {
        s->quote = quote;
        return true;
    }
    return false;
}

/* A byte outside escapes that may mean something. */
static int special(struct splitter *s, char c, enum step *ret_step, bool *ret_done,
                   struct sc_error *err)
{
    *ret_done = true;
    switch (c) {
    case '"':
        if (open_or_close(s, QUOTE_DOUBLE))
            return 0;
        break;
    case '\'':
        if (open_or_close(s, QUOTE_SINGLE))
            return 0;
        break;
    case '`':
        if (s->quote == QUOTE_NONE || s->quote == QUOTE_BACK)
            s->quote = s->quote == QUOTE_BACK ? QUOTE_NONE : QUOTE_BACK;
        break;
    case '(':
        if (s->quote == QUOTE_DOLLAR)
            return bracket(err);
        if (s->quote != QUOTE_NONE)
            break;
        if (s->word.len == 0 || s->word.data[s->word.len - 1] != '$' ||
            (s->word.len > 1 && s->word.data[s->word.len - 2] == '\\'))
            return bracket(err);
        s->quote = QUOTE_DOLLAR;
        sc_text_append(&s->word, "(", 1);
        return 0;
    case ')':
        if (s->quote == QUOTE_NONE)
            return bracket(err);
        if (s->quote == QUOTE_DOLLAR)
            s->quote = QUOTE_NONE;
        break;
    case ';':
    case '&':
    case '|':
    case '<':
    case '>':
        if (s->quote != QUOTE_NONE)
            break;
        if (c == '>' && only_digits(&s->word))
            s->started = s->quoted = false; /* "2>": the descriptor goes as well */
        *ret_step = STEP_STOP;
        return 0;
    default:
        break;
    }
    *ret_done = false;
    return 0;
}

static void put_escaped(struct splitter *s, char c)
{
    s->escaped = false;
    if (s->quote == QUOTE_BACK || s->quote == QUOTE_DOLLAR)
        put(s, '\\');
    else if (c == 't' || c == 'n')
        c = c == 't' ? '\t' : '\n';
    put(s, c);
}

static int take(struct splitter *s, char c, enum step *ret_step, struct sc_error *err)
{
    if (s->escaped) {
        put_escaped(s, c);
        return 0;
    }
    if (c == '\\') {
        if (s->quote == QUOTE_SINGLE)
            sc_text_append(&s->word, "\\", 1);
        else
            s->escaped = true;
        return 0;
    }
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        if (s->quote == QUOTE_NONE)
            return flush(s, err);
        sc_text_append(&s->word, &c, 1);
        return 0;
    }
    bool done = false;
    int rc = special(s, c, ret_step, &done, err);
    if (rc == 0 && !done)
        put(s, c);
    return rc;
}

int sc_words_split(struct sc_model_pool *pool, const struct sc_value *command,
                   struct sc_value **ret, struct sc_error *err)
{
    struct splitter s = {.pool = pool, .command = command, .word = {.pool = pool}};
    s.list = sc_tree_new(pool, SC_VALUE_LIST, command->origin);
    if (s.list == NULL)
        return sc_model_pool_fail(pool, err);
    enum step step = STEP_GO_ON;
    for (size_t i = 0; i < command->count && step == STEP_GO_ON; i++) {
        int rc = take(&s, command->u.text[i], &step, err);
        if (rc < 0)
            return rc;
    }
    int rc = flush(&s, err);
    if (rc < 0)
        return rc;
    if (s.escaped || s.quote != QUOTE_NONE)
        return bracket(err);
    *ret = s.list;
    return 0;
}

/* ---- sizes ---- */

static bool unit_factor(const char *suffix, double *ret)
{
    static const char units[] = "kmgtp";
    char lower[4] = "";
    size_t len = strlen(suffix);
    if (len >= sizeof(lower))
        return false;
    for (size_t i = 0; i < len; i++)
        lower[i] = suffix[i] >= 'A' && suffix[i] <= 'Z' ? (char)(suffix[i] + 32) : suffix[i];
    *ret = 1;
    if (len == 0 || strcmp(lower, "b") == 0)
        return true;
    const char *unit = strchr(units, lower[0]);
    if (unit == NULL ||
        (lower[1] != '\0' && strcmp(lower + 1, "b") != 0 && strcmp(lower + 1, "ib") != 0))
        return false;
    for (const char *u = units; u <= unit; u++)
        *ret *= 1024;
    return true;
}

bool sc_size_parse(const char *text, int64_t *ret)
{
    if (sc_cast_int(text, ret))
        return true;
    size_t len = strlen(text);
    size_t number = len;
    while (number > 0 && strchr("0123456789. ", text[number - 1]) == NULL)
        number--;
    char digits[64];
    if (number == 0 || number >= sizeof(digits))
        return false;
    memcpy(digits, text, number);
    digits[number - (text[number - 1] == ' ' ? 1U : 0U)] = '\0';
    double factor = 0;
    double size = 0;
    if (!sc_cast_float(digits, &size) || size < 0 || !unit_factor(text + number, &factor))
        return false;
    size *= factor;
    if (size >= 9223372036854775807.0)
        return false;
    *ret = (int64_t)size;
    return true;
}
