/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a Dockerfile, for what it starts: words are texts, a failure leaves nothing behind.
 */
#include <stdlib.h>
#include <string.h>

#include "compose/start/dockerfile.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sc_bytes text = {data, size};
    struct sc_dockerfile_start start = {0};
    struct sc_error err = {0};
    int rc = sc_dockerfile_start(text, NULL, NULL, &start, &err);
    if (rc < 0 && (start.base != NULL || start.start.entrypoint.count > 0))
        abort();
    size_t bytes = 0;
    for (size_t i = 0; i < start.start.entrypoint.count; i++)
        bytes += strlen(start.start.entrypoint.items[i]);
    if (bytes > size + 64)
        abort();
    sc_dockerfile_start_done(&start);
    if (sc_dockerfile_arg_line(text, "TOKEN") > size + 1 ||
        sc_dockerfile_use_line(text, "TOKEN") > size + 1)
        abort();
    return 0;
}
