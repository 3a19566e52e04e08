/* SPDX-License-Identifier: Apache-2.0
 *
 * import: many entries out of one source, in one commit.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/entry/transfer.h"
#include "cli/output.h"
#include "cli/unlock.h"
#include "core/fd.h"
#include "core/fsutil.h"
#include "core/json.h"

#include "core/banned.h"

#define ANSWER_MAX   ((size_t)4096)
#define DOCUMENT_MAX ((size_t)64 * 1024 * 1024)

enum format {
    FORMAT_ENV,
    FORMAT_JSON,
    FORMAT_YAML,
    FORMAT_COMPOSE,
    FORMAT_DIR,
    FORMAT_PASS,
    FORMAT_AGE
};

static const char *const format_names[] = {
    [FORMAT_ENV] = "env",         [FORMAT_JSON] = "json", [FORMAT_YAML] = "yaml",
    [FORMAT_COMPOSE] = "compose", [FORMAT_DIR] = "dir",   [FORMAT_PASS] = "pass",
    [FORMAT_AGE] = "age"};

/* By what the name says; a folder is a store of pass when it is marked as one. */
static int guess_format(const char *path, enum format *ret, struct sc_error *err)
{
    static const struct {
        const char *suffix;
        enum format format;
    } suffixes[] = {{".env", FORMAT_ENV}, {".json", FORMAT_JSON}, {".age", FORMAT_AGE}};
    struct stat st = {0};
    if (stat(path, &st) < 0 && errno == ENOENT && strcmp(path, "-") != 0)
        return sc_fail_errno(err, "cannot open '%s'", path);
    if (S_ISDIR(st.st_mode)) {
        SC_CLEANUP(sc_str_freep) char *mark = sc_path_join(path, ".gpg-id", err);
        if (mark == NULL)
            return SC_E_NOMEM;
        *ret = access(mark, F_OK) == 0 ? FORMAT_PASS : FORMAT_DIR;
        return 0;
    }
    for (size_t i = 0; i < SC_ARRAY_SIZE(suffixes); i++) {
        if (sc_str_has_suffix(path, suffixes[i].suffix)) {
            *ret = suffixes[i].format;
            return 0;
        }
    }
    if (sc_str_has_suffix(path, ".yml") || sc_str_has_suffix(path, ".yaml"))
        return sc_fail(err, SC_E_USAGE,
                       "'%s' may be a Compose file or hold the values itself: give --format "
                       "compose or yaml",
                       path);
    return sc_fail(err, SC_E_USAGE, "what '%s' is cannot be told from its name; give --format",
                   path);
}

static int choose_format(const struct sc_import_options *given, const char *path, enum format *ret,
                         struct sc_error *err)
{
    if (given->format == NULL)
        return guess_format(path, ret, err);
    for (size_t i = 0; i < SC_ARRAY_SIZE(format_names); i++) {
        if (sc_str_equal(given->format, format_names[i]))
            *ret = (enum format)i;
    }
    return 0;
}

static int read_json(const char *path, const struct sc_transfer_target *to, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret text = {0};
    int rc = sc_import_read(path, &text, err);
    return rc < 0 ? rc : sc_transfer_read_json(sc_secret_view(&text), path, to, err);
}

/* Everything but the archive: into a list, outside of any transaction. */
static int collect(enum format format, const char *path, const struct sc_transfer_target *to,
                   struct sc_error *err)
{
    switch (format) {
    case FORMAT_ENV:
        return sc_import_env(path, to, err);
    case FORMAT_JSON:
        return read_json(path, to, err);
    case FORMAT_YAML:
        return sc_import_yaml(path, to, err);
    case FORMAT_COMPOSE:
        return sc_import_compose(path, to, err);
    case FORMAT_DIR:
        return sc_transfer_read_folder(path, to, err);
    case FORMAT_PASS:
        return sc_transfer_read_pass(path, to, err);
    case FORMAT_AGE:
    default:
        return sc_fail(err, SC_E_BUG, "an archive is not collected");
    }
}

static int read_archive(const char *path, const char *identity_file, sc_transfer_fn fn, void *ctx,
                        struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret text = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret keys = {0};
    SC_CLEANUP(sc_fd_closep) int fd = -1;
    if (identity_file == NULL)
        return sc_fail(err, SC_E_USAGE, "an archive is opened by --age-identity FILE");
    int rc = sc_cli_read_key("--age-identity", identity_file, &text, err);
    if (rc == 0)
        rc = sc_age_identities_parse(sc_secret_view(&text), &keys, err);
    if (rc < 0)
        return rc; /* the identity's fault: the archive is not to be named */
    rc = sc_file_open_read(path, &fd, NULL, err);
    const struct sc_age_identities with = {.keys = &keys};
    if (rc == 0)
        rc = sc_transfer_archive_read(&with, sc_age_read_fd(&fd), fn, ctx, err);
    return rc < 0 ? sc_wrap(err, rc, "'%s'", path) : 0;
}

/* What is given where it ends up: the list in most cases, the vault or the screen. */
struct source {
    enum format format;
    const char *path;
    const char *identity_file;
    struct sc_transfer_list *list; /* collected already, unless an archive */
};

static int give_all(const struct source *source, sc_transfer_fn fn, void *ctx, struct sc_error *err)
{
    if (source->format == FORMAT_AGE)
        return read_archive(source->path, source->identity_file, fn, ctx, err);
    return sc_transfer_each(source->list, fn, ctx, err);
}

/* ctx: where the names go as JSON; or NULL */
static int print_name(const struct sc_transfer_item *item, void *ctx, struct sc_error *err)
{
    (void)err;
    if (ctx != NULL)
        sc_json_string(ctx, item->name);
    else
        sc_out("%s\n", item->name);
    return 0;
}

static int print_names(const struct sc_cli *cli, const struct source *source, struct sc_error *err)
{
    if (!cli->globals.json)
        return give_all(source, print_name, NULL, err);
    SC_CLEANUP(sc_buf_done) struct sc_buf buf = SC_BUF_INIT(DOCUMENT_MAX);
    struct sc_json json;
    sc_json_init(&json, &buf);
    sc_json_array_begin(&json);
    int rc = give_all(source, print_name, &json, err);
    sc_json_array_end(&json);
    return rc < 0 ? rc : sc_out_json(&buf, err);
}

static int write_all(struct sc_vault *vault, const struct source *source,
                     struct sc_transfer_writer *writer, struct sc_error *err)
{
    int rc = sc_vault_begin(vault, err);
    if (rc < 0)
        return rc;
    rc = give_all(source, sc_transfer_write, writer, err);
    if (rc < 0 || writer->added + writer->replaced == 0) {
        sc_vault_rollback(vault);
        return rc;
    }
    return sc_vault_commit(vault, err);
}

static int report(const struct sc_cli *cli, const struct sc_transfer_writer *writer,
                  struct sc_error *err)
{
    if (!cli->globals.json) {
        sc_note(cli, "%zu added, %zu replaced, %zu skipped, %zu there already", writer->added,
                writer->replaced, writer->skipped, writer->same);
        return 0;
    }
    SC_CLEANUP(sc_buf_done) struct sc_buf buf = SC_BUF_INIT(ANSWER_MAX);
    struct sc_json json;
    sc_json_init(&json, &buf);
    sc_json_object_begin(&json);
    sc_json_pair_int(&json, "added", (int64_t)writer->added);
    sc_json_pair_int(&json, "replaced", (int64_t)writer->replaced);
    sc_json_pair_int(&json, "skipped", (int64_t)writer->skipped);
    sc_json_pair_int(&json, "same", (int64_t)writer->same);
    sc_json_object_end(&json);
    return sc_out_json(&buf, err);
}

static enum sc_transfer_conflict conflict_of(const char *text)
{
    if (sc_str_equal(text, "skip"))
        return SC_TRANSFER_SKIP;
    return sc_str_equal(text, "replace") ? SC_TRANSFER_REPLACE : SC_TRANSFER_FAIL;
}

static int check_options(const struct sc_import_options *given, enum format format,
                         struct sc_error *err)
{
    if (given->scope != NULL && format == FORMAT_AGE)
        return sc_fail(err, SC_E_USAGE, "the names of an archive have their scopes: no --scope");
    return given->scope != NULL ? sc_name_check(given->scope, 1, err) : 0;
}

/* Stored as they stand, such values would look as if they had been brought over. */
static int take(const struct sc_transfer_item *item, void *ctx, struct sc_error *err)
{
    static const char mark[] = "ENC[AES256_GCM,";
    const struct source *source = ctx;
    struct sc_bytes value = sc_secret_view(item->value);
    if (value.len >= sizeof(mark) - 1 && memcmp(value.ptr, mark, sizeof(mark) - 1) == 0)
        return sc_fail(err, SC_E_FAILED,
                       "'%s' is encrypted by SOPS; give it decrypted: sops -d FILE | secretsctl "
                       "import --format %s -",
                       item->name, source->format == FORMAT_ENV ? "env" : "yaml");
    return sc_transfer_collect(item, source->list, err);
}

int sc_cmd_import(struct sc_cli *cli, const void *options, int count, char **operands,
                  struct sc_error *err)
{
    (void)count;
    const struct sc_import_options *given = options;
    struct source source = {.path = operands[0], .identity_file = given->age_identity};
    int rc = choose_format(given, source.path, &source.format, err);
    if (rc == 0)
        rc = check_options(given, source.format, err);
    if (rc < 0)
        return rc;
    SC_CLEANUP(sc_transfer_list_done) struct sc_transfer_list list = {0};
    source.list = &list;
    const struct sc_transfer_target to = {
        .fn = take, .ctx = &source, .scope = given->scope, .loose = source.format == FORMAT_PASS};
    if (source.format != FORMAT_AGE)
        rc = collect(source.format, source.path, &to, err);
    if (rc == 0 && given->dry_run)
        return print_names(cli, &source, err);
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    if (rc == 0)
        rc = sc_cli_open_vault(cli, SC_VAULT_WRITE, &vault, err);
    struct sc_transfer_writer writer = {.vault = vault,
                                        .conflict = conflict_of(given->on_conflict),
                                        .reason = given->reason != NULL ? given->reason : "import"};
    if (rc == 0)
        rc = write_all(vault, &source, &writer, err);
    return rc < 0 ? rc : report(cli, &writer, err);
}
