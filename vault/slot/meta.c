/* SPDX-License-Identifier: Apache-2.0
 *
 * Labels of slots and grants; see vault/slot/meta.h.
 */
#include "vault/slot/meta.h"

#include <string.h>

#include "core/str.h"
#include "vault/codec.h"

#include "core/banned.h"

enum { TAG_CREATED = 1, TAG_LABEL = 2, TAG_PK = 3 };

#define AAD_SIZE (6 + SC_UID_SIZE + SC_UID_SIZE + 4)

static struct sc_bytes make_aad(unsigned char out[AAD_SIZE], const struct sc_vault *vault,
                                const unsigned char id[SC_UID_SIZE])
{
    memcpy(out, "SCTLv1", 6);
    memcpy(out + 6, vault->vault_id, SC_UID_SIZE);
    memcpy(out + 22, id, SC_UID_SIZE);
    sc_put_u32(out + 38, vault->root_epoch);
    return (struct sc_bytes){out, AAD_SIZE};
}

int sc_key_meta_seal(const struct sc_vault *vault, const char *what,
                     const unsigned char id[SC_UID_SIZE], const struct sc_key_meta *meta,
                     struct sc_buf *ret, struct sc_error *err)
{
    const char *label = meta->label != NULL ? meta->label : "";
    if (strlen(label) >= SC_LABEL_SIZE || !sc_str_is_utf8(label, strlen(label)))
        return sc_fail(err, SC_E_USAGE, "a label is UTF-8 text of at most %d bytes",
                       SC_LABEL_SIZE - 1);
    SC_CLEANUP(sc_secret_done) struct sc_secret record = {0};
    unsigned char aad[AAD_SIZE];
    struct sc_seal_key key = {.key = vault->root->meta, .hedge = vault->root->hedge, .label = what};
    int rc = sc_record_begin(&record, err);
    if (rc == 0)
        rc = sc_record_u64(&record, TAG_CREATED, (uint64_t)meta->created, err);
    if (rc == 0)
        rc = sc_record_text(&record, TAG_LABEL, label, err);
    if (rc == 0 && meta->pk != NULL)
        rc = sc_record_bytes(&record, TAG_PK, (struct sc_bytes){meta->pk, SC_KEY_SIZE}, err);
    if (rc == 0)
        rc = sc_record_value(&record, (struct sc_bytes){0}, err);
    if (rc == 0)
        rc = sc_seal(&key, make_aad(aad, vault, id), sc_secret_view(&record), ret, err);
    return rc;
}

int sc_key_meta_open(const struct sc_vault *vault, const char *what,
                     const unsigned char id[SC_UID_SIZE], struct sc_bytes sealed,
                     struct sc_key_meta_opened *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret record = {0};
    unsigned char aad[AAD_SIZE];
    struct sc_seal_key key = {.key = vault->root->meta, .label = what};
    struct sc_record_view view;
    struct sc_key_meta_opened opened = {0};
    int rc = sc_seal_open(&key, make_aad(aad, vault, id), sealed, &record, err);
    if (rc < 0)
        return sc_fail(err, SC_E_TAMPERED, "the label of a slot or grant was changed");
    rc = sc_record_parse(sc_secret_view(&record), &view, err);
    uint8_t tag;
    struct sc_bytes bytes;
    while (rc == 0 && sc_record_next(&view.fields, &tag, &bytes)) {
        if (tag == TAG_CREATED)
            opened.created = (int64_t)sc_field_u64(bytes);
        else if (tag == TAG_LABEL && bytes.len < SC_LABEL_SIZE)
            memcpy(opened.label, bytes.ptr, bytes.len);
        else if (tag == TAG_PK && bytes.len == SC_KEY_SIZE)
            memcpy(opened.pk, bytes.ptr, SC_KEY_SIZE);
    }
    if (rc == 0)
        *ret = opened;
    return rc;
}
