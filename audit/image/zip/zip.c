/* SPDX-License-Identifier: Apache-2.0
 *
 * The zip reader; see audit/image/zip/zip.h. Format: APPNOTE.TXT 6.3, sections 4.3 to 4.5.
 */
#include "audit/image/zip/zip.h"

#include <stdlib.h>
#include <string.h>

#include "audit/image/unpack/unpack.h"
#include "core/buf.h"

#include "core/banned.h"

#define SIGNATURE_SIZE SC_ZIP_SIGNATURE_SIZE
#define HEADER_SIZE    SC_ZIP_HEADER_SIZE
/* Name and extra field have 16 bits of length each. */
#define TEXT_MAX ((size_t)128 * 1024)
/* Sizes that come behind the content, in their longest form. */
#define DESCRIPTOR_MAX 24

/* Fields of a local header. */
#define FLAGS_AT  6
#define METHOD_AT 8
#define PACKED_AT 18
#define SIZE_AT   22
#define NAME_AT   26
#define EXTRA_AT  28

#define FLAG_ENCRYPTED  0x0001
#define FLAG_DESCRIPTOR 0x0008 /* sizes come behind the content */
#define ZIP64           0xffffffffU
#define ZIP64_EXTRA     0x0001

enum state { AT_GAP, AT_HEADER, AT_TEXT, AT_CONTENT, AT_DIRECTORY };

static const struct {
    unsigned method;
    enum sc_packing packing;
} methods[] = {
    {0, SC_PACKING_NONE},  {8, SC_PACKING_DEFLATE}, {12, SC_PACKING_BZIP2},
    {93, SC_PACKING_ZSTD}, {95, SC_PACKING_XZ},
};

struct sc_zip {
    const struct sc_tar_ops *ops;
    void *ctx;
    enum state state;
    unsigned char head[HEADER_SIZE];
    size_t head_len;
    size_t text_len; /* of name and extra field */
    struct sc_buf text, path;
    struct sc_unpack *unpack; /* of the entry; NULL if it is stored or cannot be read */
    bool unpacking, hidden;   /* hidden: cannot be read */
    bool open_end;            /* the size is not known */
    uint64_t left;            /* packed bytes to come */
    uint64_t entries;         /* that have begun */
    bool guessed;             /* not yet proved to be a zip */
    size_t gap;               /* bytes since the last entry, while guessed */
    struct sc_error held;     /* why the first entry cannot be read, while guessed */
};

struct sc_zip *sc_zip_new(const struct sc_tar_ops *ops, void *ctx, struct sc_error *err)
{
    struct sc_zip *zip = calloc(1, sizeof(*zip));
    if (zip == NULL) {
        SC_IGNORE(sc_fail_nomem(err)); /* the code is in err */
        return NULL;
    }
    zip->ops = ops;
    zip->ctx = ctx;
    zip->text.max = zip->path.max = TEXT_MAX + 1;
    return zip;
}

void sc_zip_free(struct sc_zip *zip)
{
    if (zip == NULL)
        return;
    sc_buf_done(&zip->text);
    sc_buf_done(&zip->path);
    sc_unpack_free(zip->unpack);
    sc_wipe(zip->head, sizeof(zip->head));
    free(zip);
}

static uint64_t number(const unsigned char *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

/* ---- entries ---- */

static int unpacked(struct sc_bytes piece, void *ctx, struct sc_error *err)
{
    struct sc_zip *zip = ctx;
    return zip->ops->content(piece, zip->ctx, err);
}

static int hide(struct sc_zip *zip, const char *reason, struct sc_error *err)
{
    zip->hidden = true;
    zip->unpacking = false;
    if (zip->guessed) {
        SC_IGNORE(sc_fail(&zip->held, SC_E_UNSUPPORTED, "%s", reason));
        return 0;
    }
    return zip->ops->unreadable(reason, zip->ctx, err);
}

/* A record stands where the last entry says that it ends: so this is a zip. */
static int prove(struct sc_zip *zip, struct sc_error *err)
{
    bool tell = zip->guessed && zip->held.code != 0;
    zip->guessed = false;
    return tell ? zip->ops->unreadable(sc_error_message(&zip->held), zip->ctx, err) : 0;
}

static int prepare(struct sc_zip *zip, enum sc_packing packing, struct sc_error *err)
{
    zip->unpacking = true;
    return sc_unpack_begin(&zip->unpack, packing, unpacked, zip, err);
}

static int choose_method(struct sc_zip *zip, struct sc_error *err)
{
    unsigned method = (unsigned)number(zip->head + METHOD_AT, 2);
    zip->unpacking = zip->hidden = false;
    if ((number(zip->head + FLAGS_AT, 2) & FLAG_ENCRYPTED) != 0)
        return hide(zip, "it is encrypted", err);
    for (size_t i = 0; i < SC_ARRAY_SIZE(methods); i++) {
        if (methods[i].method != method)
            continue;
        bool stored = methods[i].packing == SC_PACKING_NONE;
        if (stored && zip->open_end)
            return hide(zip, "its length is not known", err);
        return stored ? 0 : prepare(zip, methods[i].packing, err);
    }
    return hide(zip, "it is packed by a method that is not known here", err);
}

/* The sizes of an entry over 4 GiB, out of the extra field. */
static bool read_zip64(const struct sc_zip *zip, size_t name_len, uint64_t *ret_packed)
{
    const unsigned char *extra = (const unsigned char *)zip->text.data + name_len;
    size_t left = zip->text.len - name_len;
    bool has_size = number(zip->head + SIZE_AT, 4) == ZIP64;
    while (left >= 4) {
        size_t id = (size_t)number(extra, 2), len = (size_t)number(extra + 2, 2);
        if (len > left - 4)
            return false;
        if (id == ZIP64_EXTRA && len >= (has_size ? 16U : 8U)) {
            *ret_packed = number(extra + 4 + (has_size ? 8 : 0), 8);
            return true;
        }
        extra += 4 + len;
        left -= 4 + len;
    }
    return false;
}

static int begin_entry(struct sc_zip *zip, struct sc_error *err)
{
    size_t name_len = (size_t)number(zip->head + NAME_AT, 2);
    int rc = sc_buf_status(&zip->text, err);
    if (rc == 0 && zip->text.len > 0)
        rc = zip->ops->meta("name", sc_buf_view(&zip->text), zip->ctx, err);
    if (rc < 0)
        return rc;
    sc_buf_clear(&zip->path);
    if (name_len > 0)
        sc_buf_append(&zip->path, zip->text.data, strnlen(zip->text.data, name_len));
    zip->left = number(zip->head + PACKED_AT, 4);
    zip->open_end = (number(zip->head + FLAGS_AT, 2) & FLAG_DESCRIPTOR) != 0 && zip->left == 0;
    if (zip->left == ZIP64 && !read_zip64(zip, name_len, &zip->left))
        return sc_fail(err, SC_E_FORMAT, "a zip entry has no length");
    zip->entries++;
    zip->state = AT_CONTENT;
    rc = sc_buf_status(&zip->path, err);
    if (rc < 0)
        return rc;
    const struct sc_tar_entry entry = {
        .path = sc_buf_text(&zip->path), .type = '0', .size = zip->left};
    rc = zip->ops->entry(&entry, zip->ctx, err);
    return rc < 0 ? rc : choose_method(zip, err);
}

static int end_entry(struct sc_zip *zip, struct sc_error *err)
{
    zip->state = AT_GAP;
    zip->head_len = 0;
    return zip->ops->entry_end(zip->ctx, err);
}

/* Where the size is known, damage is the entry's own: what follows can be found. */
static int unpack_known(struct sc_zip *zip, struct sc_bytes run, struct sc_error *err)
{
    struct sc_error why = {0};
    bool ended = false;
    int rc = sc_unpack_member(zip->unpack, &run, &ended, &why);
    if ((rc == SC_E_SYNTAX || rc == SC_E_TOOBIG) && !zip->guessed)
        return hide(zip, sc_error_message(&why), err);
    if (rc < 0)
        return sc_fail(err, rc, "%s", sc_error_message(&why));
    /* Behind its end, and still in the entry: bytes as they stand. */
    return ended && run.len > 0 ? zip->ops->content(run, zip->ctx, err) : 0;
}

static int take_content(struct sc_zip *zip, struct sc_bytes *data, struct sc_error *err)
{
    int rc = 0;
    bool ended = false;
    if (zip->open_end && zip->unpacking) {
        rc = sc_unpack_member(zip->unpack, data, &ended, err);
    } else if (zip->open_end) {
        /* Neither length nor end: the next entry is looked for by its signature. */
        ended = true;
    } else {
        struct sc_bytes run = {data->ptr, data->len};
        if (run.len > zip->left)
            run.len = (size_t)zip->left;
        *data = (struct sc_bytes){data->ptr + run.len, data->len - run.len};
        zip->left -= run.len;
        ended = zip->left == 0;
        if (run.len > 0 && !zip->hidden)
            rc = zip->unpacking ? unpack_known(zip, run, err)
                                : zip->ops->content(run, zip->ctx, err);
        /* Short of its own end: the rest of the entry is not there. */
        if (rc == 0 && ended && zip->unpacking && sc_unpack_end(zip->unpack, NULL) < 0)
            rc = hide(zip, "its packed data ends early", err);
    }
    return rc < 0 || !ended ? rc : end_entry(zip, err);
}

/* ---- headers ---- */

/* Between entries: sizes that come behind the content, then a signature. Four bytes are kept back
 * to be compared. */
static int take_gap(struct sc_zip *zip, struct sc_bytes *data, struct sc_error *err)
{
    if (zip->head_len == SIGNATURE_SIZE) {
        const struct sc_bytes first = {zip->head, 1};
        bool lost = zip->entries == 0 || (zip->guessed && zip->gap++ == DESCRIPTOR_MAX);
        int rc = lost ? sc_fail(err, SC_E_FORMAT, "no zip header")
                      : zip->ops->meta("gap", first, zip->ctx, err);
        if (rc < 0)
            return rc;
        memmove(zip->head, zip->head + 1, SIGNATURE_SIZE - 1);
        zip->head_len--;
    }
    zip->head[zip->head_len++] = data->ptr[0];
    *data = (struct sc_bytes){data->ptr + 1, data->len - 1};
    if (zip->head_len < SIGNATURE_SIZE)
        return 0;
    if (memcmp(zip->head, "PK\3\4", SIGNATURE_SIZE) == 0)
        zip->state = AT_HEADER;
    else if (memcmp(zip->head, "PK\1\2", SIGNATURE_SIZE) == 0 ||
             memcmp(zip->head, "PK\5\6", SIGNATURE_SIZE) == 0)
        zip->state = AT_DIRECTORY;
    return zip->state == AT_GAP || zip->entries == 0 ? 0 : prove(zip, err);
}

static int take_header(struct sc_zip *zip, struct sc_bytes *data, struct sc_error *err)
{
    size_t n = SC_MIN(HEADER_SIZE - zip->head_len, data->len);
    memcpy(zip->head + zip->head_len, data->ptr, n);
    zip->head_len += n;
    *data = (struct sc_bytes){data->ptr + n, data->len - n};
    if (zip->head_len < HEADER_SIZE)
        return 0;
    zip->text_len = (size_t)(number(zip->head + NAME_AT, 2) + number(zip->head + EXTRA_AT, 2));
    sc_buf_clear(&zip->text);
    zip->state = AT_TEXT;
    return zip->text_len == 0 ? begin_entry(zip, err) : 0;
}

static int take_text(struct sc_zip *zip, struct sc_bytes *data, struct sc_error *err)
{
    size_t n = SC_MIN(zip->text_len - zip->text.len, data->len);
    sc_buf_append(&zip->text, data->ptr, n);
    *data = (struct sc_bytes){data->ptr + n, data->len - n};
    int rc = sc_buf_status(&zip->text, err);
    return rc < 0 || zip->text.len < zip->text_len ? rc : begin_entry(zip, err);
}

int sc_zip_write(struct sc_zip *zip, struct sc_bytes *data, struct sc_error *err)
{
    int rc = 0;
    while (rc == 0 && data->len > 0) {
        switch (zip->state) {
        case AT_GAP:
            rc = take_gap(zip, data, err);
            break;
        case AT_HEADER:
            rc = take_header(zip, data, err);
            break;
        case AT_TEXT:
            rc = take_text(zip, data, err);
            break;
        case AT_CONTENT:
            break;
        case AT_DIRECTORY:
        default:
            return 0;
        }
        /* An empty entry ends without a byte. */
        if (rc == 0 && zip->state == AT_CONTENT)
            rc = take_content(zip, data, err);
    }
    return rc;
}

int sc_zip_end(struct sc_zip *zip, struct sc_error *err)
{
    bool whole = zip->state == AT_DIRECTORY;
    /* A file that is cut off has been searched as far as it goes. */
    int rc = zip->state == AT_CONTENT ? zip->ops->entry_end(zip->ctx, err) : 0;
    zip->state = AT_GAP;
    zip->head_len = 0;
    zip->entries = zip->gap = 0;
    zip->guessed = false;
    zip->held.code = 0;
    if (rc < 0 || whole)
        return rc;
    return sc_fail(err, SC_E_IO, "the zip archive ends early");
}

void sc_zip_guess(struct sc_zip *zip)
{
    zip->guessed = true;
}

enum sc_zip_standing sc_zip_standing(const struct sc_zip *zip)
{
    if (zip->guessed)
        return SC_ZIP_GUESSED;
    return zip->state == AT_DIRECTORY ? SC_ZIP_WHOLE : SC_ZIP_PROVED;
}

uint64_t sc_zip_entries(const struct sc_zip *zip)
{
    return zip->entries;
}
