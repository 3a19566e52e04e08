/* SPDX-License-Identifier: Apache-2.0
 *
 * Is this KEY=VALUE a credential? Key lexicon times value shape, the one predicate of the program:
 * `audit` reports what it says, `compose rewrite` moves it, `compose config` masks it.
 *
 * Pure functions on bytes: nothing is kept, nothing is allocated. Keys are judged by their words
 * ("POSTGRES_PASSWORD" is password, "TOKEN_LIFETIME" is a lifetime); values by what they are: a
 * switch, a path, a reference and an empty text are no credentials whatever their key says; a URL
 * with a password is one whatever its key says.
 */
#ifndef SC_COMPOSE_CREDENTIAL_H
#define SC_COMPOSE_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/secret.h"

/* What a key announces. */
enum sc_key_kind {
    SC_KEY_OTHER,    /* nothing secret */
    SC_KEY_PASSWORD, /* any text, weak and short ones too */
    SC_KEY_SECRET,   /* token, API key, signing secret, salt: made by a machine as a rule */
    SC_KEY_WEAK,     /* "key", "auth", "credentials": a secret only if the value looks like one */
    SC_KEY_HALF,     /* access key id, client id of a pair: useless alone */
};

/* What stands there as value. */
enum sc_credential_shape {
    SC_SHAPE_NONE, /* no credential */
    SC_SHAPE_LITERAL,
    SC_SHAPE_PLACEHOLDER,      /* changeme, your-api-key, <password> */
    SC_SHAPE_INTERPOLATED,     /* ${DB_PASSWORD}: filled in when the file is loaded */
    SC_SHAPE_DEFAULT,          /* ${DB_PASSWORD:-secret}: the default is a literal */
    SC_SHAPE_URL,              /* scheme://user:password@host, or password= inside a DSN */
    SC_SHAPE_URL_INTERPOLATED, /* the same with ${...} in place of the password */
    SC_SHAPE_KEY_MATERIAL,     /* PEM private key */
};

struct sc_credential {
    enum sc_credential_shape shape;
    enum sc_key_kind key;
    size_t offset,
        length; /* the secret part inside the value: a URL's password, a default's text */
};

/* What the words of a key announce. */
enum sc_key_kind sc_key_classify(const char *key, size_t len);

/* A key by which a file is named: DB_PASSWORD_FILE, TLS_KEY_PATH. */
bool sc_key_is_file(const char *key, size_t len);

/* Judges the pair; true with *ret set when it is a credential. `key` may be NULL: then only what
 * shows by itself counts (URLs, key material). */
bool sc_credential_judge(const char *key, size_t key_len, const char *value, size_t value_len,
                         struct sc_credential *ret);

/* One of the credentials in a value. Offsets are into the whole value. */
struct sc_credential_part {
    size_t key, key_len; /* the name in front of it there; key_len 0: it has none */
    size_t from, to; /* what it was judged as: the text behind that name, else the whole value */
    struct sc_credential credential;
};

#define SC_CREDENTIAL_PARTS_MAX 32

/* All credentials of a value, in order: the value itself where the pair is one, else those inside
 * of it. A value may be a document (JSON, a file of several lines) whose own names say what they
 * are, or hold several URLs. Returns how many there are; more than the maximum are not set. */
size_t sc_credential_parts(const char *key, size_t key_len, const char *value, size_t len,
                           struct sc_credential_part ret[SC_CREDENTIAL_PARTS_MAX]);

/* The first password inside a URL or a connection string: true with its place. */
bool sc_credential_in_url(const char *value, size_t len, size_t *ret_offset, size_t *ret_length);

/* All of them: first those of URLs, then of connection strings. Begin with {value, len}. */
struct sc_passwords {
    const char *value;
    size_t len;
    size_t at;     /* the walk's own: behind the last one found */
    unsigned form; /* and of which kind that is */
};
bool sc_credential_next_in_url(struct sc_passwords *walk, size_t *ret_offset, size_t *ret_length);

/* The length of "Bearer ", "Basic ", "token " and the like in front of what a header carries. */
size_t sc_credential_scheme(const char *value, size_t len);

/* Whether the text stands for a value still to be filled in. */
bool sc_credential_is_placeholder(const char *value, size_t len);

/* Whether the text is one reference and nothing else: ${X}, $X, $$X, ${{ x }}, {{ x }}, $(x), vault
 * and cloud references, a path. */
bool sc_credential_is_reference(const char *value, size_t len);

#endif
