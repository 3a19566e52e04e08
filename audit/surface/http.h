/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP/1.1 GET to a container engine, over a unix socket or TCP, streamed.
 *
 * Small on purpose (docs/adr/): an engine is asked for JSON and for image archives, nothing else.
 * Every wait has an end, every header a limit, and a body that stops short is an error, never a
 * short answer. Threads: a connection is made for each call, so calls may run side by side.
 */
#ifndef SC_AUDIT_SURFACE_HTTP_H
#define SC_AUDIT_SURFACE_HTTP_H

#include "core/buf.h"
#include "core/error.h"
#include "core/secret.h"

/* Bytes of a response's header, and of the text of an engine's error message. */
#define SC_HTTP_HEADER_MAX ((size_t)32 * 1024)
/* Seconds without a byte after which an engine counts as silent, unless told otherwise. */
#define SC_HTTP_TIMEOUT 30
/* Bytes that have to come in that time of waiting, else it counts as too slow. */
#define SC_HTTP_SLOWEST ((size_t)64 * 1024)

struct sc_engine {
    const char *host; /* "unix:///path" or "tcp://host:port"; borrowed */
    int timeout;      /* seconds without a byte, or with less than SC_HTTP_SLOWEST */
};

/* The engine of DOCKER_HOST, else /var/run/docker.sock. */
struct sc_engine sc_engine_default(void);

/* A piece of the body. A negative result stops and is passed on. */
typedef int (*sc_http_fn)(struct sc_bytes piece, void *ctx, struct sc_error *err);

/* NOTFOUND for no socket or status 404; PERM; UNSUPPORTED for a kind of host this program does not
 * speak (ssh, TLS); BUSY when the engine stays silent or lets its answer drip; FORMAT for an answer
 * that is no HTTP; IO for one that ends early; FAILED for other statuses. `path` begins with a
 * slash and is quoted in errors. */
int sc_engine_get(const struct sc_engine *engine, const char *path, sc_http_fn fn, void *ctx,
                  struct sc_error *err) SC_NODISCARD;

/* The same with the whole body in locked memory, at most `max` bytes. */
int sc_engine_get_secret(const struct sc_engine *engine, const char *path, size_t max,
                         struct sc_secret *ret, struct sc_error *err) SC_NODISCARD;

/* Reads a response from memory instead of a socket; for tests and the fuzz target. */
int sc_http_parse(struct sc_bytes response, sc_http_fn fn, void *ctx,
                  struct sc_error *err) SC_NODISCARD;

#endif
