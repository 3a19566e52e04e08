/* SPDX-License-Identifier: Apache-2.0
 *
 * A reader that serves files from memory: the loader never touches the disk in these tests.
 */
#ifndef SC_TESTS_COMPOSE_MEMORY_FILES_H
#define SC_TESTS_COMPOSE_MEMORY_FILES_H

#include "compose/project.h"

struct memory_file {
    const char *path;
    const char *text;
    size_t size; /* 0: the length of text */
};

/* Files end with a NULL path. */
struct memory_files {
    const struct memory_file *files;
    struct sc_reader reader;
};

void memory_files_init(struct memory_files *memory, const struct memory_file *files);

/* Loads /p/compose.yml with the directory /p. */
int memory_load(struct memory_files *memory, const char *const *environment, bool all,
                struct sc_project **ret, struct sc_error *err);

#endif
