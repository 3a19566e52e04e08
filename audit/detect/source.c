/* SPDX-License-Identifier: Apache-2.0
 *
 * The string literals of a source text; see audit/detect/source.h.
 */
#include "audit/detect/source.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#include "core/macros.h"

#include "core/banned.h"

/* A name is no longer, nor is what stands between it and its value. */
#define REACH_MAX ((size_t)160)
/* How far from a name its value may stand on the next line: name = "x", value = "y". */
#define NEXT_LINE ((size_t)64)

struct source {
    const char *text;
    size_t start, at, end;
    unsigned traits;
    struct sc_region named; /* the last NAME of name: "NAME", key="NAME" */
    struct sc_region last;  /* the last literal */
    bool declared;          /* `named` holds for the lines of a block */
    sc_source_fn fn;
    void *ctx;
};

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_name_char(char c)
{
    return is_word_char(c) || c == '.' || c == '-';
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}

static bool looking_at(const struct source *s, size_t at, const char *what)
{
    size_t len = strlen(what);
    return s->end - at >= len && memcmp(s->text + at, what, len) == 0;
}

static bool is_any(const struct source *s, struct sc_region word, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strlen(*names) == word.len && strncasecmp(*names, s->text + word.offset, word.len) == 0)
            return true;
    }
    return false;
}

/* ---- backwards from a literal ---- */

static size_t before_blanks(const struct source *s, size_t at)
{
    while (at > s->start && (s->text[at - 1] == ' ' || s->text[at - 1] == '\t'))
        at--;
    return at;
}

static struct sc_region name_before(const struct source *s, size_t at)
{
    size_t stop = at, least = at - SC_MIN(at - s->start, REACH_MAX);
    while (at > least && is_name_char(s->text[at - 1]))
        at--;
    return (struct sc_region){at, stop - at};
}

/* NAME, "NAME", ["NAME"], NAME: Type in front of the sign at `at`. */
static struct sc_region key_before(const struct source *s, size_t at, bool assigned)
{
    at = before_blanks(s, at);
    if (at > s->start && s->text[at - 1] == ']')
        at = before_blanks(s, at - 1);
    if (at > s->start && is_quote(s->text[at - 1]))
        at--;
    struct sc_region name = name_before(s, at);
    size_t colon = before_blanks(s, name.offset);
    while (assigned && colon > s->start && (s->text[colon - 1] == '&' || s->text[colon - 1] == '*'))
        colon = before_blanks(s, colon - 1); /* NAME: &str */
    if (assigned && name.len > 0 && colon > s->start && s->text[colon - 1] == ':') {
        struct sc_region typed = name_before(s, before_blanks(s, colon - 1));
        bool scope = typed.offset > s->start && s->text[typed.offset - 1] == '$'; /* $env:NAME */
        return typed.len > 0 && !scope ? typed : name;
    }
    return name;
}

/* What a fallback stands in for: NAME, or the text that a call or an index ends with, get("NAME").
 */
static struct sc_region asked_before(const struct source *s, size_t at)
{
    at = before_blanks(s, at);
    bool call = at > s->start + 1 && s->text[at - 1] == ')' && is_quote(s->text[at - 2]);
    return key_before(s, at - call, false);
}

/* NAME or "x" of Python and Ruby: whether the word ends at `at`. */
static bool is_or(const struct source *s, size_t at)
{
    bool word = at >= s->start + 3 && s->text[at - 1] == 'r' && s->text[at - 2] == 'o';
    return word && strchr(" \t)]", s->text[at - 3]) != NULL;
}

/* Arguments that are counted. */
#define ARGUMENTS_MAX 4

/* Where the call opens in which something stands at `at`: behind which bracket, and how many
 * arguments stand between. Strings are passed over without their escapes. */
static bool call_around(const struct source *s, size_t at, size_t *ret_open, unsigned *ret_before)
{
    size_t least = at - SC_MIN(at - s->start, REACH_MAX), depth = 0;
    unsigned commas = 0;
    char quote = '\0';
    while (at > least && commas < ARGUMENTS_MAX) {
        char c = s->text[--at];
        if (quote != '\0') {
            quote = c == quote ? '\0' : quote;
        } else if (is_quote(c)) {
            quote = c;
        } else if (c == ')') {
            depth++;
        } else if (c == '(' && depth-- == 0) {
            *ret_open = at;
            *ret_before = commas;
            return true;
        } else if (c == ';' || c == '{' || c == '}') {
            return false;
        }
        commas += c == ',' && depth == 0 && quote == '\0';
    }
    return false;
}

struct sc_region sc_source_call(const char *text, struct sc_region region,
                                const struct sc_source_literal *literal, unsigned *ret_argument)
{
    const struct source s = {
        .text = text, .start = region.offset, .end = region.offset + region.len};
    size_t open = 0;
    if (literal->value.offset <= s.start ||
        !call_around(&s, literal->value.offset - 1, &open, ret_argument))
        return (struct sc_region){0};
    size_t at = before_blanks(&s, open);
    at -= at > s.start && (text[at - 1] == '=' || text[at - 1] == '!'); /* auth=( */
    return name_before(&s, before_blanks(&s, at));
}

/* In front of what a literal is wrapped in: []byte("x"), b"x". */
static size_t before_wrapping(const struct source *s, size_t quote)
{
    static const char *const wrappings[] = {"[]byte(", "String::from(", "Buffer.from("};
    for (size_t i = 0; i < SC_ARRAY_SIZE(wrappings); i++) {
        size_t len = strlen(wrappings[i]);
        if (quote - s->start >= len && memcmp(s->text + quote - len, wrappings[i], len) == 0)
            return quote - len;
    }
    bool marked = quote > s->start + 1 && strchr("bruBRUL@", s->text[quote - 1]) != NULL &&
                  !is_name_char(s->text[quote - 2]);
    return marked ? quote - 1 : quote;
}

/* f("NAME", here: the functions whose second argument is the first one's value. */
static bool key_in_call(const struct source *s, size_t comma, struct sc_source_literal *ret)
{
    static const char *const setters[] = {"define",      "putenv", "setenv",     "setproperty",
                                          "putifabsent", "put",    "setdefault", NULL};
    static const char *const getters[] = {"getenv", "env", "get", "getordefault", "config", NULL};
    size_t behind = s->last.offset + s->last.len + 1;
    if (s->last.len == 0 || before_blanks(s, comma) != behind || s->last.offset < s->start + 2)
        return false;
    size_t open = before_blanks(s, s->last.offset - 1);
    if (open == s->start || s->text[open - 1] != '(')
        return false;
    struct sc_region call = name_before(s, before_blanks(s, open - 1));
    for (size_t i = call.len; i > 0; i--) {
        if (s->text[call.offset + i - 1] == '.') {
            call = (struct sc_region){call.offset + i, call.len - i};
            break;
        }
    }
    ret->fallback = is_any(s, call, getters);
    if (!ret->fallback && !is_any(s, call, setters))
        return false;
    ret->key = s->last;
    return true;
}

/* #define NAME "x" */
static bool is_defined(const struct source *s, size_t name)
{
    static const char word[] = "#define";
    size_t len = strlen(word), at = before_blanks(s, name);
    return at >= s->start + len && at < name && memcmp(s->text + at - len, word, len) == 0;
}

/* What stands in front of the quote at `quote`. */
static void name_literal(const struct source *s, size_t quote, struct sc_source_literal *ret)
{
    size_t at = before_blanks(s, before_wrapping(s, quote));
    char sign = at > s->start ? s->text[at - 1] : '\0';
    char before = at > s->start + 1 ? s->text[at - 2] : '\0';
    if (sign == '=' && strchr("=!<>+~", before) == NULL) {
        bool declares = before == ':' || before == '?' || before == '|';
        size_t from = at - 1 - declares;
        from -= declares && from > s->start && s->text[from - 1] == before; /* ||=, ??= */
        ret->key = key_before(s, from, !declares);
    } else if (sign == ':' && before == '?') { /* NAME ?: "x" */
        ret->key = asked_before(s, at - 2);
        ret->fallback = true;
    } else if (sign == ':' || (sign == '>' && before == '=')) {
        ret->key = key_before(s, at - 1 - (sign == '>'), false);
    } else if (((sign == '|' || sign == '?') && before == sign) || is_or(s, at)) {
        ret->key = asked_before(s, at - 2);
        ret->fallback = true;
    } else if (sign == ',') {
        if (key_in_call(s, at - 1, ret))
            return;
    }
    struct sc_region word = name_before(s, at);
    if (word.len > 0 && at < quote && is_defined(s, word.offset))
        ret->key = word;
    size_t open = before_blanks(s, at - (sign == '(' || sign == '['));
    if (sign == ':') { /* sh(script: "x") */
        static const char *const script[] = {"script", NULL};
        size_t bracket = before_blanks(s, ret->key.offset);
        bool first = is_any(s, ret->key, script);
        open = first
                   ? before_blanks(s, bracket - (bracket > s->start && s->text[bracket - 1] == '('))
                   : s->start;
    }
    if (sign != '=' && sign != ',')
        ret->call = name_before(s, open);
}

/* name="NAME" value="x", name: 'NAME', defaultValue: 'x', on one line. */
static void name_by_neighbour(struct source *s, struct sc_source_literal *literal)
{
    static const char *const names[] = {"name", "key", NULL};
    static const char *const values[] = {"value", "defaultvalue", "default", NULL};
    static const char *const declares[] = {"variable", NULL}; /* variable "NAME" { default = "x" */
    s->declared = s->declared || is_any(s, literal->call, declares);
    if (is_any(s, literal->call, declares) || is_any(s, literal->key, names))
        s->named = literal->value;
    else if (is_any(s, literal->key, values) && before_blanks(s, literal->key.offset) > s->start &&
             key_in_call(s, before_blanks(s, literal->key.offset) - 1, literal))
        s->named.len = 0; /* get("NAME", default="x") */
    else if (s->named.len > 0 && is_any(s, literal->key, values))
        literal->key = s->named;
}

/* ---- forwards ---- */

/* Where the literal that begins behind `width` quotes ends; false if it is not closed. */
static bool closing(const struct source *s, size_t at, size_t width, char quote, size_t *ret)
{
    bool lines = width == 3 || quote == '`';
    while (at < s->end) {
        char c = s->text[at];
        if (c == '\n' && !lines)
            return false;
        if (c == quote && (width == 1 || (looking_at(s, at + 1, (char[]){quote, quote, '\0'})))) {
            *ret = at;
            return true;
        }
        at += c == '\\' && at + 1 < s->end && s->text[at + 1] != '\n' ? 2 : 1;
    }
    return false;
}

static int read_literal(struct source *s, struct sc_error *err)
{
    size_t quote = s->at, close = 0, width = 1;
    char mark = s->text[quote];
    if ((s->traits & SC_SOURCE_TRIPLE) != 0 && mark != '`' &&
        looking_at(s, quote + 1, (char[]){mark, mark, '\0'}))
        width = 3;
    if (!closing(s, quote + width, width, mark, &close)) {
        s->at++;
        return 0;
    }
    s->at = close + width;
    struct sc_source_literal literal = {.value = {quote + width, close - quote - width},
                                        .quote = mark};
    name_literal(s, quote, &literal);
    name_by_neighbour(s, &literal);
    int rc = s->fn(s->ctx, &literal, err);
    s->last = literal.value;
    return rc;
}

/* <name>text</name>, <name type="x">text</name>: where the text begins; 0 if none does. What the
 * attributes say is read after it. */
static size_t text_of(const struct source *s, size_t at)
{
    size_t most = SC_MIN(s->end, at + REACH_MAX);
    if (at < most && s->text[at] != '>' && s->text[at] != ' ')
        return 0;
    while (at < most && s->text[at] != '>' && s->text[at] != '<' && s->text[at] != '\n')
        at++;
    return at < most && s->text[at] == '>' && s->text[at - 1] != '/' ? at + 1 : 0;
}

static int read_element(struct source *s, struct sc_error *err)
{
    struct sc_region tag = {s->at + 1, 0};
    while (tag.offset + tag.len < s->end && is_name_char(s->text[tag.offset + tag.len]))
        tag.len++;
    const size_t behind_tag = tag.offset + tag.len, from = text_of(s, behind_tag);
    s->at++;
    if (tag.len == 0 || from == 0)
        return 0;
    size_t stop = from;
    while (stop < s->end && s->text[stop] != '<' && s->text[stop] != '\n')
        stop++;
    const bool attributes = from > behind_tag + 1;
    s->at = attributes ? behind_tag : from;
    if (stop == from || !looking_at(s, stop, "</"))
        return 0;
    s->at = attributes ? behind_tag : stop;
    const struct sc_source_literal literal = {.value = {from, stop - from}, .key = tag};
    return s->fn(s->ctx, &literal, err);
}

static size_t behind(const struct source *s, size_t at, const char *mark)
{
    const char *found = memmem(s->text + at, s->end - at, mark, strlen(mark));
    return found == NULL ? s->end : (size_t)(found - s->text) + strlen(mark);
}

/* # NAME = "value": code that somebody switched off, with what is in it. `at`: behind the mark. */
static bool is_code(const struct source *s, size_t at)
{
    while (at < s->end && (s->text[at] == ' ' || s->text[at] == '\t'))
        at++;
    size_t name = at;
    while (at < s->end && is_name_char(s->text[at]))
        at++;
    if (at == name)
        return false;
    while (at < s->end && s->text[at] == ' ')
        at++;
    if (at >= s->end || (s->text[at] != '=' && s->text[at] != ':'))
        return false;
    at++;
    while (at < s->end && s->text[at] == ' ')
        at++;
    size_t close = 0;
    if (at >= s->end || !is_quote(s->text[at]) || !closing(s, at + 1, 1, s->text[at], &close))
        return false;
    at = close + 1; /* prose goes on */
    while (at < s->end && strchr(" \t\r,;)}]", s->text[at]) != NULL)
        at++;
    return at >= s->end || strchr("\n#/", s->text[at]) != NULL;
}

/* Whether a comment began, and was passed over. */
static bool pass_comment(struct source *s)
{
    char c = s->text[s->at];
    bool slashes = (s->traits & SC_SOURCE_SLASHES) != 0 && c == '/';
    if ((s->traits & SC_SOURCE_XML) != 0 && looking_at(s, s->at, "<!--"))
        s->at = behind(s, s->at, "-->");
    else if (slashes && looking_at(s, s->at, "/*"))
        s->at = behind(s, s->at + 2, "*/");
    else if ((slashes && looking_at(s, s->at, "//")) ||
             ((s->traits & SC_SOURCE_DASHES) != 0 && looking_at(s, s->at, "--")))
        s->at = is_code(s, s->at + 2) ? s->at + 2 : behind(s, s->at, "\n");
    else if ((s->traits & SC_SOURCE_HASH) != 0 && c == '#' &&
             (s->at == s->start || !is_name_char(s->text[s->at - 1])))
        s->at = is_code(s, s->at + 1) ? s->at + 1 : behind(s, s->at, "\n");
    else
        return false;
    return true;
}

/* The bytes at which something may begin or end; all others are passed over. */
static void mark_stops(unsigned traits, bool stops[UCHAR_MAX + 1])
{
    static const struct {
        unsigned traits;
        unsigned char first; /* of a comment or an element */
    } firsts[] = {{SC_SOURCE_XML, '<'},
                  {SC_SOURCE_SLASHES, '/'},
                  {SC_SOURCE_DASHES, '-'},
                  {SC_SOURCE_HASH, '#'}};
    memset(stops, 0, UCHAR_MAX + 1);
    stops['\n'] = stops['}'] = stops['"'] = stops['\''] = stops['`'] = true;
    for (size_t i = 0; i < SC_ARRAY_SIZE(firsts); i++)
        stops[firsts[i].first] = (traits & firsts[i].traits) != 0;
}

int sc_source_read(const char *text, struct sc_region region, unsigned traits, sc_source_fn fn,
                   void *ctx, struct sc_error *err)
{
    struct source s = {.text = text,
                       .start = region.offset,
                       .at = region.offset,
                       .end = region.offset + region.len,
                       .traits = traits,
                       .fn = fn,
                       .ctx = ctx};
    bool stops[UCHAR_MAX + 1];
    int rc = 0;
    mark_stops(traits, stops);
    while (rc == 0 && s.at < s.end) {
        char c = text[s.at];
        if (!stops[(unsigned char)c]) {
            s.at++;
            continue;
        }
        if (pass_comment(&s))
            continue;
        s.declared = s.declared && c != '}';
        if (c == '\n' && !s.declared && s.at - s.named.offset > NEXT_LINE)
            s.named.len = 0;
        if (c == '<' && (traits & SC_SOURCE_XML) != 0)
            rc = read_element(&s, err);
        else if (is_quote(c) && !(c == '\'' && (traits & SC_SOURCE_DOUBLE) != 0))
            rc = read_literal(&s, err);
        else
            s.at++;
    }
    return rc;
}
