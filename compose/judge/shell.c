/* SPDX-License-Identifier: Apache-2.0
 *
 * Cuts shell text into commands and words; see compose/judge/shell.h. What a command means is in
 * argv.c.
 */
#include "compose/judge/shell.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compose/judge/stdin.h"
#include "core/buf.h"
#include "core/macros.h"
#include "core/str.h"

#include "core/banned.h"

#define WORD_MAX    ((size_t)1024 * 1024)
#define HEREDOC_MAX 8
#define MARK_MAX    64

struct heredoc {
    char mark[MARK_MAX];
    bool strip_tabs;
    enum sc_stdin reads; /* what its command makes of it */
};

struct scanner {
    struct sc_shell_reader *reader;
    const char *text; /* the outer text */
    size_t at, end;
    struct sc_words words;
    struct sc_buf word;
    size_t word_start;
    bool in_word;
    bool overfull;  /* more words were said than are kept */
    bool is_target; /* the word is a redirection's */
    char target[MARK_MAX];
    struct heredoc heredocs[HEREDOC_MAX];
    size_t heredoc_count, heredoc_known; /* of those, the ones whose command has ended */
    struct sc_words said;                /* the last command, if it was echo or printf */
    bool fed;                            /* and a pipe leads to the next one */
    bool is_string;                      /* the next word is a here string */
    size_t string;                       /* which word is one; NO_STRING */
};

#define NO_STRING SIZE_MAX

int sc_words_add(struct sc_words *words, const char *text, size_t len, struct sc_region raw,
                 struct sc_error *err)
{
    struct sc_word *items =
        sc_items_reserve(words->items, &words->cap, words->count, 1, sizeof(*items), err);
    if (items == NULL)
        return SC_E_NOMEM;
    words->items = items;
    char *copy = malloc(len + 1);
    if (copy == NULL)
        return sc_fail_nomem(err);
    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    words->items[words->count++] = (struct sc_word){copy, len, raw};
    return 0;
}

static void clear_words(struct sc_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->items[i].text);
    words->count = 0;
}

void sc_words_done(struct sc_words *words)
{
    clear_words(words);
    free(words->items);
    *words = (struct sc_words){0};
}

static int skip(struct scanner *s, const char *reason, struct sc_error *err)
{
    const struct sc_shell_reader *r = s->reader;
    return r->skip == NULL ? 0 : r->skip(r->ctx, reason, s->word_start, err);
}

static char escape_of(const struct scanner *s)
{
    return s->reader->escape == '\0' ? '\\' : s->reader->escape;
}

/* Behind lines of comment and empty ones, which a Dockerfile may have between continued lines. */
static size_t behind_void_lines(const struct scanner *s, size_t at)
{
    for (;;) {
        size_t first = at;
        while (first < s->end && strchr(" \t\r", s->text[first]) != NULL && s->text[first] != '\0')
            first++;
        if (first >= s->end || (s->text[first] != '#' && s->text[first] != '\n'))
            return at;
        at = SC_MIN(sc_str_line_end(s->text, first, s->end) + 1, s->end);
    }
}

/* Behind the line break that the escape character at s->at takes away; s->at if it does not. */
static size_t behind_continuation(const struct scanner *s)
{
    size_t at = s->at + 1;
    if (s->reader->escape != '\0') { /* a Dockerfile's may have blanks behind it */
        while (at < s->end && (s->text[at] == ' ' || s->text[at] == '\t'))
            at++;
    }
    at += at + 1 < s->end && s->text[at] == '\r';
    if (at >= s->end || s->text[at] != '\n')
        return s->at;
    return s->reader->escape == '\0' ? at + 1 : behind_void_lines(s, at + 1);
}

static int end_word(struct scanner *s, struct sc_error *err)
{
    if (!s->in_word)
        return 0;
    s->in_word = false;
    const char *text = sc_buf_text(&s->word);
    size_t len = s->word.len;
    int rc = sc_buf_status(&s->word, err);
    if (rc == SC_E_TOOBIG)
        rc = skip(s, "a word of more than 1 MiB", err);
    else if (rc == 0 && s->is_target) {
        size_t kept = SC_MIN(len, sizeof(s->target) - 1);
        memcpy(s->target, text, kept);
        s->target[kept] = '\0';
    } else if (rc == 0 && s->words.count < SC_WORDS_MAX) {
        s->string = s->is_string ? s->words.count : s->string;
        struct sc_region raw = {s->word_start, s->at - s->word_start};
        rc = sc_words_add(&s->words, text, len, raw, err);
    } else if (rc == 0 && !s->overfull) {
        s->overfull = true; /* said once */
        rc = skip(s, "a command of more than 4096 words", err);
    }
    s->is_target = s->is_string = false;
    sc_buf_clear(&s->word);
    return rc;
}

/* What the command reads: from echo in front of the pipe, from a here string; its here documents
 * come later. Of `cat <<EOF |` the next command reads it. */
static int read_stdin(struct scanner *s, bool piped, struct sc_error *err)
{
    bool waits = s->heredoc_known < s->heredoc_count;
    if (!s->fed && !waits && s->string == NO_STRING)
        return 0;
    enum sc_stdin kind = sc_stdin_of(&s->words);
    bool passes = piped && waits && sc_stdin_passes(&s->words);
    for (; s->heredoc_known < s->heredoc_count && !passes; s->heredoc_known++)
        s->heredocs[s->heredoc_known].reads = kind;
    int rc = 0;
    if (s->fed)
        rc = sc_stdin_said(s->reader, kind, &s->said, err);
    if (rc == 0 && s->string < s->words.count)
        rc = sc_stdin_text(s->reader, kind, &s->words.items[s->string], &s->words, err);
    return rc;
}

/* echo NAME=value > file: what is written is read as what the file's name says. */
static int read_written(struct scanner *s, struct sc_error *err)
{
    struct sc_shell_reader *reader = s->reader;
    bool spoken = reader->line != NULL && sc_stdin_speaks(&s->words);
    int rc = 0;
    for (size_t i = 1; i < s->words.count && spoken && rc == 0; i++) {
        struct sc_region raw = s->words.items[i].raw;
        char quote = raw.len >= 2 ? s->text[raw.offset] : '\0';
        if ((quote != '"' && quote != '\'') || s->text[raw.offset + raw.len - 1] != quote)
            continue;
        struct sc_region line = {raw.offset + 1, raw.len - 2};
        rc = reader->line(reader->ctx, line, s->target, err);
    }
    s->target[0] = '\0';
    return rc;
}

/* `by`: what ends it; a line break, a pipe, a bracket, ... */
static int end_command(struct scanner *s, char by, struct sc_error *err)
{
    int rc = end_word(s, err);
    bool any = s->words.count > 0 || s->heredoc_known < s->heredoc_count;
    if (rc == 0 && any)
        rc = read_stdin(s, by == '|', err);
    if (rc == 0 && s->words.count > 0)
        rc = sc_argv_read(s->reader, &s->words, err);
    if (rc == 0 && s->target[0] != '\0' && s->heredoc_count == 0)
        rc = read_written(s, err);
    if (any) {
        struct sc_words words = s->words;
        s->words = s->said;
        s->said = words;
        if (!sc_stdin_speaks(&s->said))
            clear_words(&s->said);
    }
    s->fed = by == '|' && s->said.count > 0; /* also behind the bracket of (echo x; echo y) */
    s->string = NO_STRING;
    s->overfull = false;
    clear_words(&s->words);
    return rc;
}

static void begin_word(struct scanner *s)
{
    if (!s->in_word)
        s->word_start = s->at;
    s->in_word = true;
}

static void single_quoted(struct scanner *s)
{
    size_t stop = s->at + 1;
    while (stop < s->end && s->text[stop] != '\'')
        stop += s->reader->fish && s->text[stop] == '\\' ? 2 : 1;
    stop = SC_MIN(stop, s->end);
    sc_buf_append(&s->word, s->text + s->at + 1, stop - s->at - 1);
    s->at = SC_MIN(stop + 1, s->end);
}

static void double_quoted(struct scanner *s)
{
    for (s->at++; s->at < s->end && s->text[s->at] != '"'; s->at++) {
        char c = s->text[s->at];
        if (s->reader->escaped && c == '\\' && s->at + 1 < s->end && s->text[s->at + 1] == '"') {
            s->at++; /* the closing one */
            break;
        }
        if (c == escape_of(s) && s->at + 1 < s->end &&
            strchr("\"\\$`\n", s->text[s->at + 1]) != NULL) {
            c = s->text[++s->at];
            if (c == '\n')
                continue;
        }
        sc_buf_putc(&s->word, c);
    }
    s->at = SC_MIN(s->at + 1, s->end);
}

/* $(...) or `...`: kept in the word as it is, and looked at as a script of its own. */
static int substitution(struct scanner *s, struct sc_error *err)
{
    bool back = s->text[s->at] == '`';
    size_t start = s->at + (back ? 1 : 2), at = start, depth = 1;
    for (; at < s->end; at++) {
        char c = s->text[at];
        if (back && c == '`')
            break;
        if (!back && c == '(')
            depth++;
        if (!back && c == ')' && --depth == 0)
            break;
        if (c == '\\')
            at++;
    }
    at = SC_MIN(at, s->end);
    size_t stop = SC_MIN(at + 1, s->end);
    sc_buf_append(&s->word, s->text + s->at, stop - s->at);
    s->at = stop;
    if (s->reader->depth >= SC_SHELL_DEPTH_MAX || start >= at)
        return 0;
    s->reader->depth++;
    int rc = sc_shell_read(s->reader, (struct sc_region){start, at - start}, err);
    s->reader->depth--;
    return rc;
}

/* `<<[-]MARK` at s->at; here strings and arithmetic shifts are left alone. */
static bool heredoc_mark(struct scanner *s)
{
    size_t at = s->at + 2;
    struct heredoc here = {.strip_tabs = at < s->end && s->text[at] == '-'};
    at += here.strip_tabs;
    while (at < s->end && s->text[at] == ' ')
        at++;
    size_t used = 0;
    while (at < s->end && used < MARK_MAX - 1) {
        char c = s->text[at];
        bool part = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '.' || c == '-';
        if (!part && c != '\'' && c != '"' && c != '\\')
            break;
        if (part)
            here.mark[used++] = c;
        at++;
    }
    if (used == 0 || s->heredoc_count == HEREDOC_MAX)
        return false;
    s->heredocs[s->heredoc_count++] = here;
    s->at = at;
    return true;
}

static int read_body(struct scanner *s, enum sc_stdin reads, struct sc_region body,
                     struct sc_error *err)
{
    struct sc_shell_reader *reader = s->reader;
    if (reader->file == NULL)
        return 0;
    if (reads == SC_STDIN_NOTHING || reads == SC_STDIN_SCRIPT)
        return reader->file(reader->ctx, body, reads == SC_STDIN_SCRIPT ? NULL : s->target, err);
    SC_CLEANUP(sc_words_done) struct sc_words words = {0};
    int rc = sc_words_add(&words, s->text + body.offset, body.len, body, err);
    return rc < 0 ? rc : sc_stdin_text(reader, reads, &words.items[0], &words, err);
}

/* The bodies of the here documents whose line has just ended; s->at is behind that line break. */
static int read_heredocs(struct scanner *s, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < s->heredoc_count && rc == 0; i++) {
        size_t start = s->at, stop = s->end;
        for (size_t line = s->at; line < s->end;) {
            size_t next = sc_str_line_end(s->text, line, s->end);
            size_t from = line;
            while (from < next && (s->text[from] == '\t' || s->text[from] == ' '))
                from++;
            size_t last = next;
            while (last > from && s->text[last - 1] == '\r')
                last--;
            if (last - from == strlen(s->heredocs[i].mark) &&
                memcmp(s->text + from, s->heredocs[i].mark, last - from) == 0) {
                stop = line;
                s->at = SC_MIN(next + 1, s->end);
                break;
            }
            line = next + 1;
            s->at = SC_MIN(line, s->end);
        }
        rc = read_body(s, s->heredocs[i].reads, (struct sc_region){start, stop - start}, err);
    }
    s->heredoc_count = s->heredoc_known = 0;
    s->target[0] = '\0';
    return rc;
}

static int line_break(struct scanner *s, struct sc_error *err)
{
    if (s->reader->folded) {
        int rc = end_word(s, err);
        s->at++;
        return rc;
    }
    int rc = end_command(s, '\n', err);
    s->at++;
    if (rc == 0 && s->heredoc_count > 0)
        return read_heredocs(s, err);
    s->target[0] = '\0';
    return rc;
}

/* Redirections and command separators. */
static int operator_at(struct scanner *s, struct sc_error *err)
{
    char c = s->text[s->at];
    char next = s->at + 1 < s->end ? s->text[s->at + 1] : '\0';
    if (c == '<' && next == '<' && s->at + 2 < s->end && s->text[s->at + 2] == '<') {
        int rc = end_word(s, err);
        s->at += 3;
        s->is_string = true;
        return rc;
    }
    if (c == '<' || c == '>') {
        /* "<your-password>" is a placeholder, not a redirection. */
        const char *close =
            c == '<' ? memchr(s->text + s->at, '>', SC_MIN(s->end - s->at, (size_t)48)) : NULL;
        size_t width = close == NULL ? 0 : (size_t)(close - s->text) - s->at + 1;
        if (width > 2 && next != '<' && next != ' ' &&
            memchr(s->text + s->at, '\n', width) == NULL) {
            begin_word(s);
            sc_buf_append(&s->word, s->text + s->at, width);
            s->at += width;
            return 0;
        }
        int rc = end_word(s, err);
        if (c == '<' && next == '<' && heredoc_mark(s))
            return rc;
        s->at += c == next ? 2 : 1;
        s->is_target = c == '>';
        return rc;
    }
    bool twice = c == next && c != '(' && c != ')'; /* || and && */
    int rc = end_command(s, twice ? ';' : c, err);
    s->at += 1 + twice;
    return rc;
}

static int plain(struct scanner *s, struct sc_error *err)
{
    char c = s->text[s->at];
    char next = s->at + 1 < s->end ? s->text[s->at + 1] : '\0';
    begin_word(s);
    if (c == '\'')
        single_quoted(s);
    else if (c == '"')
        double_quoted(s);
    else if ((c == '`' && escape_of(s) != '`') || (c == '$' && next == '('))
        return substitution(s, err);
    else if (c == '$' && next == '{') { /* ${X:-a b} is one piece */
        const char *close = memchr(s->text + s->at, '}', s->end - s->at);
        size_t stop = close == NULL ? s->at + 2 : (size_t)(close - s->text) + 1;
        sc_buf_append(&s->word, s->text + s->at, stop - s->at);
        s->at = stop;
    } else {
        sc_buf_putc(&s->word, c);
        s->at++;
    }
    return 0;
}

static int step(struct scanner *s, struct sc_error *err)
{
    char c = s->text[s->at];
    char next = s->at + 1 < s->end ? s->text[s->at + 1] : '\0';
    if (c == escape_of(s)) {
        size_t behind = behind_continuation(s);
        if (behind > s->at) {
            int rc = end_word(s, err);
            s->at = behind;
            return rc;
        }
        begin_word(s);
        if (s->reader->escaped && next == '"') {
            s->at++;
            double_quoted(s);
            return 0;
        }
        if (next != '\0')
            sc_buf_putc(&s->word, next);
        s->at = SC_MIN(s->at + 2, s->end);
        return 0;
    }
    if (c == ' ' || c == '\t' || c == '\r') {
        int rc = end_word(s, err);
        s->at++;
        return rc;
    }
    if (c == '\n')
        return line_break(s, err);
    if (c == '#' && !s->in_word) {
        s->at = sc_str_line_end(s->text, s->at, s->end);
        return 0;
    }
    if (c == ';' || c == '|' || c == '<' || c == '>' || c == '(' || c == ')' ||
        (c == '&' && (next == '&' || next == ' ' || next == '\n' || next == '\0')))
        return operator_at(s, err);
    return plain(s, err);
}

int sc_shell_read(struct sc_shell_reader *reader, struct sc_region region, struct sc_error *err)
{
    struct scanner s = {.reader = reader,
                        .text = reader->text,
                        .at = region.offset,
                        .end = region.offset + region.len,
                        .string = NO_STRING,
                        .word = SC_BUF_INIT(WORD_MAX)};
    int rc = 0;
    while (rc == 0 && s.at < s.end)
        rc = step(&s, err);
    if (rc == 0)
        rc = end_command(&s, '\n', err);
    sc_words_done(&s.words);
    sc_words_done(&s.said);
    sc_buf_done(&s.word);
    return rc;
}
