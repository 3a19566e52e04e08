/* SPDX-License-Identifier: Apache-2.0
 *
 * The age armor; see vault/age/armor.h.
 */
#include "vault/age/armor.h"

#include <string.h>

#include "vault/age/age_crypto.h"

#include "core/banned.h"

#define BEGIN_LINE    "-----BEGIN AGE ENCRYPTED FILE-----"
#define END_LINE      "-----END AGE ENCRYPTED FILE-----"
#define BEGIN_PREFIX  "-----BEGIN"
#define LINE_TEXT_MAX ((size_t)64)

static int bad(const struct sc_age_armor_reader *armor, const char *what, struct sc_error *err)
{
    return sc_fail(err, SC_E_FORMAT, "age armor, line %zu: %s", armor->line, what);
}

static bool is_space(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next raw byte, or -1 at the end. */
static int next_byte(struct sc_age_armor_reader *armor, int *ret, struct sc_error *err)
{
    if (armor->raw_at == armor->raw_len) {
        size_t got = 0;
        int rc = armor->from.read(armor->from.ctx, armor->raw, sizeof(armor->raw), &got, err);
        if (rc < 0)
            return rc;
        armor->raw_at = 0;
        armor->raw_len = got;
        if (got == 0) {
            *ret = -1;
            return 0;
        }
    }
    *ret = armor->raw[armor->raw_at++];
    return 0;
}

/* A line without its LF or CR LF. A line that is not ended counts only as the END line, which the
 * caller knows by *ret_ended. */
static int next_line(struct sc_age_armor_reader *armor, char text[LINE_TEXT_MAX + 2],
                     bool *ret_ended, struct sc_error *err)
{
    size_t len = 0;
    int c = 0;
    armor->line++;
    for (;;) {
        int rc = next_byte(armor, &c, err);
        if (rc < 0)
            return rc;
        if (c == '\n' || c < 0)
            break;
        if (c == '\0' || len == LINE_TEXT_MAX + 1)
            return bad(armor, "longer than 64 characters, or not text", err);
        text[len++] = (char)c;
    }
    if (len > 0 && text[len - 1] == '\r' && c == '\n')
        len--;
    if (len > LINE_TEXT_MAX)
        return bad(armor, "longer than 64 characters", err);
    text[len] = '\0';
    *ret_ended = c == '\n';
    return 0;
}

/* Reads enough to tell the form, without consuming it. */
static int detect(struct sc_age_armor_reader *armor, struct sc_error *err)
{
    if (armor->form != SC_AGE_FORM_DETECT)
        return 0;
    size_t wanted = SC_AGE_ARMOR_SPACE_MAX + strlen(BEGIN_PREFIX);
    int rc = sc_age_read_full(armor->from, armor->raw, wanted, &armor->raw_len, err);
    if (rc < 0)
        return rc;
    size_t start = 0;
    while (start < armor->raw_len && is_space(armor->raw[start]))
        start++;
    bool is_armor = armor->raw_len - start >= strlen(BEGIN_PREFIX) &&
                    memcmp(armor->raw + start, BEGIN_PREFIX, strlen(BEGIN_PREFIX)) == 0;
    armor->form = is_armor ? SC_AGE_FORM_ARMOR : SC_AGE_FORM_BINARY;
    return 0;
}

static int read_begin(struct sc_age_armor_reader *armor, struct sc_error *err)
{
    char text[LINE_TEXT_MAX + 2];
    bool ended = false;
    int c = 0;
    size_t spaces = 0;
    armor->begun = true;
    do {
        int rc = next_byte(armor, &c, err);
        if (rc < 0)
            return rc;
        armor->line += c == '\n';
    } while (is_space(c) && ++spaces <= SC_AGE_ARMOR_SPACE_MAX);
    if (c >= 0)
        armor->raw_at--; /* it was read from `raw` just now */
    int rc = next_line(armor, text, &ended, err);
    if (rc < 0)
        return rc;
    if (strcmp(text, BEGIN_LINE) != 0)
        return bad(armor, "not '" BEGIN_LINE "'", err);
    return 0;
}

static int read_end(struct sc_age_armor_reader *armor, struct sc_error *err)
{
    armor->ended = true;
    for (size_t spaces = 0;; spaces++) {
        int c = 0;
        int rc = next_byte(armor, &c, err);
        if (rc < 0)
            return rc;
        if (c < 0)
            return 0;
        if (!is_space(c) || spaces == SC_AGE_ARMOR_SPACE_MAX)
            return bad(armor, "there is something after the end", err);
    }
}

static int read_body_line(struct sc_age_armor_reader *armor, struct sc_error *err)
{
    char text[LINE_TEXT_MAX + 2];
    bool ended = false;
    int rc = next_line(armor, text, &ended, err);
    if (rc < 0)
        return rc;
    if (strcmp(text, END_LINE) == 0)
        return read_end(armor, err);
    if (!ended)
        return bad(armor, "the armor has no end", err);
    size_t len = strlen(text);
    if (armor->last_line || len == 0)
        return bad(armor, "a line shorter than 64 characters is not the last", err);
    armor->last_line = len < LINE_TEXT_MAX;
    armor->out_at = 0;
    if (!sc_age_base64_decode(armor->out, sizeof(armor->out), SC_AGE_BASE64_PADDED,
                              (struct sc_bytes){(const unsigned char *)text, len}, &armor->out_len))
        return bad(armor, "not canonical base64", err);
    armor->last_line = armor->last_line || armor->out_len < SC_AGE_ARMOR_LINE;
    return 0;
}

static int read_armor(void *ctx, unsigned char *out, size_t size, size_t *ret_got,
                      struct sc_error *err)
{
    struct sc_age_armor_reader *armor = ctx;
    int rc = detect(armor, err);
    if (rc < 0)
        return rc;
    if (armor->form == SC_AGE_FORM_BINARY) {
        if (armor->raw_at == armor->raw_len)
            return armor->from.read(armor->from.ctx, out, size, ret_got, err);
        size_t part = SC_MIN(size, armor->raw_len - armor->raw_at);
        memcpy(out, armor->raw + armor->raw_at, part);
        armor->raw_at += part;
        *ret_got = part;
        return 0;
    }
    if (!armor->begun)
        rc = read_begin(armor, err);
    while (rc == 0 && !armor->ended && armor->out_at == armor->out_len)
        rc = read_body_line(armor, err);
    if (rc < 0)
        return rc;
    size_t part = SC_MIN(size, armor->out_len - armor->out_at);
    memcpy(out, armor->out + armor->out_at, part);
    armor->out_at += part;
    *ret_got = part;
    return 0;
}

void sc_age_armor_reader_init(struct sc_age_armor_reader *armor, struct sc_age_reader from,
                              enum sc_age_form form)
{
    *armor = (struct sc_age_armor_reader){.from = from, .form = form};
}

struct sc_age_reader sc_age_armor_read(struct sc_age_armor_reader *armor)
{
    return (struct sc_age_reader){read_armor, armor};
}

static int write_text(struct sc_age_armor_writer *armor, const char *text, struct sc_error *err)
{
    return armor->to.write(armor->to.ctx, text, strlen(text), err);
}

static int write_line(struct sc_age_armor_writer *armor, struct sc_error *err)
{
    char text[LINE_TEXT_MAX + 2];
    sc_age_base64_encode(text, SC_AGE_BASE64_PADDED, (struct sc_bytes){armor->line, armor->len});
    armor->len = 0;
    size_t len = strlen(text);
    text[len] = '\n';
    return armor->to.write(armor->to.ctx, text, len + 1, err);
}

static int write_begin(struct sc_age_armor_writer *armor, struct sc_error *err)
{
    if (armor->begun)
        return 0;
    armor->begun = true;
    return write_text(armor, BEGIN_LINE "\n", err);
}

static int write_armor(void *ctx, const void *data, size_t len, struct sc_error *err)
{
    struct sc_age_armor_writer *armor = ctx;
    const unsigned char *at = data;
    int rc = write_begin(armor, err);
    while (rc == 0 && len > 0) {
        size_t part = SC_MIN(len, SC_AGE_ARMOR_LINE - armor->len);
        memcpy(armor->line + armor->len, at, part);
        armor->len += part;
        at += part;
        len -= part;
        if (armor->len == SC_AGE_ARMOR_LINE)
            rc = write_line(armor, err);
    }
    return rc;
}

void sc_age_armor_writer_init(struct sc_age_armor_writer *armor, struct sc_age_writer to)
{
    *armor = (struct sc_age_armor_writer){.to = to};
}

struct sc_age_writer sc_age_armor_write(struct sc_age_armor_writer *armor)
{
    return (struct sc_age_writer){write_armor, armor};
}

int sc_age_armor_finish(struct sc_age_armor_writer *armor, struct sc_error *err)
{
    int rc = write_begin(armor, err);
    if (rc == 0 && armor->len > 0)
        rc = write_line(armor, err);
    return rc == 0 ? write_text(armor, END_LINE "\n", err) : rc;
}
