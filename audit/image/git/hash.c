/* SPDX-License-Identifier: Apache-2.0
 *
 * The names of git's objects; see audit/image/git/hash.h.
 */
#include "audit/image/git/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <git2.h>

#include "audit/image/sha256.h"
#include "core/proc.h"

#include "core/banned.h"

struct sc_git_library {
    __typeof__(git_libgit2_init) *init;
    __typeof__(git_libgit2_shutdown) *shutdown;
    __typeof__(git_odb_hash) *hash;
};

static int load(struct sc_git_hash *hash, struct sc_error *err)
{
    struct sc_git_library *library = calloc(1, sizeof(*library));
    if (library == NULL)
        return sc_fail_nomem(err);
    const struct sc_symbol symbols[] = {
        {"git_libgit2_init", (void **)(void *)&library->init},
        {"git_libgit2_shutdown", (void **)(void *)&library->shutdown},
        {"git_odb_hash", (void **)(void *)&library->hash},
    };
    int rc =
        sc_proc_load_library("libgit2.so." LIBGIT2_SOVERSION, symbols, SC_ARRAY_SIZE(symbols), err);
    if (rc == 0 && library->init() < 0)
        rc = sc_fail(err, SC_E_UNSUPPORTED, "libgit2 cannot be used");
    if (rc < 0)
        free(library);
    else
        hash->library = library;
    return rc;
}

static int name_by_sha1(struct sc_git_hash *hash, const struct sc_git_object *object,
                        unsigned char name[SC_GIT_NAME_SIZE], struct sc_error *err)
{
    git_oid id;
    int rc = hash->library == NULL ? load(hash, err) : 0;
    if (rc < 0)
        return rc;
    /* The types have the same numbers there. */
    if (hash->library->hash(&id, object->bytes, object->len, (git_object_t)object->type) < 0)
        return sc_fail(err, SC_E_UNSUPPORTED, "libgit2 cannot name an object");
    memcpy(name, id.id, SC_GIT_NAME_SIZE);
    return 0;
}

static void name_by_sha256(const struct sc_git_object *object,
                           unsigned char name[SC_GIT_NAME_MAX_SIZE])
{
    char head[32];
    struct sc_sha256 sha256;
    int n = snprintf(head, sizeof(head), "%s %zu", sc_git_type_name(object->type), object->len);
    sc_sha256_init(&sha256);
    sc_sha256_add(&sha256, (struct sc_bytes){(const unsigned char *)head, (size_t)n + 1});
    sc_sha256_add(&sha256, (struct sc_bytes){object->bytes, object->len});
    sc_sha256_end(&sha256, name);
}

int sc_git_hash_name(struct sc_git_hash *hash, const struct sc_git_object *object, size_t name_size,
                     uint64_t *ret, struct sc_error *err)
{
    unsigned char name[SC_GIT_NAME_MAX_SIZE];
    int rc = 0;
    if (name_size == SC_GIT_NAME_SIZE)
        rc = name_by_sha1(hash, object, name, err);
    else
        name_by_sha256(object, name);
    if (rc == 0)
        *ret = sc_git_name_start(name);
    return rc;
}

void sc_git_hash_done(struct sc_git_hash *hash)
{
    if (hash->library != NULL)
        hash->library->shutdown();
    free(hash->library);
    hash->library = NULL;
}
