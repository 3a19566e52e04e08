/* SPDX-License-Identifier: Apache-2.0
 *
 * What an image starts; see compose/start/start.h.
 */
#include "compose/start/start.h"

#include "core/hash.h"
#include "core/json.h"

#include "core/banned.h"

#define TEXT_MAX ((size_t)4 * 1024 * 1024)

void sc_image_start_done(struct sc_image_start *start)
{
    sc_strv_done(&start->entrypoint);
    sc_strv_done(&start->command);
    sc_str_freep(&start->user);
    sc_str_freep(&start->architecture);
}

/* SHA-256 over the JSON [Entrypoint, Cmd]. */
void sc_image_start_hash(const struct sc_image_start *start, char out[17])
{
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(TEXT_MAX);
    const struct sc_strv *lists[] = {&start->entrypoint, &start->command};
    struct sc_json json;
    sc_json_init(&json, &text);
    sc_json_array_begin(&json);
    for (size_t i = 0; i < SC_ARRAY_SIZE(lists); i++) {
        sc_json_array_begin(&json);
        for (size_t k = 0; k < lists[i]->count; k++)
            sc_json_string(&json, lists[i]->items[k]);
        sc_json_array_end(&json);
    }
    sc_json_array_end(&json);
    unsigned char hash[SC_HASH_SIZE];
    sc_hash_sha256(hash, sc_buf_text(&text), text.len);
    sc_hex(out, hash, 8);
}
