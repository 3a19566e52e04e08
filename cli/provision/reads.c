/* SPDX-License-Identifier: Apache-2.0
 *
 * Read logs and their anchors; see cli/provision/reads.h.
 */
#include "cli/provision/reads.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/provision/mount.h"
#include "core/buf.h"
#include "core/fd.h"
#include "core/fsutil.h"
#include "core/parse.h"
#include "fuse/agent/accesslog.h"

#include "core/banned.h"

/* The operation in the vault's log, and how its text reads: "lines NUMBER HASH". */
#define ANCHOR_OP   "reads"
#define ANCHOR_WORD "lines "
#define ANCHORS_MAX 100000
/* The log was ended by sc_reads_trim: "ended NUMBER HASH". */
#define ENDED_WORD "ended "
#define LOG_SUFFIX ".log"
/* Of a log that is being ended; one that is left of a crash is gone on with. */
#define ENDING_SUFFIX ".ending"
#define OLD_HASH      16 /* characters of the hash in the name of one that has ended */

static int each(const struct sc_cli *cli, const char *suffix, sc_reads_fn fn, void *ctx,
                struct sc_error *err)
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
        if (!sc_str_has_suffix(file->d_name, suffix))
            continue;
        SC_CLEANUP(sc_str_freep) char *path = sc_path_join(folder, file->d_name, err);
        rc = path == NULL ? SC_E_NOMEM : fn(path, ctx, err);
    }
    closedir(dir);
    return rc;
}

int sc_reads_each(const struct sc_cli *cli, sc_reads_fn fn, void *ctx, struct sc_error *err)
{
    return each(cli, LOG_SUFFIX, fn, ctx, err);
}

static const char *leaf_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* ---- writing anchors ---- */

/* Of a log: its last line. */
struct head {
    uint64_t sequence;
    char hash[SC_ACCESS_HASH_TEXT];
};

struct anchoring {
    struct sc_vault *vault;
    unsigned count;
};

static int note(struct sc_vault *vault, const char *word, const char *log, const struct head *head,
                struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep)
    char *text =
        sc_str_printf(err, "%s%llu %s", word, (unsigned long long)head->sequence, head->hash);
    return text == NULL ? SC_E_NOMEM : sc_vault_note(vault, ANCHOR_OP, log, text, err);
}

static int anchor_one(const char *path, void *ctx, struct sc_error *err)
{
    struct anchoring *anchoring = ctx;
    struct head head;
    int rc = sc_access_log_head(path, &head.sequence, head.hash, err);
    if (rc == SC_E_NOTFOUND) {
        sc_error_clear(err);
        return 0;
    }
    if (rc == 0)
        rc = note(anchoring->vault, ANCHOR_WORD, leaf_of(path), &head, err);
    anchoring->count += rc == 0;
    return rc;
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
    bool ended; /* nothing older is asked for, nor is this line there */
    bool found, differs;
};

struct checking {
    struct anchor *anchors;
    size_t count, cap;
    const char *log; /* whose lines are being read */
};

static void checking_done(struct checking *checking)
{
    for (size_t i = 0; i < checking->count; i++)
        free(checking->anchors[i].log);
    free(checking->anchors);
}

static int parse_anchor(const char *text, struct anchor *ret)
{
    ret->ended = sc_str_has_prefix(text, ENDED_WORD);
    if (!ret->ended && !sc_str_has_prefix(text, ANCHOR_WORD))
        return -1;
    text += ret->ended ? strlen(ENDED_WORD) : strlen(ANCHOR_WORD);
    char number[24] = "";
    size_t len = strcspn(text, " ");
    if (len >= sizeof(number) || strlen(text + len) != SC_ACCESS_HASH_TEXT)
        return -1;
    memcpy(number, text, len);
    memcpy(ret->hash, text + len + 1, SC_ACCESS_HASH_TEXT);
    return sc_parse_u64(number, UINT64_MAX, "lines", &ret->sequence, NULL);
}

static bool has_ended(const struct checking *checking, const char *log)
{
    for (size_t i = 0; i < checking->count; i++) {
        if (checking->anchors[i].ended && sc_str_equal(checking->anchors[i].log, log))
            return true;
    }
    return false;
}

static int take_anchor(const struct sc_log_entry *entry, void *ctx, struct sc_error *err)
{
    struct checking *checking = ctx;
    struct anchor anchor = {0};
    if (!sc_str_equal(entry->op, ANCHOR_OP) || parse_anchor(entry->reason, &anchor) < 0 ||
        has_ended(checking, entry->name))
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

static char *with_suffix(const char *path, const char *suffix, const char *next,
                         struct sc_error *err)
{
    return sc_str_printf(err, "%.*s%s", (int)(strlen(path) - strlen(suffix)), path, next);
}

static int compare_line(const struct sc_access_entry *entry, void *ctx, struct sc_error *err)
{
    (void)err;
    struct checking *checking = ctx;
    for (size_t i = 0; i < checking->count; i++) {
        struct anchor *anchor = &checking->anchors[i];
        if (anchor->ended || anchor->sequence != entry->sequence ||
            !sc_str_equal(anchor->log, checking->log))
            continue;
        bool same = sc_str_equal(anchor->hash, entry->hash);
        anchor->found = anchor->found || same;
        anchor->differs = anchor->differs || !same;
    }
    return 0;
}

/* Checks the chain of a log and looks for what was noted of it. While it is being ended, or when
 * that was interrupted, a line may stand here or in what was begun after it. */
static int check_one(const char *path, void *ctx, struct sc_error *err)
{
    struct checking *checking = ctx;
    const char *suffix = sc_str_has_suffix(path, LOG_SUFFIX) ? LOG_SUFFIX : ENDING_SUFFIX;
    SC_CLEANUP(sc_str_freep) char *log = with_suffix(leaf_of(path), suffix, LOG_SUFFIX, err);
    if (log == NULL)
        return SC_E_NOMEM;
    checking->log = log;
    int rc = sc_access_log_read(path, compare_line, checking, err);
    checking->log = NULL;
    return rc;
}

/* Whether all that was noted of a log (NULL: of each) was found. */
static int check_found(const struct checking *checking, const char *log, unsigned *ret_count,
                       struct sc_error *err)
{
    const struct anchor *worst = NULL; /* a line that was changed says more than one that is gone */
    *ret_count = 0;
    for (size_t i = 0; i < checking->count; i++) {
        const struct anchor *anchor = &checking->anchors[i];
        if (anchor->ended || (log != NULL && !sc_str_equal(anchor->log, log)))
            continue;
        ++*ret_count;
        if (!anchor->found && (worst == NULL || (anchor->differs && !worst->differs)))
            worst = anchor;
    }
    if (worst == NULL)
        return 0;
    return sc_fail(err, SC_E_TAMPERED,
                   worst->differs
                       ? "read log '%s' line %llu is not the one that the vault has noted"
                       : "read log '%s' has lost line %llu, which the vault has noted",
                   worst->log, (unsigned long long)worst->sequence);
}

int sc_reads_check(const struct sc_cli *cli, struct sc_vault *vault, unsigned *ret_count,
                   struct sc_error *err)
{
    SC_CLEANUP(checking_done) struct checking checking = {0};
    int rc = sc_vault_log(vault, take_anchor, &checking, err);
    if (rc == 0)
        rc = each(cli, ENDING_SUFFIX, check_one, &checking, err);
    if (rc == 0)
        rc = sc_reads_each(cli, check_one, &checking, err);
    if (rc == SC_E_NOTFOUND && checking.count == 0)
        return rc;
    if (rc < 0 && rc != SC_E_NOTFOUND)
        return rc;
    return check_found(&checking, NULL, ret_count, err);
}

/* ---- ending logs ---- */

struct trimming {
    const struct sc_cli *cli;
    struct sc_vault *vault;
    struct checking checking;
};

static void trimming_done(struct trimming *trimming)
{
    checking_done(&trimming->checking);
}

/* What is wrong with a log is told before anything of it is changed. `begun`: NULL, or the one that
 * was begun after it. */
static int check_log(struct trimming *trimming, const char *path, const char *begun,
                     struct sc_error *err)
{
    unsigned count = 0;
    int rc = check_one(path, &trimming->checking, err);
    if (rc == 0 && begun != NULL && access(begun, F_OK) == 0)
        rc = check_one(begun, &trimming->checking, err);
    return rc < 0 ? rc
                  : check_found(&trimming->checking, leaf_of(begun != NULL ? begun : path), &count,
                                err);
}

/* Of a log that has its second name: when nobody writes it any more, its last line is noted. All
 * that can fail comes before the commit; the last name is for people. */
static int end_one(const char *path, void *ctx, struct sc_error *err)
{
    struct trimming *trimming = ctx;
    struct anchoring begun = {.vault = trimming->vault};
    struct head head = {0};
    SC_CLEANUP(sc_fd_closep) int fd = -1;
    SC_CLEANUP(sc_str_freep) char *log = with_suffix(path, ENDING_SUFFIX, LOG_SUFFIX, err);
    int rc = log == NULL ? SC_E_NOMEM : sc_access_log_lock(path, &fd, err);
    if (rc == SC_E_BUSY)
        return sc_fail(err, rc, "whoever writes '%s' does not let go of it; it was not ended", log);
    if (rc == 0)
        rc = check_log(trimming, path, log, err);
    if (rc == 0)
        rc = sc_access_log_head(path, &head.sequence, head.hash, err);
    /* What was noted of the next one is not asked for any more either: noted anew, and in front,
     * since what comes first is taken for the newest. */
    if (rc == 0 && access(log, F_OK) == 0)
        rc = anchor_one(log, &begun, err);
    if (rc == 0)
        rc = note(trimming->vault, ENDED_WORD, leaf_of(log), &head, err);
    if (rc == 0)
        rc = sc_vault_commit(trimming->vault, err);
    if (rc < 0)
        return rc;
    char suffix[OLD_HASH + 8];
    snprintf(suffix, sizeof(suffix), ".%.*s.old", OLD_HASH, head.hash);
    SC_CLEANUP(sc_str_freep) char *old = with_suffix(path, ENDING_SUFFIX, suffix, err);
    if (old == NULL)
        return SC_E_NOMEM;
    if (rename(path, old) < 0)
        return sc_fail_errno(err, "cannot rename '%s'", path);
    sc_note(trimming->cli, "ended a read log of %llu line%s: '%s'",
            (unsigned long long)head.sequence, head.sequence == 1 ? "" : "s", old);
    return 0;
}

/* In a change of the vault of its own, which keeps a rotation from noting a line that goes. */
static int end_in_change(const char *path, void *ctx, struct sc_error *err)
{
    const struct trimming *trimming = ctx;
    int rc = sc_vault_begin(trimming->vault, err);
    if (rc < 0)
        return rc;
    rc = end_one(path, ctx, err);
    if (rc < 0)
        sc_vault_rollback(trimming->vault);
    return rc;
}

static int rename_and_end(const char *path, void *ctx, struct sc_error *err)
{
    struct trimming *trimming = ctx;
    struct head head;
    SC_CLEANUP(sc_str_freep) char *ending = with_suffix(path, LOG_SUFFIX, ENDING_SUFFIX, err);
    int rc = ending == NULL ? SC_E_NOMEM : sc_access_log_head(path, &head.sequence, head.hash, err);
    if (rc == SC_E_NOTFOUND) { /* nothing to end */
        sc_error_clear(err);
        return 0;
    }
    if (rc == 0)
        rc = check_log(trimming, path, NULL, err);
    if (rc == 0)
        rc = sc_vault_begin(trimming->vault, err);
    if (rc < 0)
        return rc;
    if (renameat2(AT_FDCWD, path, AT_FDCWD, ending, RENAME_NOREPLACE) < 0)
        rc = sc_fail_errno(err, "cannot rename '%s'", path);
    else
        rc = end_one(ending, ctx, err);
    if (rc == 0)
        return 0;
    sc_vault_rollback(trimming->vault);
    /* Unless its agent has begun a new one: then the next time goes on with this. */
    SC_IGNORE(renameat2(AT_FDCWD, ending, AT_FDCWD, path, RENAME_NOREPLACE) < 0);
    return rc;
}

int sc_reads_trim(const struct sc_cli *cli, struct sc_vault *vault, struct sc_error *err)
{
    SC_CLEANUP(trimming_done) struct trimming trimming = {.cli = cli, .vault = vault};
    int rc = sc_vault_log(vault, take_anchor, &trimming.checking, err);
    if (rc == 0)
        rc = each(cli, ENDING_SUFFIX, end_in_change, &trimming, err);
    return rc < 0 ? rc : each(cli, LOG_SUFFIX, rename_and_end, &trimming, err);
}
