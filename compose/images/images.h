/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known about images: which variable is a credential, and how that image takes it from a
 * file.
 *
 * The table is compose/images/images.tsv. A rule that was seen in the image's source or manual is
 * verified; the others are hearsay, and whoever acts on one says so. An image that is not in the
 * table is unknown: nothing is guessed for it.
 *
 * Static data; any thread.
 */
#ifndef SC_COMPOSE_IMAGES_IMAGES_H
#define SC_COMPOSE_IMAGES_IMAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/name.h"

enum sc_image_way {
    SC_IMAGE_WAY_FILE,   /* another variable (argument) holds the path */
    SC_IMAGE_WAY_NAME,   /* another variable (argument) holds the secret's name */
    SC_IMAGE_WAY_PREFIX, /* the same variable holds argument + path */
    SC_IMAGE_WAY_FIXED,  /* no variable: the file lies at the path `argument` */
    SC_IMAGE_WAY_CMD,    /* another variable (argument) holds "cat PATH" */
    SC_IMAGE_WAY_PATH,   /* the same variable holds the path */
    SC_IMAGE_WAY_CONFIG, /* a configuration file or flag of the program: argument says which */
    SC_IMAGE_WAY_SHIM,   /* only from the environment: needs the shim */
    SC_IMAGE_WAY_NONE    /* looks like a credential, is none */
};

enum sc_image_flags {
    SC_IMAGE_VERIFIED = 1 << 0,
    SC_IMAGE_BOTH_IS_ERROR = 1 << 1, /* variable and file together end the container */
    SC_IMAGE_KEEPS_NEWLINE = 1 << 2, /* a final newline in the file becomes part of the value */
    SC_IMAGE_FIRST_START = 1 << 3    /* read only when the data directory is empty */
};

/* A string of a rule, see sc_image_text: an offset, where a pointer would have to be relocated at
 * each start of the program. */
struct sc_image_string {
    uint32_t offset;
};

struct sc_image_rule {
    struct sc_image_string image;    /* pattern without "library/", tag, digest and Docker Hub */
    struct sc_image_string variable; /* pattern */
    struct sc_image_string kind;     /* "password", "user", "key", "url-with-credentials", ... */
    struct sc_image_string
        argument; /* may hold {VAR}, {var} (lower case), {rest} (what `*` matched) */
    struct sc_image_string min_version, max_version; /* of the tag; empty without a bound */
    struct sc_image_string reads_as;                 /* who opens the file; empty if not known */
    enum sc_image_way way;
    unsigned flags;
};

/* Bytes of an expanded argument with its NUL. */
#define SC_IMAGE_ARGUMENT_SIZE 256

/* The text of a rule's string; "" when the table has none. */
const char *sc_image_text(struct sc_image_string string);

/* Whether the table has any rule for this image by name ("*" rules do not count). */
bool sc_image_known(const char *image);

/* Whether the image is known only as a copy of another: a registry of one's own counts as a mirror,
 * "registry.example.com/postgres:16" is "postgres". Likely, but not verified. */
bool sc_image_is_mirror(const char *image);

/* The best rule for an image reference ("docker.io/library/postgres:16@sha256:...") and a variable:
 * rules of the image before those of every image, exact names before patterns. NULL if there is
 * none. A rule whose versions exclude the tag is not returned. */
const struct sc_image_rule *sc_image_rule(const char *image, const char *variable);

/* Whether the rule says the variable holds a credential (not a user name or a plain setting). */
bool sc_image_rule_is_credential(const struct sc_image_rule *rule);

/* Whether the variable takes the address of a database, which holds its password as a rule: for
 * this image (or NULL), or by its name for any. */
bool sc_image_takes_address(const char *image, const char *variable, size_t len);

/* The argument with its placeholders filled in for this variable. TOOBIG. */
int sc_image_argument(const struct sc_image_rule *rule, const char *variable,
                      char out[SC_IMAGE_ARGUMENT_SIZE], struct sc_error *err) SC_NODISCARD;

/* The repository of a reference as the table writes it: "docker.io/library/postgres:16" ->
 * "postgres". At most size bytes with NUL; false if it does not fit or holds a variable. */
bool sc_image_repository(const char *image, char *out, size_t size);

#endif
