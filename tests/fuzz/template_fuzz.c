/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a template: parts stay inside the text and cover it in order; the filters write as
 * many bytes as they counted.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/text/template.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int truth)
{
    if (!truth)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct sc_template_part part;
    size_t at = 0;
    for (;;) {
        size_t before = at;
        int got = sc_template_next(text, size, &at, &part);
        if (got <= 0) {
            check(got == 0 ? at == size : part.offset <= size && at == before);
            break;
        }
        check(at > before && at <= size && part.offset == before);
        check(part.ptr >= text + before && part.ptr + part.len <= text + at);
    }
    for (int filter = 0; filter < SC_FILTER_COUNT; filter++) {
        size_t len = sc_template_filter((enum sc_template_filter)filter, data, size, NULL);
        char *out = malloc(len > 0 ? len : 1);
        check(out != NULL);
        check(sc_template_filter((enum sc_template_filter)filter, data, size, out) == len);
        free(out);
    }
    return 0;
}
