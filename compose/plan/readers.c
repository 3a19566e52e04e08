/* SPDX-License-Identifier: Apache-2.0
 *
 * Who opens a secret's file inside the containers, and so which owner and mode it needs: Compose
 * binds the file as it lies on the host and ignores uid, gid and mode of a grant.
 *
 * Root alone: the default, 0400 root. One other user, with or without root: 0400 of that user,
 * which a container's root reads too. Several users, or one that is known by a name of the image
 * only: 0444. That widens nothing on the host, where the directory above is closed to others.
 */
#include <stdlib.h>
#include <string.h>

#include "compose/plan/internal.h"
#include "core/parse.h"

#include "core/banned.h"

#define MODE_ANYONE 0444
/* The kernel's (uid_t) -1 is no user. */
#define UID_MAX_VALUE (UINT32_MAX - 1)

enum reader_kind { READER_ROOT, READER_USER, READER_UNKNOWN };

struct reader {
    enum reader_kind kind;
    uint32_t uid, gid;
};

/* What is known of a secret so far; kind READER_ROOT while only root reads it. */
struct readers {
    struct reader who;
    bool any;
};

/* "1000", "1000:1000", "root", "": as `user:` and the image's USER have it. */
static struct reader parse_user(const char *user)
{
    const struct reader unknown = {.kind = READER_UNKNOWN};
    char uid_text[16];
    uint64_t uid = 0, gid = 0;
    size_t n = strcspn(user, ":");
    if (n >= sizeof(uid_text))
        return unknown;
    memcpy(uid_text, user, n);
    uid_text[n] = '\0';
    if (n == 0 || strcmp(uid_text, "root") == 0)
        return (struct reader){.kind = READER_ROOT};
    if (sc_parse_u64(uid_text, UID_MAX_VALUE, "user", &uid, NULL) < 0)
        return unknown;
    if (user[n] == ':' && sc_parse_u64(user + n + 1, UID_MAX_VALUE, "group", &gid, NULL) < 0)
        gid = 0; /* a group's name: the owner may read, that is enough */
    return (struct reader){
        .kind = uid == 0 ? READER_ROOT : READER_USER, .uid = (uint32_t)uid, .gid = (uint32_t)gid};
}

static struct reader image_user(struct context *c, const struct definition *d)
{
    SC_CLEANUP(sc_image_start_done) struct sc_image_start start = {0};
    if (sc_plan_start(c, d, &start) != NULL)
        return (struct reader){.kind = READER_UNKNOWN};
    return parse_user(start.user != NULL ? start.user : "");
}

/* "1000 alone" of the table: that user opens the file, and the program refuses one that others may
 * read. */
static struct reader user_told(const char *reads_as)
{
    const char *alone = strstr(reads_as, " alone");
    char uid[16] = "";
    size_t n = alone != NULL ? (size_t)(alone - reads_as) : 0;
    if (n == 0 || n >= sizeof(uid))
        return (struct reader){.kind = READER_UNKNOWN};
    memcpy(uid, reads_as, n);
    return parse_user(uid);
}

static struct reader reader_of(struct context *c, const struct grant *g)
{
    if (g->anyone || !sc_plan_alike(g->service))
        return (struct reader){.kind = READER_UNKNOWN};
    bool as_root = g->reads_as == NULL || sc_str_equal(g->reads_as, "root");
    struct reader reader =
        g->service->user != NULL ? parse_user(g->service->user) : image_user(c, g->service);
    /* An entrypoint that begins as root and steps down reads as root, unless it is known that the
     * program itself opens the file, later, as somebody else. */
    bool told = reader.kind == READER_UNKNOWN && g->service->user == NULL && g->reads_as != NULL;
    if (told && as_root)
        reader.kind = READER_ROOT;
    else if (told)
        reader = user_told(g->reads_as);
    else if (reader.kind == READER_ROOT && !as_root)
        reader.kind = READER_UNKNOWN;
    return reader;
}

bool sc_plan_reader_known(struct context *c, const struct definition *d)
{
    const struct grant grant = {.service = d};
    return reader_of(c, &grant).kind != READER_UNKNOWN;
}

static void meet(struct readers *all, struct reader one)
{
    all->any = true;
    if (all->who.kind == READER_UNKNOWN || one.kind == READER_ROOT)
        return;
    bool another = all->who.kind == READER_USER && all->who.uid != one.uid;
    all->who = another ? (struct reader){.kind = READER_UNKNOWN} : one;
}

static void settle(struct sc_plan_secret *secret, const struct readers *readers)
{
    if ((readers->any && readers->who.kind == READER_ROOT) || (!readers->any && secret->inside))
        return;
    if (readers->any && readers->who.kind == READER_USER) {
        secret->set_owner = true;
        secret->uid = readers->who.uid;
        secret->gid = readers->who.gid;
        return;
    }
    secret->mode = MODE_ANYONE;
}

int sc_plan_readers(struct context *c, struct sc_error *err)
{
    size_t count = c->plan->secret_count;
    if (count == 0)
        return 0;
    struct readers *readers = calloc(count, sizeof(*readers));
    if (readers == NULL)
        return sc_fail_nomem(err);
    for (size_t i = 0; i < c->grant_count; i++)
        meet(&readers[c->grants[i].secret], reader_of(c, &c->grants[i]));
    for (size_t i = 0; i < count; i++)
        settle(&c->plan->secrets[i], &readers[i]);
    free(readers);
    return 0;
}
