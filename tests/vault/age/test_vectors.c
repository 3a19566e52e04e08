/* SPDX-License-Identifier: Apache-2.0
 *
 * The C2SP age vectors: each file with the exact class of failure, and the hash of everything that
 * was written before it. Vectors that need a post-quantum key are counted and left out.
 *
 * usage: test_vectors FOLDER, or skipped (77) when there is none.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "core/buf.h"
#include "core/fsutil.h"
#include "core/hash.h"
#include "core/str.h"
#include "vault/age/age.h"

#include "core/banned.h"

#define VECTOR_MAX   ((size_t)32 * 1024 * 1024)
#define EXPECTED_MIN 124

struct vector {
    char expect[32];
    char payload[2 * SC_HASH_SIZE + 1];
    enum sc_age_form form;
    bool compressed;
    struct sc_secret keys;
    struct sc_secret passphrase;
    bool has_passphrase;
    bool unsupported; /* a post-quantum identity */
};

static void die(const char *name, const char *what)
{
    fprintf(stderr, "%s: %s\n", name, what);
    exit(1);
}

static void add_identity(const char *name, struct vector *vector, const char *text)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    struct sc_error err = {0};
    vector->unsupported = vector->unsupported || sc_str_has_prefix(text, "AGE-SECRET-KEY-PQ-");
    if (vector->unsupported)
        return;
    struct sc_bytes bytes = {(const unsigned char *)text, strlen(text)};
    if (sc_age_identities_parse(bytes, &key, &err) < 0 ||
        sc_secret_append(&vector->keys, key.ptr, key.len, &err) < 0)
        die(name, sc_error_message(&err));
}

static void read_field(const char *name, struct vector *vector, char *line)
{
    char *value = strstr(line, ": ");
    if (value == NULL)
        die(name, "a header line without a value");
    *value = '\0';
    value += 2;
    if (strcmp(line, "expect") == 0)
        snprintf(vector->expect, sizeof(vector->expect), "%s", value);
    else if (strcmp(line, "payload") == 0)
        snprintf(vector->payload, sizeof(vector->payload), "%s", value);
    else if (strcmp(line, "identity") == 0)
        add_identity(name, vector, value);
    else if (strcmp(line, "armored") == 0)
        vector->form = SC_AGE_FORM_ARMOR;
    else if (strcmp(line, "compressed") == 0)
        vector->compressed = true;
    else if (strcmp(line, "passphrase") == 0 &&
             sc_secret_append(&vector->passphrase, value, strlen(value), NULL) == 0)
        vector->has_passphrase = true;
}

/* The age file: what follows the empty line, inflated if need be. */
static struct sc_bytes read_vector(const char *name, struct vector *vector, struct sc_buf *file,
                                   struct sc_buf *inflated)
{
    char *at = file->data;
    while (*at != '\n') {
        char *end = strchr(at, '\n');
        if (end == NULL)
            die(name, "no end of the header");
        *end = '\0';
        read_field(name, vector, at);
        at = end + 1;
    }
    at++;
    struct sc_bytes body = {(unsigned char *)at, file->len - (size_t)(at - file->data)};
    if (!vector->compressed)
        return body;
    unsigned char *out = malloc(VECTOR_MAX);
    uLongf len = VECTOR_MAX;
    if (out == NULL || uncompress(out, &len, body.ptr, body.len) != Z_OK)
        die(name, "cannot inflate");
    sc_buf_append(inflated, out, len);
    free(out);
    return sc_buf_view(inflated);
}

static const char *class_of(int rc, const struct sc_error *err)
{
    const char *message = sc_error_message(err);
    bool armor = sc_str_has_prefix(message, "age armor");
    bool header = sc_str_has_prefix(message, "age header");
    if (rc == 0)
        return "success";
    if (rc == SC_E_BADPASS)
        return "no match";
    if (rc == SC_E_FORMAT && (armor || header))
        return armor ? "armor failure" : "header failure";
    if (rc == SC_E_TAMPERED && (header || sc_str_has_prefix(message, "age payload")))
        return header ? "HMAC failure" : "payload failure";
    return "another failure";
}

static bool hash_is(const struct sc_buf *plain, const char *want)
{
    unsigned char hash[SC_HASH_SIZE];
    char text[2 * SC_HASH_SIZE + 1];
    sc_hash_sha256(hash, sc_buf_text(plain), plain->len);
    sc_hex(text, hash, sizeof(hash));
    return strcmp(text, want) == 0;
}

/* With `detect` the form is found out; a file that is not even armor is then a broken header. */
static bool check(const char *name, const struct vector *vector, struct sc_bytes file, bool detect)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf plain = SC_BUF_INIT(VECTOR_MAX);
    struct sc_error err = {0};
    const struct sc_age_identities with = {
        .keys = &vector->keys, .passphrase = vector->has_passphrase ? &vector->passphrase : NULL};
    int rc = sc_age_decrypt(&with, detect ? SC_AGE_FORM_DETECT : vector->form,
                            sc_age_read_bytes(&file), sc_age_write_buf(&plain), &err);
    const char *class = class_of(rc, &err);
    bool same_class = strcmp(class, vector->expect) == 0 ||
                      (detect && strcmp(vector->expect, "armor failure") == 0 &&
                       strcmp(class, "header failure") == 0);
    bool same_payload = vector->payload[0] == '\0' || hash_is(&plain, vector->payload);
    if (!same_class)
        fprintf(stderr, "%s: %s, not %s (%s)\n", name, class, vector->expect,
                sc_error_message(&err));
    if (!same_payload)
        fprintf(stderr, "%s: other payload (%zu bytes)\n", name, plain.len);
    return same_class && same_payload;
}

/* 1 passed, 0 not supported, -1 failed. */
static int run(const char *folder, const char *name)
{
    struct sc_error err = {0};
    SC_CLEANUP(sc_str_freep) char *path = sc_path_join(folder, name, &err);
    SC_CLEANUP(sc_buf_done) struct sc_buf file = SC_BUF_INIT(VECTOR_MAX);
    SC_CLEANUP(sc_buf_done) struct sc_buf inflated = SC_BUF_INIT(VECTOR_MAX);
    if (path == NULL || sc_file_read(path, &file, &err) < 0)
        die(name, sc_error_message(&err));
    struct vector vector = {.form = SC_AGE_FORM_BINARY};
    struct sc_bytes body = read_vector(name, &vector, &file, &inflated);
    int result = 0;
    if (!vector.unsupported)
        result = check(name, &vector, body, false) && check(name, &vector, body, true) ? 1 : -1;
    sc_secret_done(&vector.keys);
    sc_secret_done(&vector.passphrase);
    return result;
}

int main(int argc, char **argv)
{
    struct dirent **files = NULL;
    int count = argc == 2 ? scandir(argv[1], &files, NULL, alphasort) : -1;
    if (count < 0) {
        printf("skipped: there are no vectors\n");
        return 77;
    }
    int passed = 0, failed = 0, unsupported = 0;
    for (int i = 0; i < count; i++) {
        int result = files[i]->d_name[0] != '.' ? run(argv[1], files[i]->d_name) : 2;
        passed += result == 1;
        failed += result == -1;
        unsupported += result == 0;
        free(files[i]);
    }
    free(files);
    printf("%d passed, %d failed, %d not supported\n", passed, failed, unsupported);
    return failed == 0 && passed >= EXPECTED_MIN ? 0 : 1;
}
