/* SPDX-License-Identifier: Apache-2.0
 *
 * The encoded forms of a value: what it looks like after base64, JSON, a URL, a shell, UTF-16 ...
 *
 * One list for everything that looks for a value (mask, verify, fingerprint). Each form is a
 * literal that stands in the encoded text whatever surrounds the value: base64 and base32 give only
 * the characters that do not depend on the neighbours, once for each position the value can have in
 * a group. Escapes that change nothing in this value give no form of their own.
 *
 * Forms are secret: they are handed out in locked memory, one at a time. Threads: any.
 */
#ifndef SC_CORE_ENCODE_H
#define SC_CORE_ENCODE_H

#include "core/error.h"
#include "core/secret.h"

/* Bytes of the longest value whose forms can be made. */
#define SC_ENCODE_VALUE_MAX ((size_t)64 * 1024)
/* No form has more than this many bytes for each byte of its value. */
#define SC_ENCODE_EXPANSION_MAX ((size_t)6)

enum sc_encoding {
    SC_ENCODING_PLAIN,
    SC_ENCODING_BASE64,
    SC_ENCODING_BASE64URL,
    SC_ENCODING_BASE64_TWICE,
    SC_ENCODING_BASE64_UTF16,
    SC_ENCODING_BASE32,
    SC_ENCODING_HEX,
    SC_ENCODING_HEX_UPPER,
    SC_ENCODING_HEX_ESCAPED,
    SC_ENCODING_URL,
    SC_ENCODING_URL_LOWER,
    SC_ENCODING_URL_RESERVED,
    SC_ENCODING_URL_ALL,
    SC_ENCODING_FORM,
    SC_ENCODING_JSON,
    SC_ENCODING_JSON_SLASH,
    SC_ENCODING_JSON_HTML,
    SC_ENCODING_JSON_ASCII,
    SC_ENCODING_JSON_ASCII_UPPER,
    SC_ENCODING_YAML_SINGLE,
    SC_ENCODING_SHELL_SINGLE,
    SC_ENCODING_SHELL_DOUBLE,
    SC_ENCODING_SHELL_ANSI,
    SC_ENCODING_SHELL_BARE,
    SC_ENCODING_DOLLAR,
    SC_ENCODING_DOLLAR_JSON,
    SC_ENCODING_XML,
    SC_ENCODING_XML_DECIMAL,
    SC_ENCODING_XML_HEX,
    SC_ENCODING_UTF16LE,
    SC_ENCODING_UTF16BE,
    SC_ENCODING_REVERSED,
    SC_ENCODING_BASE64_JSON,    /* base64 of what JSON makes of it */
    SC_ENCODING_BASE64_PERCENT, /* and of what a URL does */
    SC_ENCODING_MAX
};

/* "plain", "base64", ...: as reports print it. Static storage. */
const char *sc_encoding_name(enum sc_encoding encoding);

/* Called for each form; a negative result stops and is passed on. The bytes are borrowed for the
 * call. */
typedef int (*sc_encode_fn)(enum sc_encoding encoding, struct sc_bytes form, void *ctx,
                            struct sc_error *err);

/* All forms of a value of 1 to SC_ENCODE_VALUE_MAX bytes, the plain one first. A form may come more
 * than once, under the encodings that give it. */
int sc_encode_each(struct sc_bytes value, sc_encode_fn fn, void *ctx,
                   struct sc_error *err) SC_NODISCARD;

/* Only the plain form and those that leave no byte as it is: hex, base64. All others are escapes,
 * which whoever reads the text can undo instead (core/mask/canon.h). */
int sc_encode_opaque(struct sc_bytes value, sc_encode_fn fn, void *ctx,
                     struct sc_error *err) SC_NODISCARD;

#endif
