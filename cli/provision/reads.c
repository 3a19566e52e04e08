/* SPDX-License-Identifier: Apache-2.0
 *
 * Read logs and their anchors; see cli/provision/reads.h.
 */
#include "cli/provision/reads.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/provision/mount.h"
#include "core/buf.h"
#include "core/fsutil.h"
#include "core/parse.h"
#include "fuse/agent/accesslog.h"

#include "core/banned.h"

/* The operation in the vault's log, and how its text reads: "lines NUMBER HASH". */
#define ANCHOR_OP   "reads"
#define ANCHOR_WORD "lines "
#define ANCHORS_MAX 100000

int sc_reads_each(const struct sc_cli *cli, sc_reads_fn fn, void *ctx, struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *folder = sc_cli_access_folder(cli, err);
    if (folder == NULL)
        return err->code;
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return errno == ENOENT ? sc_fail(err, SC_E_NOTFOUND, "no read log yet: nothing was mounted")
                               : sc_fail_errno(err, "cannot open '%s'", folder);
    int rc = 0;
    for (struct dirent *file = readdir(dir); file != NULL && rc == 0; file = readdir(dir)) {
        if (!sc_str_has_suffix(file->d_name, ".log"))
            continue;
        SC_CLEANUP(sc_str_freep) char *path = sc_path_join(folder, file->d_name, err);
        rc = path == NULL ? SC_E_NOMEM : fn(path, ctx, err);
    }
    closedir(dir);
    return rc;
}

static const char *leaf_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* ---- writing anchors ---- */

struct anchoring {
    struct sc_vault *vault;
    unsigned count;
};

static int anchor_one(const char *path, void *ctx, struct sc_error *err)
{
    struct anchoring *anchoring = ctx;
    char hash[SC_ACCESS_HASH_TEXT];
    uint64_t sequence = 0;
    int rc = sc_access_log_head(path, &sequence, hash, err);
    if (rc == SC_E_NOTFOUND) {
        sc_error_clear(err);
        return 0;
    }
    SC_CLEANUP(sc_str_freep)
    char *text =
        rc < 0 ? NULL
               : sc_str_printf(err, ANCHOR_WORD "%llu %s", (unsigned long long)sequence, hash);
    if (text == NULL)
        return err->code;
    anchoring->count++;
    return sc_vault_note(anchoring->vault, ANCHOR_OP, leaf_of(path), text, err);
}

int sc_reads_anchor(const struct sc_cli *cli, struct sc_vault *vault, unsigned *ret_count,
                    struct sc_error *err)
{
    struct anchoring anchoring = {.vault = vault};
    int rc = sc_reads_each(cli, anchor_one, &anchoring, err);
    *ret_count = anchoring.count;
    if (rc != SC_E_NOTFOUND)
        return rc;
    sc_error_clear(err);
    return 0;
}

/* ---- checking them ---- */

struct anchor {
    char *log;
    uint64_t sequence;
    char hash[SC_ACCESS_HASH_TEXT];
    bool found;
};

struct checking {
    struct anchor *anchors;
    size_t count, cap;
    const char *log; /* the one being read */
};

static void checking_done(struct checking *checking)
{
    for (size_t i = 0; i < checking->count; i++)
        free(checking->anchors[i].log);
    free(checking->anchors);
}

static int parse_anchor(const char *text, struct anchor *ret)
{
    if (!sc_str_has_prefix(text, ANCHOR_WORD))
        return -1;
    text += strlen(ANCHOR_WORD);
    char number[24] = "";
    size_t len = strcspn(text, " ");
    if (len >= sizeof(number) || strlen(text + len) != SC_ACCESS_HASH_TEXT)
        return -1;
    memcpy(number, text, len);
    memcpy(ret->hash, text + len + 1, SC_ACCESS_HASH_TEXT);
    return sc_parse_u64(number, UINT64_MAX, "lines", &ret->sequence, NULL);
}

static int take_anchor(const struct sc_log_entry *entry, void *ctx, struct sc_error *err)
{
    struct checking *checking = ctx;
    struct anchor anchor = {0};
    if (!sc_str_equal(entry->op, ANCHOR_OP) || parse_anchor(entry->reason, &anchor) < 0)
        return 0;
    if (checking->count == ANCHORS_MAX)
        return 0; /* the newest come first; older ones are covered by their chain */
    struct anchor *grown = sc_items_reserve(checking->anchors, &checking->cap, checking->count, 1,
                                            sizeof(*grown), err);
    if (grown == NULL)
        return SC_E_NOMEM;
    checking->anchors = grown;
    anchor.log = sc_str_dup(entry->name, err);
    if (anchor.log == NULL)
        return SC_E_NOMEM;
    checking->anchors[checking->count++] = anchor;
    return 0;
}

static int compare_line(const struct sc_access_entry *entry, void *ctx, struct sc_error *err)
{
    struct checking *checking = ctx;
    for (size_t i = 0; i < checking->count; i++) {
        struct anchor *anchor = &checking->anchors[i];
        if (anchor->sequence != entry->sequence || !sc_str_equal(anchor->log, checking->log))
            continue;
        if (!sc_str_equal(anchor->hash, entry->hash))
            return sc_fail(err, SC_E_TAMPERED,
                           "read log '%s' line %llu is not the one that the vault has noted",
                           checking->log, (unsigned long long)entry->sequence);
        anchor->found = true;
    }
    return 0;
}

static int check_one(const char *path, void *ctx, struct sc_error *err)
{
    struct checking *checking = ctx;
    checking->log = leaf_of(path);
    return sc_access_log_read(path, compare_line, checking, err);
}

int sc_reads_check(const struct sc_cli *cli, struct sc_vault *vault, unsigned *ret_count,
                   struct sc_error *err)
{
    SC_CLEANUP(checking_done) struct checking checking = {0};
    int rc = sc_vault_log(vault, take_anchor, &checking, err);
    if (rc == 0)
        rc = sc_reads_each(cli, check_one, &checking, err);
    if (rc == SC_E_NOTFOUND && checking.count == 0)
        return rc;
    if (rc < 0 && rc != SC_E_NOTFOUND)
        return rc;
    for (size_t i = 0; i < checking.count; i++) {
        if (!checking.anchors[i].found)
            return sc_fail(
                err, SC_E_TAMPERED, "read log '%s' has lost line %llu, which the vault has noted",
                checking.anchors[i].log, (unsigned long long)checking.anchors[i].sequence);
    }
    *ret_count = (unsigned)checking.count;
    return 0;
}
