/* SPDX-License-Identifier: Apache-2.0
 *
 * Any text as a policy: refused with a message, or encoded to bytes that decode again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/agent/engine.h"
#include "fuse/agent/policy_file.h"
#include "fuse/serve/policy.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sc_error err = {0};
    unsigned rules = 0;
    SC_CLEANUP(sc_buf_done) struct sc_buf bytes = SC_BUF_INIT(SC_POLICY_BYTES_MAX);
    char *text = strndup((const char *)data, size);
    if (text == NULL)
        abort();
    if (sc_policy_parse(text, "p", &bytes, &rules, &err) == 0) {
        struct sc_policy policy = {0};
        const struct sc_bytes view = sc_buf_view(&bytes);
        if (sc_policy_decode(&policy, view.ptr, view.len, &err) < 0 || policy.count != rules)
            abort();
        sc_policy_done(&policy);
    }
    free(text);
    struct sc_engine_answer answer = {0};
    SC_IGNORE(sc_engine_parse((const char *)data, size, &answer, &err));
    SC_IGNORE(sc_engine_parse_image((const char *)data, size, &answer, &err));
    return 0;
}
