/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as Markdown under audit; see tests/fuzz/detect.h.
 */
#include "tests/fuzz/detect.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_detect(data, size, SC_TEXT_MARKDOWN);
}
