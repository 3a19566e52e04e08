/* SPDX-License-Identifier: Apache-2.0
 *
 * Dockerfiles, read for what they start; see compose/start/dockerfile.h.
 *
 * Of the grammar: directives (escape), comments, continuation lines, here documents, stages with
 * names and numbers, SHELL, both forms of ENTRYPOINT and CMD. Docker puts no variables into
 * ENTRYPOINT and CMD; in FROM and USER it does, of which $NAME and ${NAME} of ARG are followed.
 */
#include "compose/start/dockerfile.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/banned.h"

struct stage {
    char *name;    /* AS name, or NULL */
    size_t parent; /* another stage, or SIZE_MAX */
    struct sc_dockerfile_start own;
    struct sc_strv shell;
};

struct reader {
    const char *text;
    size_t len, at;
    char escape;
    struct stage *stages;
    size_t count;
    struct sc_strv names, values; /* ARG in front of the first FROM */
    const struct sc_variables *args;
};

/* ---- lines ---- */

static size_t line_end(const struct reader *r, size_t at)
{
    const char *newline = at < r->len ? memchr(r->text + at, '\n', r->len - at) : NULL;
    return newline == NULL ? r->len : (size_t)(newline - r->text);
}

static size_t skip_blanks(const struct reader *r, size_t at, size_t end)
{
    while (at < end && (r->text[at] == ' ' || r->text[at] == '\t' || r->text[at] == '\r'))
        at++;
    return at;
}

/* One instruction with its continuation lines joined; false at the end of the file. Blanks in front
 * of a continued line belong to it. */
static bool next_instruction(struct reader *r, struct sc_buf *out)
{
    sc_buf_clear(out);
    for (bool open = false; r->at < r->len;) {
        size_t start = r->at, end = line_end(r, start), from = skip_blanks(r, start, end);
        size_t stop = end;
        r->at = end + 1;
        while (stop > from && isspace((unsigned char)r->text[stop - 1]) != 0)
            stop--;
        if (from == stop || r->text[from] == '#')
            continue; /* empty lines and comments may stand between continued ones */
        size_t first = open ? start : from;
        open = r->text[stop - 1] == r->escape;
        sc_buf_append(out, r->text + first, stop - first - (open ? 1 : 0));
        if (!open)
            return true;
    }
    return out->len > 0;
}

/* Behind the here documents that the instruction opens. */
static void skip_heredocs(struct reader *r, const char *text)
{
    for (const char *p = strstr(text, "<<"); p != NULL; p = strstr(p + 2, "<<")) {
        char mark[64];
        const char *from = p + 2 + (p[2] == '-');
        char quote = *from == '"' || *from == '\'' ? *from++ : '\0';
        size_t n = 0;
        while (n < sizeof(mark) - 1 && (isalnum((unsigned char)from[n]) != 0 || from[n] == '_'))
            n++;
        if (n == 0 || (quote != '\0' && from[n] != quote))
            continue;
        memcpy(mark, from, n);
        mark[n] = '\0';
        for (bool found = false; r->at < r->len && !found;) {
            size_t end = line_end(r, r->at), start = skip_blanks(r, r->at, end);
            size_t stop = end > start && r->text[end - 1] == '\r' ? end - 1 : end;
            found = stop - start == n && memcmp(r->text + start, mark, n) == 0;
            r->at = end + 1;
        }
    }
}

/* `# escape=` and `# syntax=` stand in front of everything else. */
static void read_directives(struct reader *r)
{
    r->escape = '\\';
    for (size_t at = 0; at < r->len;) {
        size_t end = line_end(r, at), from = skip_blanks(r, at, end);
        if (from == end || r->text[from] != '#')
            return;
        from = skip_blanks(r, from + 1, end);
        const char *equal = from < end ? memchr(r->text + from, '=', end - from) : NULL;
        if (equal == NULL)
            return; /* a comment: no directive follows */
        size_t value = skip_blanks(r, (size_t)(equal - r->text) + 1, end);
        bool escape =
            equal - (r->text + from) >= 6 && strncasecmp(r->text + from, "escape", 6) == 0;
        if (escape && value < end && (r->text[value] == '`' || r->text[value] == '\\'))
            r->escape = r->text[value];
        at = end + 1;
    }
}

/* ---- words ---- */

/* ["a", "b"]: true with its words; false for the shell form. */
static int exec_form(const char *text, struct sc_strv *ret, bool *ret_exec, struct sc_error *err)
{
    SC_CLEANUP(sc_strv_done) struct sc_strv words = {0};
    SC_CLEANUP(sc_buf_done) struct sc_buf word = SC_BUF_INIT(SC_DOCKERFILE_INSTRUCTION_MAX);
    *ret_exec = false;
    if (*text++ != '[')
        return 0;
    for (;;) {
        text += strspn(text, " \t");
        if (*text == ']' && words.count == 0)
            break;
        if (*text++ != '"')
            return 0;
        sc_buf_clear(&word);
        for (; *text != '"'; text++) {
            if (*text == '\0')
                return 0;
            if (*text == '\\') {
                static const char from[] = "\"\\/ntr", to[] = "\"\\/\n\t\r";
                const char *known = text[1] != '\0' ? strchr(from, text[1]) : NULL;
                if (known == NULL)
                    return 0; /* \u0000 and the like: nobody writes that */
                sc_buf_putc(&word, to[known - from]);
                text++;
                continue;
            }
            sc_buf_putc(&word, *text);
        }
        int rc = sc_strv_add(&words, sc_buf_text(&word), err);
        if (rc < 0)
            return rc;
        text++;
        text += strspn(text, " \t");
        if (*text == ']')
            break;
        if (*text++ != ',')
            return 0;
    }
    if (text[1 + strspn(text + 1, " \t")] != '\0')
        return 0;
    sc_strv_done(ret);
    *ret = words;
    words = (struct sc_strv){0};
    *ret_exec = true;
    return 0;
}

/* Either form; the shell form is run by the stage's shell. */
static int read_words(const struct stage *stage, const char *text, struct sc_strv *ret,
                      struct sc_error *err)
{
    bool exec = false;
    int rc = exec_form(text, ret, &exec, err);
    if (rc < 0 || exec)
        return rc;
    sc_strv_done(ret);
    for (size_t i = 0; i < stage->shell.count && rc == 0; i++)
        rc = sc_strv_add(ret, stage->shell.items[i], err);
    if (rc == 0 && stage->shell.count == 0)
        rc = sc_strv_add(ret, "/bin/sh", err);
    if (rc == 0 && stage->shell.count == 0)
        rc = sc_strv_add(ret, "-c", err);
    return rc < 0 ? rc : sc_strv_add(ret, text, err);
}

/* ---- variables ---- */

static const char *argument(const struct reader *r, const char *name)
{
    for (size_t i = 0; i < r->names.count; i++) {
        if (!sc_str_equal(r->names.items[i], name))
            continue;
        const struct sc_variable *given = r->args != NULL ? sc_variables_get(r->args, name) : NULL;
        return given != NULL && given->value != NULL ? given->value : r->values.items[i];
    }
    return NULL;
}

/* $NAME, ${NAME} and ${NAME:-text}; UNSUPPORTED for what is not known. */
static int expand(const struct reader *r, const char *text, size_t len, struct sc_buf *out,
                  struct sc_error *err)
{
    sc_buf_clear(out);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\'')
            continue;
        if (text[i] != '$') {
            sc_buf_putc(out, text[i]);
            continue;
        }
        bool braces = i + 1 < len && text[i + 1] == '{';
        size_t from = i + 1 + braces, n = 0;
        while (from + n < len &&
               (isalnum((unsigned char)text[from + n]) != 0 || text[from + n] == '_'))
            n++;
        const char *close = braces ? memchr(text + from, '}', len - from) : text + from + n;
        SC_CLEANUP(sc_str_freep) char *name = sc_str_ndup(text + from, n, err);
        if (name == NULL)
            return SC_E_NOMEM;
        const char *value = argument(r, name);
        if (close == NULL)
            return sc_fail(err, SC_E_UNSUPPORTED, "a variable decides");
        const char *rest = text + from + n;
        if ((value == NULL || value[0] == '\0') && braces && close > rest + 2 &&
            memcmp(rest, ":-", 2) == 0)
            sc_buf_append(out, rest + 2, (size_t)(close - rest) - 2);
        else if (value == NULL || (braces && close > rest && memcmp(rest, ":-", 2) != 0))
            return sc_fail(err, SC_E_UNSUPPORTED, "a variable decides");
        else
            sc_buf_puts(out, value);
        i = (size_t)(close - text) - !braces;
    }
    return sc_buf_status(out, err);
}

static int read_arg(struct reader *r, const char *text, struct sc_error *err)
{
    for (size_t n = 0; *text != '\0'; text += n) {
        text += strspn(text, " \t");
        n = strcspn(text, " \t");
        const char *equal = memchr(text, '=', n);
        size_t name = equal == NULL ? n : (size_t)(equal - text);
        SC_CLEANUP(sc_buf_done) struct sc_buf value = SC_BUF_INIT(SC_DOCKERFILE_INSTRUCTION_MAX);
        if (n == 0)
            return 0;
        int rc = equal == NULL ? 0 : expand(r, equal + 1, n - name - 1, &value, err);
        if (rc == SC_E_UNSUPPORTED)
            continue; /* looked up in vain later */
        if (rc == 0)
            rc = sc_strv_take(&r->names, sc_str_ndup(text, name, err), err);
        if (rc == 0)
            rc = sc_strv_add(&r->values, sc_buf_text(&value), err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* ---- stages ---- */

static size_t find_stage(const struct reader *r, const char *name)
{
    for (size_t i = r->count; i-- > 0;) {
        if (r->stages[i].name != NULL && sc_str_equal_nocase(r->stages[i].name, name))
            return i;
    }
    return SIZE_MAX;
}

/* FROM [--platform=x] image [AS name] */
static int read_from(struct reader *r, const char *text, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf image = SC_BUF_INIT(SC_DOCKERFILE_INSTRUCTION_MAX);
    if (r->count == SC_DOCKERFILE_STAGES_MAX)
        return sc_fail(err, SC_E_TOOBIG, "more than %d stages", SC_DOCKERFILE_STAGES_MAX);
    while (strncmp(text, "--", 2) == 0) {
        text += strcspn(text, " \t");
        text += strspn(text, " \t");
    }
    size_t n = strcspn(text, " \t");
    if (n == 0)
        return sc_fail(err, SC_E_SYNTAX, "a FROM without an image");
    struct stage *stage = &r->stages[r->count];
    *stage = (struct stage){.parent = SIZE_MAX};
    int rc = expand(r, text, n, &image, err);
    if (rc == SC_E_UNSUPPORTED)
        sc_buf_clear(&image); /* which matters only if the stage is asked for */
    else if (rc < 0)
        return rc;
    text += n;
    text += strspn(text, " \t");
    size_t parent = find_stage(r, sc_buf_text(&image));
    r->count++;
    stage->parent = parent;
    if (parent == SIZE_MAX) {
        stage->own.base = sc_str_dup(sc_buf_text(&image), err);
        if (stage->own.base == NULL)
            return SC_E_NOMEM;
    }
    if (strncasecmp(text, "as", 2) != 0 || (text[2] != ' ' && text[2] != '\t'))
        return 0;
    text += 2;
    text += strspn(text, " \t");
    stage->name = sc_str_ndup(text, strcspn(text, " \t"), err);
    return stage->name != NULL ? 0 : SC_E_NOMEM;
}

/* ENTRYPOINT drops the CMD of what the stage is built on. */
static int read_inside(struct stage *stage, const char *word, size_t n, const char *rest,
                       struct sc_error *err)
{
    struct sc_dockerfile_start *own = &stage->own;
    if (n == 10 && strncasecmp(word, "ENTRYPOINT", n) == 0) {
        own->has_entrypoint = true;
        return read_words(stage, rest, &own->start.entrypoint, err);
    }
    if (n == 3 && strncasecmp(word, "CMD", n) == 0) {
        own->has_command = true;
        return read_words(stage, rest, &own->start.command, err);
    }
    if (n == 4 && strncasecmp(word, "USER", n) == 0) {
        sc_str_freep(&own->start.user);
        own->start.user = sc_str_dup(rest, err);
        return own->start.user != NULL ? 0 : SC_E_NOMEM;
    }
    bool exec = false;
    return n == 5 && strncasecmp(word, "SHELL", n) == 0 ? exec_form(rest, &stage->shell, &exec, err)
                                                        : 0;
}

static int read_all(struct reader *r, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf line = SC_BUF_INIT(SC_DOCKERFILE_INSTRUCTION_MAX);
    int rc = 0;
    read_directives(r);
    while (rc == 0 && next_instruction(r, &line)) {
        rc = sc_buf_status(&line, err);
        const char *word = sc_buf_text(&line);
        size_t n = strcspn(word, " \t");
        const char *rest = word + n + strspn(word + n, " \t");
        if (rc < 0)
            return rc;
        skip_heredocs(r, rest);
        if (n == 4 && strncasecmp(word, "FROM", n) == 0)
            rc = read_from(r, rest, err);
        else if (n == 3 && strncasecmp(word, "ARG", n) == 0 && r->count == 0)
            rc = read_arg(r, rest, err);
        else if (r->count > 0)
            rc = read_inside(&r->stages[r->count - 1], word, n, rest, err);
    }
    return rc;
}

static size_t choose(const struct reader *r, const char *target)
{
    if (target == NULL || target[0] == '\0')
        return r->count - 1;
    size_t found = find_stage(r, target);
    if (found != SIZE_MAX || strspn(target, "0123456789") != strlen(target))
        return found;
    unsigned long number = strtoul(target, NULL, 10);
    return number < r->count ? number : SIZE_MAX;
}

static int copy_words(const struct sc_strv *from, struct sc_strv *to, struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < from->count && rc == 0; i++)
        rc = sc_strv_add(to, from->items[i], err);
    return rc;
}

/* From the stage down to the image below all. */
static int gather(const struct reader *r, size_t index, struct sc_dockerfile_start *ret,
                  struct sc_error *err)
{
    int rc = 0;
    for (; rc == 0; index = r->stages[index].parent) {
        const struct stage *stage = &r->stages[index];
        const struct sc_dockerfile_start *own = &stage->own;
        if (own->has_command && !ret->has_command) {
            ret->has_command = true;
            rc = copy_words(&own->start.command, &ret->start.command, err);
        }
        if (rc == 0 && own->has_entrypoint && !ret->has_entrypoint) {
            ret->has_entrypoint = ret->has_command = true;
            rc = copy_words(&own->start.entrypoint, &ret->start.entrypoint, err);
        }
        if (rc == 0 && own->start.user != NULL && ret->start.user == NULL) {
            ret->start.user = sc_str_dup(own->start.user, err);
            rc = ret->start.user != NULL ? 0 : SC_E_NOMEM;
        }
        if (stage->parent == SIZE_MAX) {
            bool scratch = sc_str_equal(own->base, "scratch");
            ret->base = rc == 0 && !scratch ? sc_str_dup(own->base, err) : NULL;
            return rc < 0 || scratch || ret->base != NULL ? rc : SC_E_NOMEM;
        }
    }
    return rc;
}

static void reader_done(struct reader *r)
{
    for (size_t i = 0; i < r->count; i++) {
        sc_str_freep(&r->stages[i].name);
        sc_strv_done(&r->stages[i].shell);
        sc_dockerfile_start_done(&r->stages[i].own);
    }
    free(r->stages);
    sc_strv_done(&r->names);
    sc_strv_done(&r->values);
}

int sc_dockerfile_start(struct sc_bytes text, const char *target, const struct sc_variables *args,
                        struct sc_dockerfile_start *ret, struct sc_error *err)
{
    SC_CLEANUP(reader_done)
    struct reader r = {.text = (const char *)text.ptr, .len = text.len, .args = args};
    SC_CLEANUP(sc_dockerfile_start_done) struct sc_dockerfile_start found = {0};
    r.stages = calloc(SC_DOCKERFILE_STAGES_MAX, sizeof(*r.stages));
    if (r.stages == NULL)
        return sc_fail_nomem(err);
    int rc = read_all(&r, err);
    if (rc < 0)
        return rc;
    if (r.count == 0)
        return sc_fail(err, SC_E_SYNTAX, "no FROM in the Dockerfile");
    size_t index = choose(&r, target);
    if (index == SIZE_MAX)
        return sc_fail(err, SC_E_NOTFOUND, "no stage '%s' in the Dockerfile", target);
    rc = gather(&r, index, &found, err);
    if (rc < 0)
        return rc;
    if (found.base != NULL && found.base[0] == '\0' && !(found.has_entrypoint && found.has_command))
        return sc_fail(err, SC_E_UNSUPPORTED, "a variable decides what the Dockerfile is built on");
    *ret = found;
    found = (struct sc_dockerfile_start){0};
    return 0;
}

void sc_dockerfile_start_done(struct sc_dockerfile_start *start)
{
    sc_image_start_done(&start->start);
    sc_str_freep(&start->base);
}

size_t sc_dockerfile_arg_line(struct sc_bytes text, const char *name)
{
    struct reader r = {.text = (const char *)text.ptr, .len = text.len};
    size_t n = strlen(name), line = 1;
    for (size_t at = 0; at < r.len; line++) {
        size_t end = line_end(&r, at), from = skip_blanks(&r, at, end);
        if (end - from > 4 && strncasecmp(r.text + from, "ARG", 3) == 0 &&
            (r.text[from + 3] == ' ' || r.text[from + 3] == '\t')) {
            from = skip_blanks(&r, from + 4, end);
            if (end - from >= n && memcmp(r.text + from, name, n) == 0 &&
                (end - from == n || strchr("= \t\r", r.text[from + n]) != NULL))
                return line;
        }
        at = end + 1;
    }
    return 0;
}

/* The `$NAME` or `${NAME...}` that begins at the byte. */
static bool is_use(const char *text, const char *end, const char *name)
{
    size_t n = strlen(name);
    text += end - text > 1 && text[1] == '{' ? 2 : 1;
    if ((size_t)(end - text) < n || memcmp(text, name, n) != 0)
        return false;
    return text + n == end || (text[n] != '_' && isalnum((unsigned char)text[n]) == 0);
}

size_t sc_dockerfile_use_line(struct sc_bytes text, const char *name)
{
    const char *at = (const char *)text.ptr, *end = at + text.len;
    for (size_t line = 1; at < end; at++) {
        line += *at == '\n';
        if (*at == '$' && is_use(at, end, name))
            return line;
    }
    return 0;
}
