/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as an armored file. What is accepted and armored again must decode to the same.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "vault/age/armor.h"

#include "core/banned.h"

#define OUT_MAX ((size_t)1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int decode(struct sc_bytes text, struct sc_buf *out)
{
    struct sc_age_armor_reader armor;
    struct sc_error err = {0};
    sc_age_armor_reader_init(&armor, sc_age_read_bytes(&text), SC_AGE_FORM_ARMOR);
    struct sc_age_reader from = sc_age_armor_read(&armor);
    for (;;) {
        unsigned char part[61];
        size_t got = 0;
        int rc = from.read(from.ctx, part, sizeof(part), &got, &err);
        if (rc < 0 || got == 0)
            return rc;
        sc_buf_append(out, part, got);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf first = SC_BUF_INIT(OUT_MAX);
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(2 * OUT_MAX);
    SC_CLEANUP(sc_buf_done) struct sc_buf second = SC_BUF_INIT(OUT_MAX);
    if (decode((struct sc_bytes){data, size}, &first) < 0)
        return 0;
    struct sc_age_armor_writer armor;
    sc_age_armor_writer_init(&armor, sc_age_write_buf(&text));
    struct sc_age_writer to = sc_age_armor_write(&armor);
    int rc = to.write(to.ctx, first.data, first.len, NULL);
    if (rc == 0)
        rc = sc_age_armor_finish(&armor, NULL);
    if (rc == 0)
        rc = decode(sc_buf_view(&text), &second);
    assert(rc == 0 && second.len == first.len);
    assert(first.len == 0 || memcmp(first.data, second.data, first.len) == 0);
    return 0;
}
