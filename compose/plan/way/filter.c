/* SPDX-License-Identifier: Apache-2.0
 *
 * How a template writes a secret into a text: encoded as the text around it wants it, so that it
 * stays right when the value is changed. No filter where the text of today would come out as
 * another one.
 */
#include <string.h>

#include "compose/plan/internal.h"
#include "core/hash.h"
#include "core/text/template.h"

#include "core/banned.h"

static bool unreserved(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           strchr("-._~", c) != NULL;
}

/* The password as the program sees it, when encoding it again gives the same text (then *ret_same);
 * else the text as it is. */
static int url_decode(struct sc_bytes text, struct sc_secret *ret, bool *ret_same,
                      struct sc_error *err)
{
    int rc = 0;
    bool canonical = true;
    for (size_t i = 0; i < text.len && rc == 0 && canonical; i++) {
        unsigned char c = text.ptr[i];
        int high = -1, low = -1;
        if (c == '%' && i + 2 < text.len) {
            high = sc_hex_digit(text.ptr[i + 1]);
            low = sc_hex_digit(text.ptr[i + 2]);
        }
        bool upper = c == '%' && i + 2 < text.len && text.ptr[i + 1] < 'a' && text.ptr[i + 2] < 'a';
        if (high >= 0 && low >= 0) {
            c = (unsigned char)(high * 16 + low);
            canonical = upper && !unreserved(c) && c != '\0';
            i += 2;
        } else {
            canonical = c != '\0' && unreserved(c);
        }
        rc = sc_secret_append(ret, &c, 1, err);
    }
    *ret_same = canonical;
    if (rc == 0 && !canonical) {
        sc_secret_truncate(ret, 0);
        rc = sc_secret_append(ret, text.ptr, text.len, err);
    }
    return rc;
}

/* Behind "://", without a blank, a quote or a ';' between: what stands there is decoded. Connection
 * strings of other kinds (host=db password=x, Server=db;Password=x) are taken as they are. */
static bool in_url(const struct sc_plan_spot *spot)
{
    for (size_t i = spot->start; i > 2; i--) {
        if (strchr(" \t\r\n\"';,", spot->text[i - 1]) != NULL)
            return false;
        if (memcmp(spot->text + i - 3, "://", 3) == 0)
            return true;
    }
    return false;
}

static bool in_quotes(const struct sc_plan_spot *spot)
{
    return spot->start > 0 && spot->text[spot->start - 1] == '"' && spot->text[spot->end] == '"';
}

bool sc_plan_has_escapes(const struct sc_plan_spot *spot)
{
    return in_quotes(spot) &&
           memchr(spot->text + spot->start, '\\', spot->end - spot->start) != NULL;
}

int sc_plan_filter(const struct sc_plan_spot *spot, struct sc_secret *ret, const char **ret_filter,
                   struct sc_error *err)
{
    const size_t len = strlen(spot->value);
    const struct sc_bytes value = {(const unsigned char *)spot->value, len};
    if (in_url(spot)) {
        bool same = false;
        int rc = url_decode(value, ret, &same, err);
        *ret_filter = same ? "|url" : "";
        return rc;
    }
    /* between double quotes, as JSON, YAML, TOML and most others have them, a text may need escapes
     */
    bool json = in_quotes(spot) && sc_template_filter(SC_FILTER_JSON, value.ptr, len, NULL) == len;
    *ret_filter = json ? "|json" : "";
    return sc_secret_append(ret, value.ptr, len, err);
}
