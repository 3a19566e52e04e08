/* SPDX-License-Identifier: Apache-2.0
 *
 * export: entries as env lines, JSON, files, or an archive for the bad day.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/entry/entry.h"
#include "cli/entry/transfer.h"
#include "cli/output.h"
#include "cli/unlock.h"
#include "core/fd.h"
#include "core/fsutil.h"

#include "core/banned.h"

#define NAME_TEXT_MAX ((size_t)8192)

/* One export: the text so far, or the folder. */
struct job {
    struct sc_vault *vault;
    struct sc_secret text;
    const char *folder;
    struct sc_strv variables; /* "VARIABLE name" of each env line */
    size_t count;
};

static bool is_text(const struct sc_secret *value)
{
    return sc_str_is_utf8((const char *)value->ptr, value->len) &&
           (value->len == 0 || memchr(value->ptr, '\0', value->len) == NULL);
}

static int append(struct sc_secret *text, const char *more, struct sc_error *err)
{
    return sc_secret_append(text, more, strlen(more), err);
}

/* The value between quotes; `escape` says what stands for a byte, NULL for itself. */
static int append_quoted(struct sc_secret *text, const struct sc_secret *value,
                         const char *(*escape)(unsigned char c, char room[8]), struct sc_error *err)
{
    char room[8];
    int rc = append(text, "\"", err);
    for (size_t i = 0; rc == 0 && i < value->len; i++) {
        const char *instead = escape(value->ptr[i], room);
        rc = instead != NULL ? append(text, instead, err)
                             : sc_secret_append(text, value->ptr + i, 1, err);
    }
    sc_wipe(room, sizeof(room));
    return rc < 0 ? rc : append(text, "\"", err);
}

static const char *escape_json(unsigned char c, char room[8])
{
    if (c == '"')
        return "\\\"";
    if (c == '\\')
        return "\\\\";
    if (c >= 0x20 && c != 0x7f)
        return NULL;
    snprintf(room, 8, "\\u%04x", (unsigned)c);
    return room;
}

/* Double quotes as Compose and a shell both read them. */
static const char *escape_env(unsigned char c, char room[8])
{
    (void)room;
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '$':
        return "\\$";
    case '`':
        return "\\`";
    default:
        return NULL;
    }
}

static int add_json(struct job *job, const char *name, const struct sc_secret *value,
                    struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf key = SC_BUF_INIT(NAME_TEXT_MAX);
    if (!is_text(value))
        return sc_fail(err, SC_E_UNSUPPORTED,
                       "'%s' is not text, which JSON cannot hold; use --format dir or --age", name);
    sc_buf_printf(&key, "%s\n  \"%s\": ", job->count > 0 ? "," : "", name);
    int rc = sc_buf_status(&key, err);
    if (rc == 0)
        rc = append(&job->text, key.data, err);
    return rc < 0 ? rc : append_quoted(&job->text, value, escape_json, err);
}

static int add_env(struct job *job, const char *name, const struct sc_secret *value,
                   struct sc_error *err)
{
    char variable[SC_NAME_PART_MAX + 1];
    if (!is_text(value))
        return sc_fail(err, SC_E_UNSUPPORTED,
                       "'%s' is not text, which a variable cannot hold; use --format dir or --age",
                       name);
    int rc = sc_name_to_variable(variable, sc_name_leaf(name), err);
    SC_CLEANUP(sc_str_freep)
    char *line = rc == 0 ? sc_str_printf(err, "%s %s", variable, name) : NULL;
    if (rc == 0)
        rc = line != NULL ? sc_strv_add(&job->variables, line, err) : SC_E_NOMEM;
    if (rc == 0)
        rc = append(&job->text, variable, err);
    if (rc == 0)
        rc = append(&job->text, "=", err);
    if (rc == 0)
        rc = append_quoted(&job->text, value, escape_env, err);
    return rc < 0 ? rc : append(&job->text, "\n", err);
}

static int add_file(struct job *job, const char *name, const struct sc_secret *value,
                    struct sc_error *err)
{
    const struct sc_file_attr attr = {.mode = 0600};
    SC_CLEANUP(sc_str_freep) char *path = sc_path_join(job->folder, name, err);
    SC_CLEANUP(sc_str_freep) char *dir = path != NULL ? sc_path_dirname(path, err) : NULL;
    if (dir == NULL)
        return SC_E_NOMEM;
    int rc = sc_dir_make(dir, 0700, err);
    return rc < 0 ? rc : sc_file_create(path, sc_secret_view(value), &attr, err);
}

typedef int (*add_fn)(struct job *job, const char *name, const struct sc_secret *value,
                      struct sc_error *err);

static int add_name(const struct sc_entry_info *info, void *ctx, struct sc_error *err)
{
    return sc_strv_add(ctx, info->name, err);
}

static int add_all(struct job *job, const char *prefix, add_fn add, struct sc_error *err)
{
    SC_CLEANUP(sc_strv_done) struct sc_strv names = {0};
    int rc = sc_vault_list(job->vault, prefix, add_name, &names, err);
    for (size_t i = 0; rc == 0 && i < names.count; i++) {
        SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
        rc = sc_vault_get(job->vault, names.items[i], 0, &value, NULL, err);
        if (rc == 0)
            rc = add(job, names.items[i], &value, err);
        job->count += rc == 0;
    }
    return rc;
}

/* Ciphertext too: a terminal makes nothing of it. */
static int check_terminal(const struct sc_export_options *given, struct sc_error *err)
{
    if (given->output == NULL && isatty(STDOUT_FILENO) == 1 && !given->reveal)
        return sc_fail(err, SC_E_USAGE,
                       "secrets are not shown on the terminal unless you ask: --reveal");
    return 0;
}

static int write_text(const struct job *job, const struct sc_export_options *given,
                      struct sc_error *err)
{
    const struct sc_file_attr attr = {.mode = 0600};
    if (given->output != NULL)
        return sc_file_create(given->output, sc_secret_view(&job->text), &attr, err);
    int rc = sc_out_flush(err);
    return rc < 0 ? rc : sc_secret_write_fd(&job->text, STDOUT_FILENO, err);
}

/* Of two lines for one variable whoever reads the file would drop one value. */
static int check_variables(struct sc_strv *variables, struct sc_error *err)
{
    sc_strv_sort(variables);
    for (size_t i = 1; i < variables->count; i++) {
        const char *one = variables->items[i - 1], *other = variables->items[i];
        size_t len = strcspn(one, " ") + 1;
        if (strncmp(one, other, len) == 0)
            return sc_fail(err, SC_E_USAGE,
                           "'%s' and '%s' would both be the variable %.*s; export one scope",
                           one + len, other + len, (int)len - 1, one);
    }
    return 0;
}

static int export_text(struct job *job, const struct sc_export_options *given, const char *prefix,
                       bool json, struct sc_error *err)
{
    int rc = json ? append(&job->text, "{", err) : 0;
    if (rc == 0)
        rc = add_all(job, prefix, json ? add_json : add_env, err);
    if (rc == 0 && json)
        rc = append(&job->text, job->count > 0 ? "\n}\n" : "}\n", err);
    if (rc == 0)
        rc = check_variables(&job->variables, err);
    return rc < 0 ? rc : write_text(job, given, err);
}

static int export_folder(struct job *job, const struct sc_export_options *given, const char *prefix,
                         struct sc_error *err)
{
    if (given->output == NULL)
        return sc_fail(err, SC_E_USAGE, "--format dir needs --output DIR");
    if (mkdir(given->output, 0700) < 0)
        return sc_fail_errno(err, "cannot make the folder '%s'", given->output);
    job->folder = given->output;
    return add_all(job, prefix, add_file, err);
}

static int parse_recipients(const struct sc_strv *texts, unsigned char *keys, struct sc_error *err)
{
    if (texts->count > SC_AGE_RECIPIENTS_MAX)
        return sc_fail(err, SC_E_TOOBIG, "more than %d recipients", SC_AGE_RECIPIENTS_MAX);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < texts->count; i++)
        rc = sc_age_recipient_parse(texts->items[i], keys + i * SC_AGE_PUBLIC_SIZE, err);
    return rc < 0 ? sc_wrap(err, SC_E_USAGE, "--age") : 0;
}

/* A file under another name until it is whole: an archive that ends early must not look like one.
 */
static int export_archive(struct job *job, const struct sc_export_options *given,
                          const char *prefix, struct sc_error *err)
{
    unsigned char keys[SC_AGE_RECIPIENTS_MAX * SC_AGE_PUBLIC_SIZE];
    int rc = parse_recipients(&given->recipients, keys, err);
    if (rc < 0)
        return rc;
    const struct sc_age_recipients to = {.keys = keys, .count = given->recipients.count};
    if (given->output == NULL) {
        int out = STDOUT_FILENO;
        return sc_transfer_archive_write(job->vault, prefix, &to, sc_age_write_fd(&out),
                                         &job->count, err);
    }
    SC_CLEANUP(sc_str_freep) char *partial = sc_str_printf(err, "%s.partial", given->output);
    if (partial == NULL)
        return SC_E_NOMEM;
    SC_CLEANUP(sc_fd_closep) int fd = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return sc_fail_errno(err, "cannot create '%s'", partial);
    rc = sc_transfer_archive_write(job->vault, prefix, &to, sc_age_write_fd(&fd), &job->count, err);
    if (rc == 0 && fsync(fd) < 0)
        rc = sc_fail_errno(err, "cannot flush '%s'", partial);
    if (rc == 0 && link(partial, given->output) < 0)
        rc = sc_fail_errno(err, "cannot create '%s'", given->output);
    unlink(partial);
    return rc < 0 ? rc : sc_dir_sync_parent(given->output, err);
}

static int count_one(const struct sc_entry_info *info, void *ctx, struct sc_error *err)
{
    (void)info;
    (void)err;
    ++*(size_t *)ctx;
    return 0;
}

/* An empty file would be taken for what was asked for. */
static int check_matches(struct sc_vault *vault, const char *prefix, struct sc_error *err)
{
    size_t found = 0;
    if (prefix[0] == '\0')
        return 0;
    int rc = sc_vault_list(vault, prefix, count_one, &found, err);
    if (rc == 0 && found == 0)
        rc = sc_fail(err, SC_E_NOTFOUND, "there is no entry at or below '%s'", prefix);
    return rc;
}

/* The format that the name of a new file tells, as for import; NULL if it tells none. */
static const char *format_of_name(const char *path)
{
    if (path == NULL)
        return NULL;
    return sc_str_has_suffix(path, ".json")  ? "json"
           : sc_str_has_suffix(path, ".env") ? "env"
                                             : NULL;
}

int sc_cmd_export(struct sc_cli *cli, const void *options, int count, char **operands,
                  struct sc_error *err)
{
    const struct sc_export_options *given = options;
    const char *prefix = count > 0 ? operands[0] : "";
    const char *format = given->format;
    bool archive = given->recipients.count > 0;
    const char *told = format_of_name(given->output);
    int rc = archive ? 0 : sc_out_format(cli, given->format, told, &format, err);
    if (rc < 0)
        return rc;
    if (archive == (format != NULL))
        return sc_fail(err, SC_E_USAGE, "give --format env, json or dir, or --age RECIPIENT");
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    rc = sc_entry_prefix_check(prefix, err);
    if (rc == 0)
        rc = check_terminal(given, err);
    if (rc == 0)
        rc = sc_cli_open_vault(cli, SC_VAULT_READ, &vault, err);
    if (rc == 0)
        rc = check_matches(vault, prefix, err);
    if (rc < 0)
        return rc;
    struct job job = {.vault = vault};
    if (archive)
        rc = export_archive(&job, given, prefix, err);
    else if (sc_str_equal(format, "dir"))
        rc = export_folder(&job, given, prefix, err);
    else
        rc = export_text(&job, given, prefix, sc_str_equal(format, "json"), err);
    sc_secret_done(&job.text);
    sc_strv_done(&job.variables);
    if (rc == 0)
        sc_note(cli, "%zu %s exported", job.count, job.count == 1 ? "entry" : "entries");
    return rc;
}
