/* SPDX-License-Identifier: Apache-2.0
 *
 * What a service's image starts: from the Dockerfile where it is built here, else from wherever
 * images can be looked up.
 */
#include <string.h>

#include "compose/form/path.h"
#include "compose/plan/internal.h"
#include "compose/start/dockerfile.h"
#include "core/str.h"

#include "core/banned.h"

const char sc_plan_start_unknown[] = "what the image starts is not known: pull it, or use --image";

static const char *look_up(const struct context *c, const char *image, struct sc_image_start *ret)
{
    if (image == NULL || strchr(image, '$') != NULL || c->options->start == NULL)
        return sc_plan_start_unknown;
    int rc = c->options->start(image, c->options->ctx, ret, NULL);
    if (rc == SC_E_NOMEM)
        sc_plan_no_memory(c);
    return rc < 0 ? sc_plan_start_unknown : NULL;
}

/* The text of the Dockerfile, and what to call it; false if there is none to read. */
static bool read_dockerfile(struct context *c, const struct sc_value *build, struct sc_buf *out,
                            const char **ret_path)
{
    const char *text = sc_value_text(sc_value_get(build, "dockerfile_inline"));
    const char *context = sc_value_text(sc_value_get(build, "context"));
    const char *name = sc_value_text(sc_value_get(build, "dockerfile"));
    if (text != NULL) {
        sc_buf_puts(out, text);
        *ret_path = "dockerfile_inline";
        return out->failed == 0;
    }
    if (context == NULL || context[0] != '/')
        return false; /* in a repository somewhere */
    if (name == NULL)
        name = "Dockerfile";
    const struct sc_compose_options *load = c->options->load;
    const char *path = sc_path_below(&c->model, context, name);
    const struct sc_reader *reader =
        load != NULL && load->reader != NULL ? load->reader : &sc_reader_disk;
    *ret_path = load != NULL && path != NULL ? sc_path_shown(load->working_directory, path) : path;
    int rc = path == NULL ? SC_E_NOMEM : reader->read(reader->ctx, path, out, NULL);
    if (rc == SC_E_NOMEM)
        sc_plan_no_memory(c);
    return rc == 0;
}

static int take(struct sc_strv *from, struct sc_strv *to)
{
    sc_strv_done(to);
    *to = *from;
    *from = (struct sc_strv){0};
    return 0;
}

/* What the file says, over what the image below says. */
static const char *built(struct context *c, const struct sc_service *service,
                         const struct sc_value *build, struct sc_image_start *ret)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(SC_COMPOSE_FILE_MAX);
    SC_CLEANUP(sc_dockerfile_start_done) struct sc_dockerfile_start file = {0};
    struct sc_error why = {0};
    const char *path = NULL, *target = sc_value_text(sc_value_get(build, "target"));
    if (!read_dockerfile(c, build, &text, &path))
        return "it is built here, and its Dockerfile cannot be read";
    int rc = sc_dockerfile_start(sc_buf_view(&text), target, &service->build_args, &file, &why);
    if (rc == SC_E_NOMEM)
        sc_plan_no_memory(c);
    if (rc < 0)
        return sc_plan_say(c, "it is built here: %s", sc_error_message(&why), NULL);
    bool open = !file.has_entrypoint || !file.has_command;
    if (file.base != NULL && look_up(c, file.base, ret) != NULL && open)
        return sc_plan_say(c,
                           "its Dockerfile leaves %s to '%s', and what that starts is not known: "
                           "pull it, or use --image",
                           file.has_entrypoint ? "CMD" : "ENTRYPOINT", file.base);
    if (file.has_entrypoint)
        take(&file.start.entrypoint, &ret->entrypoint);
    if (file.has_command)
        take(&file.start.command, &ret->command);
    if (file.start.user != NULL) {
        sc_str_freep(&ret->user);
        ret->user = SC_TAKE(file.start.user);
    }
    return NULL;
}

/* Where the project was not loaded: an image of a service that is built has its name only. */
static bool is_built(const struct context *c, const struct definition *of)
{
    for (size_t i = 0; i < c->definition_count; i++) {
        const struct definition *d = &c->definitions[i];
        if (sc_str_equal(d->name, of->name) && sc_merged_get(d->node, "build") != NULL)
            return true;
    }
    return false;
}

const char *sc_plan_start(struct context *c, const struct definition *d, struct sc_image_start *ret)
{
    const struct sc_service *service = d->user_count > 0 ? d->users[0] : NULL;
    const struct sc_value *build = service != NULL ? sc_value_get(service->value, "build") : NULL;
    if (service == NULL && is_built(c, d))
        return "it is built here";
    return build != NULL ? built(c, service, build, ret) : look_up(c, d->image, ret);
}

size_t sc_plan_dockerfile_arg(struct context *c, const struct definition *d, const char *name,
                              const char **ret_path, size_t *ret_use)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(SC_COMPOSE_FILE_MAX);
    const struct sc_service *service = d->user_count > 0 ? d->users[0] : NULL;
    const struct sc_value *build = service != NULL ? sc_value_get(service->value, "build") : NULL;
    if (build == NULL || !read_dockerfile(c, build, &text, ret_path))
        return 0;
    *ret_use = sc_dockerfile_use_line(sc_buf_view(&text), name);
    return sc_dockerfile_arg_line(sc_buf_view(&text), name);
}
