/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as an age header. What is accepted must be the one spelling of what was read: the MAC
 * line is written again and must come out the same.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "vault/age/header.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sc_age_header header;
    struct sc_error err = {0};
    struct sc_bytes text = {data, size};
    if (sc_age_header_parse(&header, text, &err) < 0)
        return 0;
    assert(sc_age_header_complete(text));
    assert(header.count > 0 && header.count <= SC_AGE_STANZAS_MAX && header.len <= size);
    assert(header.mac_len < header.len);
    SC_CLEANUP(sc_buf_done) struct sc_buf again = SC_BUF_INIT(SC_AGE_HEADER_MAX + 1);
    sc_buf_append(&again, data, header.mac_len);
    sc_age_header_end(&again, header.mac);
    assert(again.len == header.len && memcmp(again.data, data, again.len) == 0);
    return 0;
}
