/* SPDX-License-Identifier: Apache-2.0
 *
 * Shell text and command lines: what compose/judge/shell.h reads becomes findings.
 */
#include "audit/detect/shell.h"

#include <string.h>

#include "audit/detect/region.h"
#include "core/str.h"

#include "core/banned.h"

const struct sc_shell_context sc_shell_script = {
    .assign = SC_FAMILY_SHELL_ASSIGN,
    .environ = SC_FAMILY_SHELL_ENV,
    .command = SC_FAMILY_SHELL_COMMAND,
};

struct shell {
    struct sc_shell_reader reader;
    struct sc_detect *detect;
    const struct sc_shell_context *context;
};

/* Whether all of the value stands in single quotes of the script itself, with a `$` in it. Inside
 * of another text (sh -c "...") the outer one has filled it in. */
static bool is_single_quoted(const struct shell *s, const struct sc_argv_pair *found)
{
    const struct sc_word *word = found->word;
    const char *raw = s->detect->text + word->raw.offset, *value = word->text + found->from;
    size_t len = found->to - found->from;
    return s->context == &sc_shell_script && s->reader.depth == s->detect->depth &&
           found->to == word->len && memchr(value, '$', len) != NULL &&
           word->raw.len == found->from + len + 2 && raw[found->from] == '\'' &&
           memcmp(raw + found->from + 1, value, len) == 0;
}

static int judge(void *ctx, const struct sc_argv_pair *found, struct sc_error *err)
{
    struct shell *s = ctx;
    const struct sc_shell_context *context = s->context;
    enum sc_family family = found->role == SC_ARGV_ASSIGN    ? context->assign
                            : found->role == SC_ARGV_ENVIRON ? context->environ
                                                             : context->command;
    struct sc_pair pair = {
        .family = family,
        .key = found->key,
        .key_len = found->key_len,
        .value = found->word->text + found->from,
        .value_len = found->to - found->from,
        .raw = found->word->raw,
        .skip = found->from,
        .service = context->service,
        .where = context->where,
        .class = family == SC_FAMILY_COMPOSE_COMMAND || family == SC_FAMILY_SHELL_COMMAND ||
                         family == SC_FAMILY_COMPOSE_HEALTHCHECK
                     ? SC_CLASS_COMMAND
                     : SC_CLASS_LITERAL,
        /* A script's own variables are the right way; docker's -e shows them to `inspect`. */
        .ignore_variables = !context->variables && found->role != SC_ARGV_ENVIRON,
    };
    if (is_single_quoted(s, found)) {
        pair.raw = (struct sc_region){pair.raw.offset + found->from + 1, pair.value_len};
        pair.skip = 0;
        return sc_detect_quoted(s->detect, &pair, true, err);
    }
    return sc_detect_pair(s->detect, &pair, err);
}

static int skip(void *ctx, const char *reason, size_t offset, struct sc_error *err)
{
    const struct shell *s = ctx;
    return sc_detect_skip(s->detect, reason, offset, err);
}

static int here_document(void *ctx, struct sc_region body, const char *target, struct sc_error *err)
{
    struct shell *s = ctx;
    unsigned depth = s->detect->depth;
    s->detect->depth = s->reader.depth;
    int rc = 0;
    if (target != NULL)
        rc = sc_detect_written_file(s->detect, body, target, err);
    else if (s->detect->depth++ < SC_SHELL_DEPTH_MAX)
        rc = sc_detect_shell(s->detect, body, s->context, err);
    else
        rc = sc_detect_skip(s->detect, "texts nested too deeply", body.offset, err);
    s->detect->depth = depth;
    return rc;
}

/* Only where the name says what a line of it is; assignments are found without. */
static int written_line(void *ctx, struct sc_region line, const char *target, struct sc_error *err)
{
    struct shell *s = ctx;
    enum sc_text_kind kind = sc_text_kind_of_name(target);
    if (kind != SC_TEXT_CONFIG && kind != SC_TEXT_LOGINS && kind != SC_TEXT_SHELL)
        return 0;
    unsigned depth = s->detect->depth;
    s->detect->depth = s->reader.depth;
    int rc = sc_detect_region(s->detect, line, kind, err);
    s->detect->depth = depth;
    return rc;
}

static void init(struct shell *s, struct sc_detect *detect, const struct sc_shell_context *context)
{
    *s = (struct shell){.detect = detect, .context = context};
    s->reader = (struct sc_shell_reader){
        .text = detect->text,
        .folded = context->folded,
        .escaped = context->escaped,
        .escape = context->escape,
        .engine = context->engine,
        .fish = sc_str_has_suffix(detect->file, ".fish"),
        .depth = detect->depth,
        .pair = judge,
        .skip = skip,
        .file = here_document,
        .line = written_line,
        .ctx = s,
    };
}

int sc_detect_shell(struct sc_detect *detect, struct sc_region region,
                    const struct sc_shell_context *context, struct sc_error *err)
{
    struct shell s;
    init(&s, detect, context);
    return sc_shell_read(&s.reader, region, err);
}

int sc_detect_argv(struct sc_detect *detect, const struct sc_words *words,
                   const struct sc_shell_context *context, struct sc_error *err)
{
    struct shell s;
    init(&s, detect, context);
    return sc_argv_read(&s.reader, words, err);
}
