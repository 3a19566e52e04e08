/* SPDX-License-Identifier: Apache-2.0
 *
 * The planner on any project: it ends, and what it says is so. An input is parts divided by lines
 * "%%": the caller's variables, every .env and *.env, compose.yml, and one more Compose file, which
 * is an override unless compose.yml names it to include or extend it.
 *
 * A plan that cannot be proved is refused, and that is a fault here: the message says "would".
 * Values are told from other texts by the word "canary" in them.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose/plan/plan.h"
#include "compose/project.h"

#include "core/banned.h"

#define VARIABLES_MAX 32
#define FILES_MAX     16
#define OUTPUT_MAX    ((size_t)32 * 1024 * 1024)
#define MARK          "canary"

enum part { CALLER, ENV, COMPOSE, OTHER, PART_MAX };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The files, as they are before the plan or after it. */
struct files {
    struct sc_bytes part[PART_MAX];
    const char *environment[VARIABLES_MAX + 1];
    const struct sc_plan *plan; /* its new texts come first */
    struct sc_reader reader;
    struct sc_compose_options load;
};

struct run {
    struct files *files;
    struct sc_project *project;
    struct sc_plan *plan;
    struct sc_buf rendered;
};

static void require(bool ok, const char *what, const struct sc_error *err)
{
    if (!ok) {
        fprintf(stderr, "%s: %s\n", what, err != NULL ? sc_error_message(err) : "");
        abort();
    }
}

/* ---- the project's files ---- */

static bool ends_with(const char *path, const char *tail)
{
    size_t len = strlen(path), n = strlen(tail);
    return len >= n && strcmp(path + len - n, tail) == 0;
}

static enum part part_of(const char *path)
{
    if (ends_with(path, ".env"))
        return ENV;
    if (ends_with(path, "/compose.yml"))
        return COMPOSE;
    return ends_with(path, ".yml") ? OTHER : PART_MAX;
}

static int read_file(void *ctx, const char *path, struct sc_buf *out, struct sc_error *err)
{
    const struct files *files = ctx;
    for (size_t i = 0; files->plan != NULL && i < files->plan->file_count; i++) {
        const struct sc_plan_file *file = &files->plan->files[i];
        if (file->changed && strcmp(file->path, path) == 0) {
            sc_buf_append(out, sc_buf_text(&file->after), file->after.len);
            return sc_buf_status(out, err);
        }
    }
    enum part part = part_of(path);
    if (part == PART_MAX || files->part[part].ptr == NULL)
        return sc_fail(err, SC_E_NOTFOUND, "no such file");
    sc_buf_append(out, files->part[part].ptr, files->part[part].len);
    return sc_buf_status(out, err);
}

static enum sc_path_kind kind_of(void *ctx, const char *path)
{
    const struct files *files = ctx;
    enum part part = part_of(path);
    return part != PART_MAX && files->part[part].ptr != NULL ? SC_PATH_FILE : SC_PATH_NONE;
}

/* NAME=value lines. */
static void set_environment(struct files *files, struct sc_stash *pool)
{
    const char *text = (const char *)files->part[CALLER].ptr;
    size_t count = 0;
    for (size_t at = 0; at < files->part[CALLER].len && count < VARIABLES_MAX;) {
        const char *newline = memchr(text + at, '\n', files->part[CALLER].len - at);
        size_t end = newline == NULL ? files->part[CALLER].len : (size_t)(newline - text);
        const char *line = sc_stash_dup(pool, text + at, end - at, NULL);
        require(line != NULL, "memory", NULL);
        if (strchr(line, '=') != NULL)
            files->environment[count++] = line;
        at = end + 1;
    }
}

/* Cuts the input; false without a Compose file. */
static bool set_parts(struct files *files, struct sc_bytes input)
{
    for (int i = CALLER; i < PART_MAX && input.ptr != NULL; i++) {
        const unsigned char *mark = i < OTHER ? memmem(input.ptr, input.len, "%%\n", 3) : NULL;
        size_t len = mark != NULL ? (size_t)(mark - input.ptr) : input.len;
        files->part[i] = (struct sc_bytes){input.ptr, len};
        input = mark != NULL ? (struct sc_bytes){mark + 3, input.len - len - 3}
                             : (struct sc_bytes){NULL, 0};
    }
    return files->part[COMPOSE].ptr != NULL;
}

/* ---- what a plan needs ---- */

static int read_secret(const char *path, void *ctx, struct sc_secret *ret, struct sc_error *err)
{
    (void)ctx;
    (void)path;
    return sc_secret_append(ret, "canary-file", 11, err);
}

/* What any image starts, but for those that nobody knows. */
static int image_start(const char *image, void *ctx, struct sc_image_start *ret,
                       struct sc_error *err)
{
    (void)ctx;
    if (strstr(image, "unknown") != NULL)
        return sc_fail(err, SC_E_NOTFOUND, "no such image");
    int rc = sc_strv_add(&ret->entrypoint, "/entry$point", err);
    return rc == 0 ? sc_strv_add(&ret->command, "server", err) : rc;
}

static void make_plan(struct run *run, const char *shim)
{
    struct sc_plan_source sources[FILES_MAX], given[2];
    const struct sc_project *project = run->project;
    struct sc_plan_options options = {
        .scope = "app",
        .mount = "/run/secretsctl",
        .shim = shim,
        .project = project,
        .load = &run->files->load,
        .read_secret = read_secret,
        .start = image_start,
    };
    size_t count = 0;
    for (size_t i = 0; i < project->file_count && count < run->files->load.file_count; i++) {
        const struct sc_project_file *file = project->files[i];
        if (file->kind == SC_FILE_COMPOSE)
            given[count++] = (struct sc_plan_source){
                .path = file->path,
                .display = file->display,
                .text = {(const unsigned char *)file->text, file->size},
            };
    }
    if (project->file_count + count > FILES_MAX)
        return;
    struct sc_error err = {0};
    count = sc_plan_sources(given, count, &options, sources);
    int rc = sc_plan_make(sources, count, &options, &run->plan, &err);
    require(rc != SC_E_BUG && rc != SC_E_NOMEM && strstr(sc_error_message(&err), "would") == NULL &&
                strstr(sc_error_message(&err), "rewritten") == NULL,
            "no plan", &err);
}

/* Loads, renders, and plans; false where there is no project or no plan. */
static bool start(struct run *run, struct files *files, const char *shim)
{
    struct sc_error err = {0};
    run->files = files;
    run->rendered = (struct sc_buf)SC_BUF_INIT(OUTPUT_MAX);
    int rc = sc_compose_load(&files->load, &run->project, &err);
    if (rc < 0)
        return false;
    const struct sc_render render = {.format = SC_RENDER_YAML};
    rc = sc_compose_render(run->project, &render, &run->rendered, &err);
    if (rc < 0)
        return false;
    make_plan(run, shim);
    return run->plan != NULL;
}

static void end(struct run *run)
{
    sc_plan_freep(&run->plan);
    sc_project_freep(&run->project);
    sc_buf_done(&run->rendered);
}

/* ---- checks ---- */

static size_t count_of(struct sc_bytes text, struct sc_bytes value)
{
    size_t count = 0;
    const unsigned char *end = text.ptr + text.len;
    for (const unsigned char *p = memmem(text.ptr, text.len, value.ptr, value.len); p != NULL;
         p = memmem(p + 1, (size_t)(end - p) - 1, value.ptr, value.len))
        count++;
    return count;
}

/* A value that stands once in all files, and in no name that the plan made. With a placeholder of
 * ours in it, it is taken for filled in already. */
static bool is_told_apart(const struct run *run, struct sc_bytes value)
{
    size_t count = 0;
    if (memmem(value.ptr, value.len, MARK, strlen(MARK)) == NULL ||
        memmem(value.ptr, value.len, "{{", 2) != NULL)
        return false;
    for (int i = CALLER; i < PART_MAX; i++) {
        if (run->files->part[i].ptr != NULL)
            count += count_of(run->files->part[i], value);
    }
    for (size_t i = 0; i < run->plan->secret_count; i++)
        count += strstr(run->plan->secrets[i].name, MARK) != NULL;
    return count == 1;
}

/* What is shown to people has no value in it. */
static void check_shown(const struct run *run, struct sc_bytes value)
{
    for (size_t i = 0; i < run->plan->item_count; i++) {
        const struct sc_plan_item *item = &run->plan->items[i];
        const char *const texts[] = {item->key,    item->where,  item->class, item->secret,
                                     item->change, item->reason, item->note};
        for (size_t k = 0; k < SC_ARRAY_SIZE(texts); k++) {
            const struct sc_bytes text = {(const unsigned char *)texts[k],
                                          texts[k] != NULL ? strlen(texts[k]) : 0};
            require(texts[k] == NULL || count_of(text, value) == 0, "a value is shown", NULL);
        }
    }
    for (size_t i = 0; i < run->plan->file_count; i++) {
        static const struct sc_diff_paint plain = {"", "", "", "", ""};
        SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(OUTPUT_MAX);
        struct sc_error err = {0};
        require(sc_plan_diff(run->plan, i, &plain, false, &out, &err) == 0, "diff", &err);
        require(out.len == 0 || count_of(sc_buf_view(&out), value) == 0, "the diff has a value",
                NULL);
    }
}

/* Whether one text may be the value of several places, some of which need not show that. */
static bool is_written_once(const struct run *run)
{
    const struct sc_bytes *part = run->files->part;
    bool once = true;
    for (int i = COMPOSE; i < PART_MAX && once; i++)
        once = part[i].ptr == NULL || memchr(part[i].ptr, '*', part[i].len) == NULL;
    for (size_t i = 0; i < run->plan->item_count && once; i++)
        once = run->plan->items[i].action != SC_PLAN_REPORT;
    return once && part[CALLER].len == 0 && part[ENV].len == 0;
}

static void check_moved(const struct run *before, const struct run *after)
{
    const struct sc_bytes old = sc_buf_view(&before->rendered), new = sc_buf_view(&after->rendered);
    for (size_t i = 0; i < before->plan->secret_count; i++) {
        const struct sc_plan_secret *secret = &before->plan->secrets[i];
        struct sc_bytes value = sc_secret_view(&secret->value);
        if (secret->is_template || !is_told_apart(before, value))
            continue;
        check_shown(before, value);
        size_t was = count_of(old, value), is = count_of(new, value);
        require(is < was || was == 0, "it is there still", NULL);
        require(is == 0 || !is_written_once(before), "it is there, and nothing says so", NULL);
    }
}

static void check(struct files *files, const char *shim)
{
    struct run before = {0}, after = {0};
    if (start(&before, files, shim)) {
        struct files changed = *files;
        changed.plan = before.plan;
        changed.reader.ctx = &changed;
        changed.load.reader = &changed.reader;
        require(start(&after, &changed, shim), "no second plan", NULL);
        check_moved(&before, &after);
        require(sc_plan_moves(after.plan) == 0, "a second run moves", NULL);
        for (size_t i = 0; i < after.plan->file_count; i++)
            require(!after.plan->files[i].changed, "a second run changes", NULL);
        end(&after);
    }
    end(&before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"compose.yml", "other.yml"};
    SC_CLEANUP(sc_stash_done) struct sc_stash pool = {0};
    struct files files = {0};
    if (!set_parts(&files, (struct sc_bytes){data, size}))
        return 0;
    set_environment(&files, &pool);
    files.reader = (struct sc_reader){.read = read_file, .kind = kind_of, .ctx = &files};
    bool named = memmem(files.part[COMPOSE].ptr, files.part[COMPOSE].len, names[1],
                        strlen(names[1])) != NULL;
    files.load = (struct sc_compose_options){
        .files = names,
        .file_count = files.part[OTHER].ptr != NULL && !named ? 2 : 1,
        .working_directory = "/p",
        .environment = files.environment,
        .reader = &files.reader,
        .all = true,
        .tolerant = true,
    };
    check(&files, size % 4 == 0 ? NULL : "/usr/lib/secretsctl/secretsctl-shim");
    return 0;
}
