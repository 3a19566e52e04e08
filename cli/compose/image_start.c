/* SPDX-License-Identifier: Apache-2.0
 *
 * Asks the container engine for an image's ENTRYPOINT, CMD and USER.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "audit/surface/http.h"
#include "audit/known/json_walk.h"
#include "cli/compose/image_start.h"
#include "cli/compose/rewrite.h"

#include "core/banned.h"

#define ANSWER_MAX ((size_t)3 * 1024 * 1024)
/* Seconds: a rewrite does not hang on an engine that is stuck. */
#define TIMEOUT 5

static int keep(char **field, const struct sc_json_scalar *scalar, struct sc_error *err)
{
    sc_str_freep(field);
    *field = sc_str_ndup((const char *)scalar->text.ptr, scalar->text.len, err);
    return *field == NULL ? SC_E_NOMEM : 0;
}

static bool begins(const char *pointer, const char *with)
{
    return strncasecmp(pointer, with, strlen(with)) == 0;
}

int sc_image_start_take(const struct sc_json_scalar *scalar, void *ctx, struct sc_error *err)
{
    struct sc_image_start *start = ctx;
    struct sc_strv *list = NULL;
    if (scalar->type != SC_JSON_STRING)
        return 0;
    if (sc_str_equal_nocase(scalar->pointer, "/Config/User"))
        return keep(&start->user, scalar, err);
    if (sc_str_equal_nocase(scalar->pointer, "/Architecture"))
        return keep(&start->architecture, scalar, err);
    if (begins(scalar->pointer, "/Config/Entrypoint/"))
        list = &start->entrypoint;
    else if (begins(scalar->pointer, "/Config/Cmd/"))
        list = &start->command;
    if (list == NULL)
        return 0;
    SC_CLEANUP(sc_str_freep)
    char *word = sc_str_ndup((const char *)scalar->text.ptr, scalar->text.len, err);
    return word == NULL ? SC_E_NOMEM : sc_strv_add(list, word, err);
}

/* A reference becomes part of a path: only what references are made of. */
static bool is_reference(const char *image)
{
    for (const char *p = image; *p != '\0'; p++) {
        if (isalnum((unsigned char)*p) == 0 && strchr("._/:@-", *p) == NULL)
            return false;
    }
    return image[0] != '\0' && strstr(image, "..") == NULL;
}

int sc_image_engine_start(const char *image, struct sc_image_start *ret, struct sc_error *err)
{
    struct sc_engine engine = sc_engine_default();
    SC_CLEANUP(sc_str_freep) char *path = sc_str_printf(err, "/images/%s/json", image);
    SC_CLEANUP(sc_secret_done) struct sc_secret answer = {0};
    engine.timeout = TIMEOUT;
    if (path == NULL)
        return SC_E_NOMEM;
    if (!is_reference(image))
        return sc_fail(err, SC_E_NOTFOUND, "not the name of an image");
    int rc = sc_engine_get_secret(&engine, path, ANSWER_MAX, &answer, err);
    return rc < 0 ? rc : sc_json_walk(sc_secret_view(&answer), sc_image_start_take, ret, err);
}

/* Archives that were given come first: they are what will run. */
int sc_rewrite_image_start(const char *image, const struct sc_strv *archives,
                           struct sc_image_start *ret, struct sc_error *err)
{
    for (size_t i = 0; archives != NULL && i < archives->count; i++) {
        struct sc_error why = {0};
        int rc = sc_image_archive_start(archives->items[i], image, ret, &why);
        if (rc == 0)
            return 0;
        sc_image_start_done(ret);
        *ret = (struct sc_image_start){0};
        if (rc == SC_E_NOMEM)
            return sc_fail_nomem(err);
    }
    return sc_image_engine_start(image, ret, err);
}
