/* SPDX-License-Identifier: Apache-2.0
 *
 * What an image built from a Dockerfile starts: ENTRYPOINT, CMD and USER of the stage that is
 * built, as far as the file says it.
 *
 * Pure: the bytes are given, nothing is run or fetched. Where the file leaves it to the image it is
 * built on, the name of that image is handed back. Threads: any.
 */
#ifndef SC_COMPOSE_START_DOCKERFILE_H
#define SC_COMPOSE_START_DOCKERFILE_H

#include "compose/project.h"
#include "compose/start/start.h"
#include "core/secret.h"

/* Stages of one file, and bytes of one instruction. */
#define SC_DOCKERFILE_STAGES_MAX      256
#define SC_DOCKERFILE_INSTRUCTION_MAX ((size_t)256 * 1024)

struct sc_dockerfile_start {
    struct sc_image_start start;
    bool has_entrypoint, has_command; /* the file says it, if only that there is none */
    char *base; /* the image that says the rest; NULL when there is none ("scratch") */
};

/* `target` is the stage to build; NULL for the last one. `args` (may be NULL) are build arguments,
 * for FROM. SYNTAX for what is no Dockerfile, NOTFOUND for a stage that is not there, UNSUPPORTED
 * where a variable decides. */
int sc_dockerfile_start(struct sc_bytes text, const char *target, const struct sc_variables *args,
                        struct sc_dockerfile_start *ret, struct sc_error *err) SC_NODISCARD;
void sc_dockerfile_start_done(struct sc_dockerfile_start *start);

/* The line of `ARG name`, 0 if there is none. */
size_t sc_dockerfile_arg_line(struct sc_bytes text, const char *name);
/* The first line that uses it, `$name` or `${name...}`; 0 if there is none. */
size_t sc_dockerfile_use_line(struct sc_bytes text, const char *name);

#endif
