/* SPDX-License-Identifier: Apache-2.0
 *
 * The steps of one provisioning; see provision/writer.h.
 */
#include "provision/writer.h"

#include <sys/file.h>
#include <unistd.h>

#include "provision/scope.h"
#include "provision/sweep.h"

#include "core/banned.h"

/* Scopes that are on the place but not in the source any more. Those of another source are left to
 * it, unless they are asked for by name. */
static int add_gone_scopes(int top_fd, const struct sc_source *source, const struct sc_strv *scopes,
                           struct sc_layout *layout, struct sc_error *err)
{
    bool all = scopes == NULL || scopes->count == 0;
    SC_CLEANUP(sc_strv_done) struct sc_strv found = {0};
    int rc = sc_sweep_find(top_fd, SC_SCOPE_CURRENT, &found, err);
    for (size_t i = 0; rc == 0 && i < found.count; i++) {
        const char *path = found.items[i];
        if (!sc_layout_in_scopes(scopes, path) || sc_layout_has_scope(layout, path))
            continue;
        rc = all && sc_scope_is_foreign(top_fd, path, source->id)
                 ? sc_strv_add(&layout->foreign, path, err)
                 : sc_layout_add_scope(layout, path, err);
    }
    return rc;
}

/* A scope that is neither in the source nor on the place is a mistake. */
static int check_scopes(const struct sc_strv *scopes, const struct sc_layout *layout,
                        struct sc_error *err)
{
    for (size_t i = 0; scopes != NULL && i < scopes->count; i++) {
        struct sc_strv one = {.items = &scopes->items[i], .count = 1};
        bool known = false;
        for (size_t k = 0; k < layout->scope_count && !known; k++)
            known = sc_layout_in_scopes(&one, layout->scopes[k].path);
        if (!known)
            return sc_fail(err, SC_E_NOTFOUND, "scope '%s' has no entries", scopes->items[i]);
    }
    return 0;
}

/* A ramfs takes all memory there is, so what is there already and what comes must fit the quota
 * twice over: two generations live side by side for a moment. */
static int check_quota(const struct sc_tmpfs *place, const struct sc_layout *layout,
                       struct sc_error *err)
{
    if (!place->ramfs)
        return 0;
    uint64_t used = 0;
    int rc = sc_tmpfs_used(place, &used, err);
    if (rc == 0 && used + layout->bytes > 2 * place->quota)
        rc = sc_fail(err, SC_E_NOSPACE,
                     "%llu bytes are in use and %llu are to come, over the quota of %llu",
                     (unsigned long long)used, (unsigned long long)layout->bytes,
                     (unsigned long long)place->quota);
    return rc;
}

/* Without privilege files can only be our own. In a rootless engine our uid is the container's
 * root, so an entry for root is meant for us. */
static void adopt_root_owned(struct sc_layout *layout)
{
    if (geteuid() == 0)
        return;
    for (size_t i = 0; i < layout->count; i++) {
        struct sc_layout_entry *entry = &layout->entries[i];
        entry->uid = entry->uid == 0 ? geteuid() : entry->uid;
        entry->gid = entry->gid == 0 ? getegid() : entry->gid;
    }
}

static int prepare_and_switch(int top_fd, const struct sc_source *source, struct sc_layout *layout,
                              struct sc_error *err)
{
    int rc = 0;
    size_t touched = 0;
    for (; rc == 0 && touched < layout->scope_count; touched++)
        rc = sc_scope_prepare(top_fd, source, layout, &layout->scopes[touched], err);
    for (size_t i = 0; rc == 0 && i < layout->scope_count; i++)
        rc = sc_scope_switch(top_fd, &layout->scopes[i], err);
    if (rc == 0)
        return 0;
    for (size_t i = 0; i < touched; i++)
        sc_scope_abort(top_fd, layout, &layout->scopes[i]);
    return rc;
}

int sc_provision_write(const struct sc_tmpfs *place, const struct sc_source *source,
                       const struct sc_strv *scopes, struct sc_layout *ret_layout,
                       struct sc_error *err)
{
    struct sc_layout layout = {0};
    int rc = sc_tmpfs_lock(place->fd, err); /* no file of ours lies between the scopes */
    if (rc < 0)
        return rc;
    rc = sc_layout_collect(&layout, source, scopes, place->quota, err);
    if (rc == 0)
        rc = check_quota(place, &layout, err);
    adopt_root_owned(&layout);
    if (rc == 0)
        rc = add_gone_scopes(place->fd, source, scopes, &layout, err);
    if (rc == 0)
        rc = check_scopes(scopes, &layout, err);
    if (rc == 0)
        rc = prepare_and_switch(place->fd, source, &layout, err);
    for (size_t i = 0; rc == 0 && i < layout.scope_count; i++)
        rc = sc_scope_finish(place->fd, &layout, i, err);
    SC_IGNORE(flock(place->fd, LOCK_UN)); /* closing it would do the same */
    if (rc < 0) {
        sc_layout_done(&layout);
        return rc;
    }
    *ret_layout = layout;
    return 0;
}
