/* SPDX-License-Identifier: Apache-2.0
 *
 * From UTF-16 to UTF-8; see audit/wide.h.
 */
#include "audit/wide.h"

#include <stdint.h>

#include "core/str.h"

#include "core/banned.h"

#define REPLACEMENT 0xfffdU

bool sc_wide_is(struct sc_bytes text)
{
    return text.len >= 2 && ((text.ptr[0] == 0xff && text.ptr[1] == 0xfe) ||
                             (text.ptr[0] == 0xfe && text.ptr[1] == 0xff));
}

static void put(struct sc_buf *out, uint32_t c)
{
    unsigned char bytes[SC_UTF8_MAX];
    sc_buf_append(out, bytes, sc_str_utf8(c, bytes));
}

void sc_wide_narrow(struct sc_bytes text, struct sc_buf *out)
{
    size_t low = text.ptr[0] == 0xff ? 0 : 1; /* which byte of a pair is the lower one */
    uint32_t lead = 0;
    for (size_t at = 2; at + 1 < text.len; at += 2) {
        uint32_t unit = text.ptr[at + low] | (uint32_t)text.ptr[at + 1 - low] << 8;
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
