/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of git's objects; see audit/image/git/git.h.
 */
#include "audit/image/git/git.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/image/git/store.h"
#include "audit/image/git/zlib.h"
#include "core/str.h"

#include "core/banned.h"

/* "PACK", the version, and how many objects there are. */
#define PACK_HEAD_SIZE ((size_t)12)
/* Of a loose object: its type, a blank, its length, NUL. */
#define LOOSE_HEAD_MAX ((size_t)32)
#define HEAD_MAX       SC_MAX(LOOSE_HEAD_MAX, SC_GIT_HEADER_MAX)
/* Bytes of an entry's name. */
#define NAME_MAX_SIZE 48

enum state {
    AT_BUNDLE, /* lines of text in front of a pack, up to an empty one */
    AT_PACK,
    AT_OBJECT, /* its header */
    AT_CONTENT,
    AT_END
};

struct sc_git {
    const struct sc_tar_ops *ops;
    void *ctx;
    enum state state;
    bool loose;
    unsigned char head[HEAD_MAX]; /* of the pack or the object, as far as it is there */
    size_t head_len;
    uint64_t seen;  /* bytes of the file, those at hand included */
    uint64_t start; /* of the pack in it */
    uint64_t left;  /* objects to come */
    uint64_t at;    /* in the pack, of the object at hand */
    struct sc_git_header header;
    struct sc_git_object *object; /* at hand; NULL while it is handed on as it comes */
    uint64_t streamed;
    bool open; /* an entry has begun */
    struct sc_git_zlib zlib;
    struct sc_git_limits *limits;
    struct sc_git_store *store;
    bool packed;           /* a pack is open */
    bool late;             /* some of its objects are told at the end */
    uint64_t lost;         /* objects that could not be put together */
    struct sc_error cause; /* of the first of them */
};

struct sc_git *sc_git_new(const struct sc_tar_ops *ops, void *ctx, struct sc_git_limits *limits,
                          struct sc_error *err)
{
    struct sc_git *git = calloc(1, sizeof(*git));
    if (git == NULL) {
        SC_IGNORE(sc_fail_nomem(err)); /* the code is in err */
        return NULL;
    }
    git->ops = ops;
    git->ctx = ctx;
    git->limits = limits;
    return git;
}

static void drop_object(struct sc_git *git)
{
    if (git->object != NULL && git->zlib.object == git->object)
        sc_git_zlib_cut(&git->zlib); /* not filled to its end */
    sc_git_object_unref(git->object);
    git->object = NULL;
}

static void close_pack(struct sc_git *git)
{
    drop_object(git);
    sc_git_store_clear(git->store);
    git->limits->open -= git->packed ? 1 : 0;
    git->packed = git->late = false;
}

void sc_git_free(struct sc_git *git)
{
    if (git == NULL)
        return;
    close_pack(git);
    sc_git_zlib_done(&git->zlib);
    sc_git_store_free(git->store);
    sc_wipe(git->head, sizeof(git->head));
    free(git);
}

/* ---- entries ---- */

static int begin_entry(struct sc_git *git, const char *type, uint64_t size, struct sc_error *err)
{
    char name[NAME_MAX_SIZE];
    const struct sc_tar_entry entry = {.path = name, .type = '0', .size = size};
    if (git->loose)
        snprintf(name, sizeof(name), "%s", type);
    else
        snprintf(name, sizeof(name), "%s at %llu", type, (unsigned long long)git->at);
    git->open = true;
    return git->ops->entry(&entry, git->ctx, err);
}

static int end_entry(struct sc_git *git, struct sc_error *err)
{
    git->open = false;
    return git->ops->entry_end(git->ctx, err);
}

static int tell(struct sc_git *git, const char *type, const struct sc_git_object *object,
                struct sc_error *err)
{
    int rc = begin_entry(git, type, object->len, err);
    if (rc == 0 && object->len > 0)
        rc = git->ops->content((struct sc_bytes){object->bytes, object->len}, git->ctx, err);
    return rc < 0 ? rc : end_entry(git, err);
}

/* What a delta makes of the other object; without that, the delta itself. */
static int tell_made(struct sc_git *git, const struct sc_git_object *made,
                     const struct sc_git_object *delta, const struct sc_error *why,
                     struct sc_error *err)
{
    if (made != NULL)
        return tell(git, sc_git_type_name(made->type), made, err);
    if (why->code == SC_E_NOMEM)
        return sc_fail_nomem(err);
    if (git->lost++ == 0 && git->cause.code == 0)
        git->cause = *why;
    return delta == NULL ? 0 : tell(git, "delta", delta, err);
}

/* What the delta at hand makes of the other object; NULL if that cannot be had. */
static struct sc_git_object *put_together(struct sc_git *git, struct sc_error *err)
{
    SC_CLEANUP(sc_git_object_unrefp)
    struct sc_git_object *base = sc_git_store_base(git->store, git->at, &git->header, err);
    return base == NULL ? NULL : sc_git_store_apply(git->store, git->at, base, git->object, err);
}

/* The object at hand is whole; where it stands is remembered in case it is looked for. */
static int tell_object(struct sc_git *git, struct sc_error *err)
{
    struct sc_git_names *names = sc_git_store_names(git->store);
    struct sc_git_place *place = NULL;
    struct sc_error why = {0};
    const char *type = sc_git_type_name(git->header.type);
    int rc = sc_git_store_whole(git->store) ? sc_git_names_add(names, git->at, &place, err) : 0;
    if (rc == 0 && type != NULL) {
        sc_git_store_put(git->store, git->at, git->object);
        return tell(git, type, git->object, err);
    }
    if (rc < 0)
        return rc;
    SC_CLEANUP(sc_git_object_unrefp) struct sc_git_object *made = put_together(git, &why);
    if (made != NULL)
        drop_object(git); /* a file inside may take as much again */
    if (made != NULL || why.code != SC_E_NOTFOUND || place == NULL)
        return tell_made(git, made, git->object, &why, err);
    place->late = git->late = true;
    return git->header.type == SC_GIT_REF_DELTA ? sc_git_names_want(names, git->header.name, err)
                                                : 0;
}

/* At the end of the pack: deltas to objects behind them. */
static int tell_late(struct sc_git *git, struct sc_error *err)
{
    if (!git->late)
        return 0;
    const struct sc_git_names *names = sc_git_store_names(git->store);
    struct sc_error unnamed = {0};
    int rc = sc_git_store_find_names(git->store, &unnamed);
    if (rc == SC_E_NOMEM)
        return sc_fail_nomem(err);
    if (rc < 0 && git->lost == 0)
        git->cause = unnamed; /* which is then why the others cannot be put together */
    rc = 0;
    for (size_t i = 0; rc == 0 && i < names->count; i++) {
        if (!names->places[i].late)
            continue;
        struct sc_error why = {0};
        git->at = names->places[i].at;
        SC_CLEANUP(sc_git_object_unrefp)
        struct sc_git_object *made = sc_git_store_get(git->store, git->at, &why);
        SC_CLEANUP(sc_git_object_unrefp) struct sc_git_object *delta = NULL;
        if (made == NULL && why.code != SC_E_NOMEM)
            delta = sc_git_store_packed(git->store, git->at, &why);
        rc = tell_made(git, made, delta, &why, err);
    }
    return rc;
}

/* ---- content ---- */

static int hand_on(struct sc_bytes piece, void *ctx, struct sc_error *err)
{
    struct sc_git *git = ctx;
    git->streamed += piece.len;
    if (git->streamed > git->header.size)
        return sc_fail(err, SC_E_SYNTAX, "the object is longer than it says");
    return git->ops->content(piece, git->ctx, err);
}

/* "blob 12" and NUL. */
static bool read_loose_head(const struct sc_git *git, struct sc_git_header *ret)
{
    static const enum sc_git_type types[] = {SC_GIT_BLOB, SC_GIT_TREE, SC_GIT_COMMIT, SC_GIT_TAG};
    const char *text = (const char *)git->head;
    for (size_t i = 0; i < SC_ARRAY_SIZE(types); i++) {
        const char *name = sc_git_type_name(types[i]);
        size_t len = strlen(name);
        char *end = NULL;
        if (strncmp(text, name, len) != 0 || text[len] != ' ' || text[len + 1] < '0' ||
            text[len + 1] > '9')
            continue;
        *ret = (struct sc_git_header){.type = types[i], .size = strtoull(text + len + 1, &end, 10)};
        return *end == '\0';
    }
    return false;
}

/* What comes out of a loose object: its header, then its content. */
static int loose_bytes(struct sc_bytes piece, void *ctx, struct sc_error *err)
{
    struct sc_git *git = ctx;
    while (!git->open && piece.len > 0) {
        unsigned char c = piece.ptr[0];
        piece = (struct sc_bytes){piece.ptr + 1, piece.len - 1};
        if (git->head_len == LOOSE_HEAD_MAX)
            return sc_fail(err, SC_E_SYNTAX, "a git object has no header");
        git->head[git->head_len++] = c;
        if (c != '\0')
            continue;
        if (!read_loose_head(git, &git->header))
            return sc_fail(err, SC_E_SYNTAX, "a git object has no header");
        int rc = begin_entry(git, sc_git_type_name(git->header.type), git->header.size, err);
        if (rc < 0)
            return rc;
    }
    return piece.len == 0 ? 0 : hand_on(piece, git, err);
}

/* The header of an object of a pack is there. Whatever is no delta is handed on as it comes,
 * if it is too large to be one's base. */
static int begin_object(struct sc_git *git, struct sc_error *err)
{
    const char *type = sc_git_type_name(git->header.type);
    bool large = git->header.size > SC_GIT_OBJECT_MAX;
    git->state = AT_CONTENT;
    git->streamed = 0;
    if (large) {
        int rc = sc_git_zlib_stream(&git->zlib, hand_on, git, err);
        if (rc == 0 && type == NULL && git->lost++ == 0)
            SC_IGNORE(sc_fail(&git->cause, SC_E_TOOBIG, "it is a delta of more than %zu MiB",
                              SC_GIT_OBJECT_MAX / 1024 / 1024));
        return rc < 0 ? rc : begin_entry(git, type == NULL ? "delta" : type, git->header.size, err);
    }
    git->object = sc_git_object_new(git->header.type, git->header.size, err);
    return git->object == NULL ? SC_E_NOMEM : sc_git_zlib_begin(&git->zlib, git->object, err);
}

static int end_object(struct sc_git *git, struct sc_error *err)
{
    int rc = 0;
    git->head_len = 0;
    if (git->loose || --git->left == 0)
        git->state = AT_END;
    else
        git->state = AT_OBJECT;
    if (git->object == NULL && git->streamed < git->header.size)
        return sc_fail(err, SC_E_SYNTAX, "the object is shorter than it says");
    if (git->object == NULL) {
        if (git->loose && !git->open)
            return sc_fail(err, SC_E_SYNTAX, "a git object has no header");
        return end_entry(git, err);
    }
    git->zlib.object = NULL; /* it is whole */
    rc = tell_object(git, err);
    drop_object(git);
    return rc;
}

/* ---- the file ---- */

static int take_bundle(struct sc_git *git, struct sc_bytes *data, struct sc_error *err)
{
    struct sc_bytes lines = *data;
    while (data->len > 0 && git->state == AT_BUNDLE) {
        bool empty = git->head[0] == '\n' && data->ptr[0] == '\n';
        git->head[0] = data->ptr[0];
        *data = (struct sc_bytes){data->ptr + 1, data->len - 1};
        if (empty) {
            git->state = AT_PACK;
            git->start = git->seen - data->len;
        }
    }
    lines.len -= data->len;
    int rc = git->ops->meta("header", lines, git->ctx, err);
    return rc < 0 || git->state == AT_BUNDLE ? rc : sc_git_store_append(git->store, *data, err);
}

static uint64_t number(const unsigned char *at)
{
    return (uint64_t)at[0] << 24 | (uint64_t)at[1] << 16 | (uint64_t)at[2] << 8 | at[3];
}

static bool is_pack(const unsigned char *head)
{
    return memcmp(head, "PACK", 4) == 0 && (number(head + 4) == 2 || number(head + 4) == 3);
}

static int take_pack(struct sc_git *git, struct sc_bytes *data, struct sc_error *err)
{
    size_t n = SC_MIN(PACK_HEAD_SIZE - git->head_len, data->len);
    memcpy(git->head + git->head_len, data->ptr, n);
    git->head_len += n;
    *data = (struct sc_bytes){data->ptr + n, data->len - n};
    if (git->head_len < PACK_HEAD_SIZE)
        return 0;
    if (!is_pack(git->head))
        return sc_fail(err, SC_E_SYNTAX, "there is no git pack where it should begin");
    git->left = number(git->head + 8);
    git->head_len = 0;
    git->state = git->left == 0 ? AT_END : AT_OBJECT;
    return 0;
}

static int take_content(struct sc_git *git, struct sc_bytes *data, struct sc_error *err)
{
    bool ended = false;
    int rc = sc_git_zlib_write(&git->zlib, data, &ended, err);
    return rc < 0 || !ended ? rc : end_object(git, err);
}

static int take_header(struct sc_git *git, struct sc_bytes *data, struct sc_error *err)
{
    int found = 0;
    if (git->head_len == 0)
        git->at = git->seen - data->len - git->start;
    while (found == 0 && data->len > 0 && git->head_len < SC_GIT_HEADER_MAX) {
        git->head[git->head_len++] = data->ptr[0];
        *data = (struct sc_bytes){data->ptr + 1, data->len - 1};
        found = sc_git_header_read((struct sc_bytes){git->head, git->head_len},
                                   &sc_git_store_names(git->store)->size, &git->header);
    }
    if (found == 0 && git->head_len < SC_GIT_HEADER_MAX)
        return 0;
    int rc =
        found > 0 ? begin_object(git, err) : sc_fail(err, SC_E_SYNTAX, "a git pack is damaged");
    /* To see how long names are it took the first bytes behind one. */
    struct sc_bytes behind = {git->head + git->header.len, git->head_len - git->header.len};
    return rc < 0 || behind.len == 0 ? rc : take_content(git, &behind, err);
}

int sc_git_write(struct sc_git *git, struct sc_bytes data, struct sc_error *err)
{
    int rc = 0;
    git->seen += data.len;
    if (!git->loose && git->state != AT_BUNDLE)
        rc = sc_git_store_append(git->store, data, err);
    while (rc == 0 && data.len > 0) {
        switch (git->state) {
        case AT_BUNDLE:
            rc = take_bundle(git, &data, err);
            break;
        case AT_PACK:
            rc = take_pack(git, &data, err);
            break;
        case AT_OBJECT:
            rc = take_header(git, &data, err);
            break;
        case AT_CONTENT:
            rc = take_content(git, &data, err);
            break;
        case AT_END:
        default:
            /* The checksum, and whatever else there is. */
            return git->ops->meta("slack", data, git->ctx, err);
        }
    }
    return rc;
}

int sc_git_end(struct sc_git *git, struct sc_error *err)
{
    drop_object(git);
    int rc = git->open ? end_entry(git, err) : 0;
    if (rc == 0)
        rc = tell_late(git, err);
    close_pack(git);
    if (rc < 0)
        return rc;
    if (git->state != AT_END)
        return sc_fail(err, SC_E_IO, "the git objects end early");
    if (git->lost == 0)
        return 0;
    return sc_fail(err, SC_E_UNSUPPORTED,
                   "%llu of its objects could not be put together; the first: %s",
                   (unsigned long long)git->lost, sc_error_message(&git->cause));
}

/* ---- what begins so ---- */

static bool is_bundle(struct sc_bytes start)
{
    static const char *const lines[] = {"# v2 git bundle\n", "# v3 git bundle\n"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(lines); i++) {
        size_t len = strlen(lines[i]);
        if (start.len >= len && memcmp(start.ptr, lines[i], len) == 0)
            return true;
    }
    return false;
}

bool sc_git_sniff(struct sc_bytes start)
{
    return (start.len >= PACK_HEAD_SIZE && is_pack(start.ptr)) || is_bundle(start) ||
           (start.len >= 2 && sc_git_zlib_sniff(start.ptr));
}

/* Keeps what comes out first. */
static int peek(struct sc_bytes piece, void *ctx, struct sc_error *err)
{
    struct sc_git *git = ctx;
    (void)err;
    size_t n = SC_MIN(LOOSE_HEAD_MAX - git->head_len, piece.len);
    memcpy(git->head + git->head_len, piece.ptr, n);
    git->head_len += n;
    return 0;
}

/* Any file may begin as a zlib stream does: what comes out tells. */
static int try_loose(struct sc_git *git, struct sc_bytes start, bool *ret_is, struct sc_error *err)
{
    struct sc_error why = {0};
    bool ended = false;
    int rc = sc_git_zlib_stream(&git->zlib, peek, git, &why);
    if (rc < 0)
        return sc_fail(err, rc, "%s", sc_error_message(&why));
    SC_IGNORE(sc_git_zlib_write(&git->zlib, &start, &ended, &why)); /* damage may come later */
    *ret_is = memchr(git->head, '\0', git->head_len) != NULL && read_loose_head(git, &git->header);
    git->head_len = 0;
    return *ret_is ? sc_git_zlib_stream(&git->zlib, loose_bytes, git, err) : 0;
}

int sc_git_begin(struct sc_git *git, struct sc_bytes start, bool *ret_is, struct sc_error *err)
{
    close_pack(git);
    git->head_len = 0;
    git->head[0] = '\0';
    git->seen = git->start = git->left = git->at = git->streamed = git->lost = 0;
    git->open = false;
    git->cause.code = 0;
    git->loose = start.len >= 2 && sc_git_zlib_sniff(start.ptr);
    if (git->loose) {
        git->state = AT_CONTENT;
        return try_loose(git, start, ret_is, err);
    }
    *ret_is = true;
    git->state = is_bundle(start) ? AT_BUNDLE : AT_PACK;
    if (git->store == NULL)
        git->store = sc_git_store_new(git->limits, err);
    if (git->store == NULL)
        return SC_E_NOMEM;
    if (git->limits->open == SC_GIT_OPEN_MAX)
        return sc_fail(err, SC_E_TOOBIG, "it is a git pack inside of %d others", SC_GIT_OPEN_MAX);
    git->limits->open++;
    git->packed = true;
    return 0;
}
