/* SPDX-License-Identifier: Apache-2.0
 *
 * From pairs to findings; see audit/detect/context.h.
 */
#include "audit/detect/context.h"

#include <string.h>

#include "compose/credential.h"
#include "compose/images/images.h"
#include "compose/judge/shape.h"
#include "core/buf.h"
#include "core/str.h"

#include "core/banned.h"

#define KEY_MAX ((size_t)256)

struct sc_pair sc_detect_pair_of(const struct sc_detect *detect, enum sc_family family,
                                 struct sc_region key, struct sc_region value)
{
    return (struct sc_pair){
        .family = family,
        .key = key.len == 0 ? NULL : detect->text + key.offset,
        .key_len = key.len,
        .value = detect->text + value.offset,
        .value_len = value.len,
        .raw = value,
        .ignore_variables = true,
    };
}

void sc_detect_init(struct sc_detect *detect, const char *file, struct sc_bytes text,
                    const struct sc_fingerprint_key *key)
{
    *detect = (struct sc_detect){.file = file,
                                 .text = (const char *)text.ptr,
                                 .len = text.len,
                                 .key = key,
                                 .known = {0, 1, 1}};
}

void sc_detect_done(struct sc_detect *detect)
{
    sc_findings_done(&detect->findings);
    sc_skips_done(&detect->skips);
    sc_references_done(&detect->references);
    *detect = (struct sc_detect){0};
}

/* Counts on from a place that is known, or from the beginning. */
static struct sc_position position_at(const struct sc_detect *detect, struct sc_position known,
                                      size_t offset)
{
    offset = SC_MIN(offset, detect->len);
    if (offset < known.offset)
        known = (struct sc_position){0, 1, 1};
    size_t at = known.offset;
    for (;;) {
        const char *newline = memchr(detect->text + at, '\n', offset - at);
        if (newline == NULL)
            break;
        at = (size_t)(newline - detect->text) + 1;
        known.line++;
        known.column = 1;
    }
    for (; at < offset; at++)
        known.column += ((unsigned char)detect->text[at] & 0xc0) != 0x80;
    known.offset = offset;
    return known;
}

void sc_detect_position(struct sc_detect *detect, size_t offset, size_t *ret_line,
                        size_t *ret_column)
{
    detect->known = position_at(detect, detect->known, offset);
    *ret_line = detect->known.line;
    *ret_column = detect->known.column;
}

size_t sc_detect_offset(const struct sc_detect *detect, size_t base, size_t line, size_t column)
{
    size_t start = base;
    for (; line > 1; line--) {
        const char *newline = memchr(detect->text + start, '\n', detect->len - start);
        if (newline == NULL)
            return detect->len;
        start = (size_t)(newline - detect->text) + 1;
    }
    return SC_MIN(start + (column > 0 ? column - 1 : 0), detect->len);
}

struct sc_span sc_detect_span(struct sc_detect *detect, struct sc_region region)
{
    struct sc_span span = {.offset = region.offset, .length = region.len};
    sc_detect_position(detect, region.offset, &span.line, &span.column);
    const struct sc_position end = position_at(detect, detect->known, region.offset + region.len);
    span.end_line = end.line;
    span.end_column = end.column;
    return span;
}

/* Where the outer text has the secret: at the place the unquoted text would have it, one further
 * behind a quote, or anywhere in the raw stretch; else the whole stretch. */
static struct sc_region locate(const struct sc_detect *detect, const struct sc_pair *pair,
                               size_t offset, size_t length)
{
    const char *secret = pair->value + offset;
    const char *raw = detect->text + pair->raw.offset;
    size_t expected = pair->skip + offset;
    for (size_t quote = 0; quote < 2; quote++) {
        size_t at = expected + quote;
        if (at + length <= pair->raw.len && memcmp(raw + at, secret, length) == 0)
            return (struct sc_region){pair->raw.offset + at, length};
    }
    size_t from = SC_MIN(expected, pair->raw.len);
    const char *found = memmem(raw + from, pair->raw.len - from, secret, length);
    if (found == NULL)
        found = memmem(raw, pair->raw.len, secret, length);
    if (found != NULL)
        return (struct sc_region){(size_t)(found - detect->text), length};
    if (pair->raw.len == pair->value_len) /* a copy without its dollars */
        return (struct sc_region){pair->raw.offset + offset, length};
    return pair->raw;
}

static enum sc_finding_class class_of(const struct sc_credential *credential,
                                      enum sc_finding_class wanted)
{
    bool half = credential->key == SC_KEY_HALF;
    switch (credential->shape) {
    case SC_SHAPE_PLACEHOLDER:
        return half ? SC_CLASS_HALF : SC_CLASS_PLACEHOLDER;
    case SC_SHAPE_INTERPOLATED:
        return half ? SC_CLASS_HALF : SC_CLASS_INTERPOLATED;
    case SC_SHAPE_DEFAULT:
        return half ? SC_CLASS_HALF : SC_CLASS_DEFAULT;
    case SC_SHAPE_URL:
        return SC_CLASS_URL;
    case SC_SHAPE_URL_INTERPOLATED:
        return SC_CLASS_URL_INTERPOLATED;
    case SC_SHAPE_KEY_MATERIAL:
        return SC_CLASS_KEY_MATERIAL;
    case SC_SHAPE_LITERAL:
    case SC_SHAPE_NONE:
    default:
        return half ? SC_CLASS_HALF : wanted;
    }
}

/* What the image's own way is to take this variable from a file; false if nothing is known. */
static bool image_fix(struct sc_buf *out, const struct sc_pair *pair, const char *key)
{
    const struct sc_image_rule *rule = sc_image_rule(pair->image, key);
    char argument[SC_IMAGE_ARGUMENT_SIZE];
    if (rule == NULL || sc_image_argument(rule, key, argument, NULL) < 0)
        return false;
    switch (rule->way) {
    case SC_IMAGE_WAY_FILE:
    case SC_IMAGE_WAY_NAME:
    case SC_IMAGE_WAY_CMD:
        sc_buf_printf(out, "use %s with a secret", argument);
        return true;
    case SC_IMAGE_WAY_PREFIX:
    case SC_IMAGE_WAY_PATH:
        sc_buf_printf(out, "give %s the path of a secret file: %s/run/secrets/NAME", key, argument);
        return true;
    case SC_IMAGE_WAY_SHIM:
        sc_buf_puts(out, "start the image through secretsctl-shim, which reads a secret file");
        return true;
    case SC_IMAGE_WAY_FIXED:
        sc_buf_printf(out, "mount the secret at %s", argument);
        return true;
    case SC_IMAGE_WAY_CONFIG:
    case SC_IMAGE_WAY_NONE:
    default:
        return false;
    }
}

/* The image's own way where it is known, else the family's fix. */
static char *make_fix(const struct sc_pair *pair, const char *key, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(1024);
    if (pair->image == NULL || key == NULL || !image_fix(&out, pair, key))
        sc_buf_puts(&out, sc_families[pair->family].fix);
    return sc_buf_status(&out, err) < 0 ? NULL : sc_str_dup(sc_buf_text(&out), err);
}

int sc_detect_add(struct sc_detect *detect, struct sc_judgement verdict, const struct sc_pair *pair,
                  struct sc_region value, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *key = NULL;
    if (pair->key != NULL && pair->key_len <= KEY_MAX) {
        key = sc_str_ndup(pair->key, pair->key_len, err);
        if (key == NULL)
            return SC_E_NOMEM;
    }
    SC_CLEANUP(sc_str_freep) char *fix = make_fix(pair, key, err);
    if (fix == NULL)
        return SC_E_NOMEM;
    struct sc_finding_facts facts = {
        .rule = verdict.rule != NULL ? verdict.rule : sc_family_rule(pair->family, verdict.class),
        .severity = verdict.severity,
        .class = verdict.class,
        .file = detect->file,
        .service = pair->service,
        .key = key,
        .where = pair->where != NULL ? pair->where : sc_families[pair->family].where,
        .fix = fix,
        .commit = detect->commit,
        .span = sc_detect_span(detect, value),
    };
    struct sc_bytes bytes = {(const unsigned char *)detect->text + value.offset, value.len};
    return sc_findings_add(&detect->findings, &facts, bytes, detect->key, err);
}

/* All of the value is one variable, and the key wants a database's address. */
static bool judge_connection(const struct sc_pair *pair, struct sc_credential *ret)
{
    struct sc_shape_variable variable;
    if (pair->key == NULL || !sc_shape_variable(pair->value, pair->value_len, &variable) ||
        variable.length != pair->value_len || variable.fallback_length > 0 ||
        !sc_image_takes_address(pair->image, pair->key, pair->key_len))
        return false;
    *ret = (struct sc_credential){SC_SHAPE_URL_INTERPOLATED, SC_KEY_SECRET, 0, pair->value_len};
    return true;
}

/* The judgement of key and value, and what the image's table knows better: a variable that only
 * looks like a credential, or one that is and does not look it. */
static bool judge(const struct sc_pair *pair, struct sc_credential *ret)
{
    size_t key_len = pair->key == NULL ? 0 : pair->key_len;
    bool found = sc_credential_judge(pair->key, key_len, pair->value, pair->value_len, ret);
    char name[KEY_MAX];
    if (pair->image == NULL || key_len == 0 || key_len >= sizeof(name))
        return found;
    memcpy(name, pair->key, key_len);
    name[key_len] = '\0';
    const struct sc_image_rule *rule = sc_image_rule(pair->image, name);
    if (rule == NULL)
        return found;
    if (found && rule->way == SC_IMAGE_WAY_NONE && (rule->flags & SC_IMAGE_VERIFIED) != 0)
        return ret->shape == SC_SHAPE_URL || ret->shape == SC_SHAPE_KEY_MATERIAL;
    /* GF_*: takes any variable from a file, which makes none a password. */
    if (!found && strchr(sc_image_text(rule->variable), '*') == NULL &&
        sc_image_rule_is_credential(rule) && rule->way != SC_IMAGE_WAY_NONE &&
        sc_key_classify(name, key_len) == SC_KEY_OTHER && !sc_key_is_file(name, key_len) &&
        strcmp(sc_image_text(rule->kind), "password") == 0 && !sc_str_has_suffix(name, "USER"))
        return sc_credential_judge("PASSWORD", 8, pair->value, pair->value_len, ret);
    return found;
}

static int add_credential(struct sc_detect *detect, const struct sc_pair *pair,
                          const struct sc_credential *credential, struct sc_error *err)
{
    enum sc_finding_class class = class_of(credential, pair->class);
    struct sc_region region = locate(detect, pair, credential->offset, credential->length);
    struct sc_judgement verdict = {NULL, class, sc_finding_class_severity(class)};
    return sc_detect_add(detect, verdict, pair, region, err);
}

static bool is_variable(const struct sc_credential *credential)
{
    return credential->shape == SC_SHAPE_INTERPOLATED ||
           credential->shape == SC_SHAPE_URL_INTERPOLATED;
}

int sc_detect_pair(struct sc_detect *detect, const struct sc_pair *pair, struct sc_error *err)
{
    struct sc_credential credential;
    bool found = judge(pair, &credential) || judge_connection(pair, &credential);
    if (!found || (pair->ignore_variables && is_variable(&credential)))
        return 0;
    return add_credential(detect, pair, &credential, err);
}

int sc_detect_parts(struct sc_detect *detect, const struct sc_pair *pair, struct sc_error *err)
{
    struct sc_credential_part parts[SC_CREDENTIAL_PARTS_MAX];
    size_t count =
        sc_credential_parts(pair->key, pair->key_len, pair->value, pair->value_len, parts);
    if (count == 0 || (count == 1 && parts[0].key_len == 0))
        return sc_detect_pair(detect, pair, err);
    int rc = 0;
    for (size_t i = 0; i < SC_MIN(count, (size_t)SC_CREDENTIAL_PARTS_MAX) && rc == 0; i++) {
        if (!pair->ignore_variables || !is_variable(&parts[i].credential))
            rc = add_credential(detect, pair, &parts[i].credential, err);
    }
    return rc;
}

/* ${X}, $(X), $DB_PASSWORD: there are readers that fill these in, in single quotes too. */
static bool names_variable(const char *text, size_t len)
{
    size_t at = 1;
    while (at < len && ((text[at] >= 'A' && text[at] <= 'Z') || text[at] == '_'))
        at++;
    return (len > 1 && (text[1] == '{' || text[1] == '(')) ||
           (at > 3 && (at == len || !sc_shape_is_word_char(text[at])));
}

int sc_detect_quoted(struct sc_detect *detect, const struct sc_pair *pair, bool single,
                     struct sc_error *err)
{
    const char *value = pair->value;
    size_t len = pair->value_len;
    if (memchr(value, '$', len) == NULL || sc_credential_is_reference(value, len))
        return sc_detect_parts(detect, pair, err);
    SC_CLEANUP(sc_str_freep) char *copy = sc_str_ndup(value, len, err);
    if (copy == NULL)
        return SC_E_NOMEM;
    for (size_t i = 0; i < len; i++) {
        if (value[i] == '$' &&
            ((i > 0 && value[i - 1] == '\\') || (single && !names_variable(value + i, len - i))))
            copy[i] = '_';
    }
    struct sc_pair plain = *pair;
    plain.value = copy;
    return sc_detect_parts(detect, &plain, err);
}

int sc_detect_skip(struct sc_detect *detect, const char *reason, size_t offset,
                   struct sc_error *err)
{
    size_t line, column;
    sc_detect_position(detect, offset, &line, &column);
    return sc_skips_add(&detect->skips, detect->file, reason, line, err);
}

int sc_detect_password(struct sc_detect *detect, enum sc_family family, struct sc_region value,
                       struct sc_error *err)
{
    static const char key[] = "password";
    struct sc_pair pair = sc_detect_pair_of(detect, family, (struct sc_region){0}, value);
    pair.key = key;
    pair.key_len = sizeof(key) - 1;
    return sc_detect_pair(detect, &pair, err);
}
