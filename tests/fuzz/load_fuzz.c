/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole loader on any bytes as a Compose file, an override of it, an included file and env
 * files: it ends, and what it loads can be printed in both forms.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compose/project.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *data;
    size_t size;
};

/* Every path that ends in .yml or .env is the input. */
static bool is_input(const char *path)
{
    size_t len = strlen(path);
    return len > 4 && (strcmp(path + len - 4, ".yml") == 0 || strcmp(path + len - 4, ".env") == 0);
}

static int read_file(void *ctx, const char *path, struct sc_buf *out, struct sc_error *err)
{
    const struct input *input = ctx;
    if (!is_input(path))
        return sc_fail(err, SC_E_NOTFOUND, "no such file");
    sc_buf_append(out, input->data, input->size);
    return sc_buf_status(out, err);
}

static enum sc_path_kind kind_of(void *ctx, const char *path)
{
    (void)ctx;
    return is_input(path) ? SC_PATH_FILE : SC_PATH_NONE;
}

static void print(const struct sc_project *project)
{
    for (int format = SC_RENDER_YAML; format <= SC_RENDER_JSON; format++) {
        struct sc_buf out = SC_BUF_INIT((size_t)32 * 1024 * 1024);
        struct sc_render render = {.format = (enum sc_render_format)format};
        struct sc_error err = {0};
        int rc = sc_compose_render(project, &render, &out, &err);
        sc_buf_done(&out);
        if (rc < 0 && rc != SC_E_TOOBIG)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const files[] = {"a.yml", "b.yml"};
    static const char *const environment[] = {"A=value", "E=", "COMPOSE_DISABLE_ENV_FILE=1", NULL};
    struct input input = {data, size};
    struct sc_reader reader = {.read = read_file, .kind = kind_of, .ctx = &input};
    for (size_t count = 1; count <= 2; count++) {
        struct sc_compose_options options = {.files = files,
                                             .file_count = count,
                                             .working_directory = "/p",
                                             .environment = environment,
                                             .reader = &reader,
                                             .all = count == 2,
                                             .tolerant = count == 2};
        struct sc_project *project = NULL;
        struct sc_error err = {0};
        if (sc_compose_load(&options, &project, &err) == 0)
            print(project);
        sc_project_freep(&project);
    }
    return 0;
}
