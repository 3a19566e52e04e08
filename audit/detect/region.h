/* SPDX-License-Identifier: Apache-2.0
 *
 * The readers of the kinds of text, and the choice between them.
 */
#ifndef SC_AUDIT_DETECT_REGION_H
#define SC_AUDIT_DETECT_REGION_H

#include "audit/detect/context.h"

enum sc_text_kind {
    SC_TEXT_OTHER, /* anything else: only the token rules */
    SC_TEXT_YAML,
    SC_TEXT_DOTENV,
    SC_TEXT_DOCKERFILE,
    SC_TEXT_SHELL,
    SC_TEXT_MARKDOWN,
    SC_TEXT_CONFIG, /* ini, properties, toml, conf, JSON */
    SC_TEXT_LOGINS, /* .netrc, .pgpass */
    SC_TEXT_BATCH,
    SC_TEXT_SQL,
    SC_TEXT_UNIT, /* of systemd */
    SC_TEXT_MAKEFILE,
    SC_TEXT_NOTEBOOK,
    SC_TEXT_PROGRAM, /* source with strings, a Jenkinsfile */
};

/* By the name alone; OTHER if it says nothing. */
enum sc_text_kind sc_text_kind_of_name(const char *path);
/* By name and, where the name says nothing, by content (first line, fences). */
enum sc_text_kind sc_text_kind(const char *path, struct sc_bytes text);
/* By its first words, of a text that nothing names: a fence without a language, standard input. */
enum sc_text_kind sc_text_kind_of_start(const char *text, size_t len);

/* Looks at a region as the kind it is. */
int sc_detect_region(struct sc_detect *detect, struct sc_region region, enum sc_text_kind kind,
                     struct sc_error *err) SC_NODISCARD;

/* Looks at a text that the outer one has with escapes in `raw`. What cannot be read is not told: a
 * text in a scalar need not be what it looks like. */
int sc_detect_inner(struct sc_detect *detect, struct sc_chars text, struct sc_region raw,
                    enum sc_text_kind kind, struct sc_error *err) SC_NODISCARD;

/* A here document written to `target` ("" if that is not known). */
int sc_detect_written_file(struct sc_detect *detect, struct sc_region region, const char *target,
                           struct sc_error *err) SC_NODISCARD;

int sc_detect_yaml(struct sc_detect *detect, struct sc_region region,
                   struct sc_error *err) SC_NODISCARD;
int sc_detect_dotenv(struct sc_detect *detect, struct sc_region region, enum sc_family family,
                     struct sc_error *err) SC_NODISCARD;
int sc_detect_dockerfile(struct sc_detect *detect, struct sc_region region,
                         struct sc_error *err) SC_NODISCARD;
int sc_detect_markdown(struct sc_detect *detect, struct sc_region region,
                       struct sc_error *err) SC_NODISCARD;
/* login NAME password VALUE of a .netrc, the fifth field of a .pgpass. */
int sc_detect_logins(struct sc_detect *detect, struct sc_region region, enum sc_family family,
                     struct sc_error *err) SC_NODISCARD;
/* Commands and variables of a unit; recipes and variables of a makefile. */
int sc_detect_unit(struct sc_detect *detect, struct sc_region region,
                   struct sc_error *err) SC_NODISCARD;
int sc_detect_makefile(struct sc_detect *detect, struct sc_region region,
                       struct sc_error *err) SC_NODISCARD;
/* Strings that are passwords; `path` tells the language. */
int sc_detect_program(struct sc_detect *detect, struct sc_region region, const char *path,
                      struct sc_error *err) SC_NODISCARD;
/* The lines of a notebook's cells. */
int sc_detect_notebook(struct sc_detect *detect, struct sc_region region,
                       struct sc_error *err) SC_NODISCARD;
/* Whether sc_detect_program knows the language. */
bool sc_text_is_program(const char *path);
/* Whether it looks at one of this size, in bytes: large sources are looked at for tokens only. */
bool sc_program_is_read(const char *path, size_t size);
int sc_detect_batch(struct sc_detect *detect, struct sc_region region,
                    struct sc_error *err) SC_NODISCARD;
/* Passwords that statements give. */
int sc_detect_sql(struct sc_detect *detect, struct sc_region region,
                  struct sc_error *err) SC_NODISCARD;
/* key = value, key: value, "key": "value", line by line. */
int sc_detect_config(struct sc_detect *detect, struct sc_region region, enum sc_family family,
                     struct sc_error *err) SC_NODISCARD;

#endif
