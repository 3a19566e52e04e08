/* SPDX-License-Identifier: Apache-2.0
 *
 * A JSON writer (RFC 8259) onto a buffer: objects, arrays and scalars in the order of the calls.
 *
 * Commas and colons are the writer's business. Compact form; ends that fit no beginning, and more
 * than SC_JSON_DEPTH_MAX levels, are a programmer's error (assert). Text that is not valid UTF-8
 * has each bad byte written as U+FFFD, so that the output always parses. Not for secrets: see
 * sc_buf.
 */
#ifndef SC_CORE_JSON_H
#define SC_CORE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"

#define SC_JSON_DEPTH_MAX 32

struct sc_json {
    struct sc_buf *out;
    unsigned depth;
    bool need_comma[SC_JSON_DEPTH_MAX];
};

/* A writer onto buf, which the caller owns and checks with sc_buf_status() at the end. */
void sc_json_init(struct sc_json *json, struct sc_buf *buf);

void sc_json_object_begin(struct sc_json *json);
void sc_json_object_end(struct sc_json *json);
void sc_json_array_begin(struct sc_json *json);
void sc_json_array_end(struct sc_json *json);

/* The key of the next value inside an object. */
void sc_json_key(struct sc_json *json, const char *key);

void sc_json_string(struct sc_json *json, const char *text); /* NULL writes null */
void sc_json_string_n(struct sc_json *json, const char *text, size_t len);
void sc_json_int(struct sc_json *json, int64_t value);
void sc_json_uint(struct sc_json *json, uint64_t value);
void sc_json_bool(struct sc_json *json, bool value);
void sc_json_null(struct sc_json *json);

/* Key and value in one call. */
void sc_json_pair_string(struct sc_json *json, const char *key, const char *text);
void sc_json_pair_int(struct sc_json *json, const char *key, int64_t value);
void sc_json_pair_bool(struct sc_json *json, const char *key, bool value);

#endif
