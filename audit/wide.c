/* SPDX-License-Identifier: Apache-2.0
 *
 * From UTF-16 to UTF-8; see audit/wide.h.
 */
#include "audit/wide.h"

#include <stdint.h>
#include <string.h>

#include "core/macros.h"
#include "core/str.h"

#include "core/banned.h"

#define REPLACEMENT  0xfffdU
#define SAMPLE_BYTES ((size_t)4096)
/* So many units, for less says nothing. */
#define UNITS_LEAST ((size_t)4)

static uint32_t unit_at(struct sc_bytes text, size_t low, size_t at)
{
    return text.ptr[at + low] | (uint32_t)text.ptr[at + 1 - low] << 8;
}

/* Whether text[from..to) is UTF-16 of a text, three of four of its characters ASCII. */
static bool is_text(struct sc_bytes text, size_t low, size_t from, size_t to)
{
    size_t units = 0, ascii = 0;
    bool lead = false;
    for (size_t at = from; at + 1 < to; at += 2) {
        uint32_t unit = unit_at(text, low, at);
        bool control = (unit < 0x20 && unit != '\t' && unit != '\n' && unit != '\r') ||
                       (unit >= 0x7f && unit < 0xa0) || unit >= 0xfff0;
        bool trails = unit >= 0xdc00 && unit < 0xe000;
        if (control || (lead != trails && at > from))
            return false;
        lead = unit >= 0xd800 && unit < 0xdc00;
        ascii += unit < 0x7f;
        units++;
    }
    return units >= UNITS_LEAST && ascii * 4 >= units * 3;
}

static bool has_mark(struct sc_bytes text)
{
    return memcmp(text.ptr, "\xff\xfe", 2) == 0 || memcmp(text.ptr, "\xfe\xff", 2) == 0;
}

bool sc_wide_may_be(struct sc_bytes start)
{
    return start.len >= 2 && (has_mark(start) || (start.ptr[0] == 0) != (start.ptr[1] == 0));
}

bool sc_wide_is(struct sc_bytes text, struct sc_wide *ret)
{
    if (!sc_wide_may_be(text))
        return false;
    if (has_mark(text)) {
        *ret = (struct sc_wide){2, text.ptr[0] == 0xff ? 0 : 1};
        return true;
    }
    size_t low = text.ptr[0] == 0 ? 1 : 0, end = text.len & ~(size_t)1;
    size_t tail = end - SC_MIN(end, SAMPLE_BYTES);
    if (!is_text(text, low, 0, SC_MIN(end, SAMPLE_BYTES)) || !is_text(text, low, tail, end))
        return false;
    *ret = (struct sc_wide){0, low};
    return true;
}

static void put(struct sc_buf *out, uint32_t c)
{
    unsigned char bytes[SC_UTF8_MAX];
    sc_buf_append(out, bytes, sc_str_utf8(c, bytes));
}

void sc_wide_narrow(struct sc_bytes text, struct sc_wide wide, struct sc_buf *out)
{
    uint32_t lead = 0;
    for (size_t at = wide.start; at + 1 < text.len; at += 2) {
        uint32_t unit = unit_at(text, wide.low, at);
        bool trails = unit >= 0xdc00 && unit < 0xe000;
        if (lead != 0 && !trails)
            put(out, REPLACEMENT);
        if (lead != 0 && trails)
            put(out, 0x10000 + ((lead - 0xd800) << 10) + (unit - 0xdc00));
        else if (trails)
            put(out, REPLACEMENT);
        else if (unit < 0xd800 || unit >= 0xe000)
            put(out, unit);
        lead = unit >= 0xd800 && unit < 0xdc00 ? unit : 0;
    }
    if (lead != 0)
        put(out, REPLACEMENT);
}
