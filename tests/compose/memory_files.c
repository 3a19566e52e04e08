/* SPDX-License-Identifier: Apache-2.0
 *
 * Files in memory; see tests/compose/memory_files.h.
 */
#include "tests/compose/memory_files.h"

#include <string.h>

#include "core/banned.h"

static const struct memory_file *find(void *ctx, const char *path)
{
    const struct memory_files *memory = ctx;
    for (const struct memory_file *file = memory->files; file->path != NULL; file++) {
        if (strcmp(file->path, path) == 0)
            return file;
    }
    return NULL;
}

static int read_file(void *ctx, const char *path, struct sc_buf *out, struct sc_error *err)
{
    const struct memory_file *file = find(ctx, path);
    if (file == NULL)
        return sc_fail(err, SC_E_NOTFOUND, "there is no '%s'", path);
    sc_buf_append(out, file->text, file->size > 0 ? file->size : strlen(file->text));
    return sc_buf_status(out, err);
}

static enum sc_path_kind kind_of(void *ctx, const char *path)
{
    return find(ctx, path) != NULL ? SC_PATH_FILE : SC_PATH_NONE;
}

void memory_files_init(struct memory_files *memory, const struct memory_file *files)
{
    memory->files = files;
    memory->reader = (struct sc_reader){.read = read_file, .kind = kind_of, .ctx = memory};
}

int memory_load(struct memory_files *memory, const char *const *environment, bool all,
                struct sc_project **ret, struct sc_error *err)
{
    static const char *const none[] = {NULL};
    static const char *const files[] = {"/p/compose.yml"};
    struct sc_compose_options options = {.files = files,
                                         .file_count = 1,
                                         .working_directory = "/p",
                                         .environment = environment != NULL ? environment : none,
                                         .reader = &memory->reader,
                                         .all = all};
    return sc_compose_load(&options, ret, err);
}
