/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader that opens files; see struct sc_reader in compose/project.h. The only file of the
 * loader that touches the disk.
 */
#include <sys/stat.h>

#include "compose/project.h"
#include "core/fsutil.h"

#include "core/banned.h"

static int read_file(void *ctx, const char *path, struct sc_buf *out, struct sc_error *err)
{
    (void)ctx;
    return sc_file_read(path, out, err);
}

static enum sc_path_kind kind_of(void *ctx, const char *path)
{
    (void)ctx;
    struct stat attributes;
    if (stat(path, &attributes) < 0)
        return SC_PATH_NONE;
    return S_ISDIR(attributes.st_mode) ? SC_PATH_DIRECTORY : SC_PATH_FILE;
}

const struct sc_reader sc_reader_disk = {.read = read_file, .kind = kind_of, .ctx = NULL};
