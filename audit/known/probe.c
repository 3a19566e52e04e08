/* SPDX-License-Identifier: Apache-2.0
 *
 * Searching pieces of known meaning; see audit/known/probe.h.
 */
#include "audit/known/probe.h"

#include <string.h>

#include "core/banned.h"

/* Bytes of a variable's name that are reported. */
#define KEY_MAX ((size_t)256)

static int enter(const struct sc_known_hit *hit, void *ctx, struct sc_error *err)
{
    struct sc_probe *probe = ctx;
    const char *name = probe->searcher->name(probe->searcher->set, hit->value);
    return sc_ledger_leak(probe->ledger, probe->spot, name, hit, false, err);
}

static int enter_token(const struct sc_known_hit *hit, void *ctx, struct sc_error *err)
{
    struct sc_probe *probe = ctx;
    const char *name = probe->searcher->name(probe->searcher->set, hit->value);
    return sc_ledger_leak(probe->ledger, probe->spot, name, hit, true, err);
}

int sc_probe_init(struct sc_probe *probe, const struct sc_searcher *searcher,
                  struct sc_ledger *ledger, struct sc_error *err)
{
    *probe = (struct sc_probe){.searcher = searcher, .ledger = ledger};
    ledger->searcher = searcher;
    return sc_stream_init(&probe->stream, searcher, enter, probe, err);
}

void sc_probe_done(struct sc_probe *probe)
{
    sc_stream_done(&probe->stream);
}

int sc_probe_write(struct sc_probe *probe, const struct sc_spot *spot, struct sc_bytes data,
                   struct sc_error *err)
{
    probe->spot = spot;
    return sc_stream_write(&probe->stream, data, err);
}

int sc_probe_end(struct sc_probe *probe, struct sc_error *err)
{
    return sc_stream_end(&probe->stream, err);
}

int sc_probe_bytes(struct sc_probe *probe, const struct sc_spot *spot, struct sc_bytes data,
                   struct sc_error *err)
{
    int rc = sc_probe_write(probe, spot, data, err);
    return rc < 0 ? rc : sc_probe_end(probe, err);
}

static int compare(struct sc_probe *probe, struct sc_bytes token, struct sc_error *err)
{
    const struct sc_searcher *searcher = probe->searcher;
    return token.len == 0 ? 0 : searcher->compare(searcher->set, token, enter_token, probe, err);
}

static struct sc_bytes unquote(struct sc_bytes token)
{
    bool quoted = token.len >= 2 && (token.ptr[0] == '"' || token.ptr[0] == '\'') &&
                  token.ptr[token.len - 1] == token.ptr[0];
    return quoted ? (struct sc_bytes){token.ptr + 1, token.len - 2} : token;
}

/* scheme://user:PASSWORD@host */
static int compare_url(struct sc_probe *probe, struct sc_bytes word, struct sc_error *err)
{
    const unsigned char *scheme = memmem(word.ptr, word.len, "://", 3);
    if (scheme == NULL)
        return 0;
    const unsigned char *user = scheme + 3, *end = word.ptr + word.len;
    const unsigned char *at = memrchr(user, '@', (size_t)(end - user));
    const unsigned char *colon = at == NULL ? NULL : memchr(user, ':', (size_t)(at - user));
    if (colon == NULL)
        return 0;
    return compare(probe, (struct sc_bytes){colon + 1, (size_t)(at - colon - 1)}, err);
}

static int compare_word(struct sc_probe *probe, struct sc_bytes word, struct sc_error *err)
{
    int rc = compare(probe, unquote(word), err);
    const unsigned char *equals = word.len > 0 ? memchr(word.ptr, '=', word.len) : NULL;
    if (rc == 0 && equals != NULL) {
        size_t name = (size_t)(equals + 1 - word.ptr);
        rc = compare(probe, unquote((struct sc_bytes){equals + 1, word.len - name}), err);
    }
    return rc < 0 ? rc : compare_url(probe, word, err);
}

static bool is_space(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int sc_probe_token(struct sc_probe *probe, const struct sc_spot *spot, struct sc_bytes token,
                   struct sc_error *err)
{
    int rc = sc_probe_bytes(probe, spot, token, err);
    if (rc == 0)
        rc = compare(probe, token, err);
    for (size_t at = 0; rc == 0 && at < token.len;) {
        size_t start = at;
        while (at < token.len && !is_space(token.ptr[at]))
            at++;
        struct sc_bytes word = {token.ptr + start, at - start};
        bool whole = word.len == token.len;
        if (word.len > 0)
            rc = whole ? compare_url(probe, word, err) : compare_word(probe, word, err);
        at++;
    }
    return rc;
}

int sc_probe_variable(struct sc_probe *probe, const struct sc_spot *spot, struct sc_bytes variable,
                      struct sc_error *err)
{
    const unsigned char *equals = variable.len > 0 ? memchr(variable.ptr, '=', variable.len) : NULL;
    size_t name = equals == NULL ? 0 : (size_t)(equals - variable.ptr);
    if (equals == NULL || name > KEY_MAX)
        return sc_probe_token(probe, spot, variable, err);
    char key[KEY_MAX + 1];
    memcpy(key, variable.ptr, name);
    key[name] = '\0';
    struct sc_spot inner = *spot;
    /* A name is printed: it must not be a place for a value. What is no name is not taken for one.
     */
    inner.key =
        key[strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")] ==
                '\0'
            ? key
            : NULL;
    struct sc_bytes value = {equals + 1, variable.len - name - 1};
    int rc = sc_probe_bytes(probe, &inner, (struct sc_bytes){variable.ptr, name}, err);
    return rc < 0 ? rc : sc_probe_token(probe, &inner, value, err);
}
