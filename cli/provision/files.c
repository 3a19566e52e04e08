/* SPDX-License-Identifier: Apache-2.0
 *
 * provision and write: the vault's entries as files in memory, and what has to be started again.
 */
#include "cli/provision/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/place.h"
#include "cli/provision/mount.h"
#include "cli/unlock.h"
#include "core/fsutil.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/parse.h"
#include "provision/writer.h"

#include "core/banned.h"

#define DOCUMENT_MAX ((size_t)256 * 1024 * 1024)

/* One run and its outcome. */
struct run {
    struct sc_cli *cli;
    const struct sc_files_options *options;
    const char *dir; /* absolute */
    bool mount;
    struct sc_tmpfs place;
    struct sc_layout layout;
    struct sc_stale_list stale;
};

static int open_place(struct run *run, struct sc_error *err)
{
    uint64_t quota = SC_TMPFS_QUOTA_DEFAULT;
    uint32_t mode = SC_TMPFS_MODE_DEFAULT;
    int rc = 0;
    if (run->options->size != NULL)
        rc = sc_parse_size(run->options->size, "--size", &quota, err);
    if (rc == 0 && run->options->dir_mode != NULL)
        rc = sc_parse_mode(run->options->dir_mode, "--dir-mode", &mode, err);
    for (size_t i = 0; rc == 0 && i < run->options->scopes.count; i++)
        rc = sc_name_check(run->options->scopes.items[i], 1, err);
    if (rc < 0)
        return rc;
    if (!run->mount)
        return sc_tmpfs_open(run->dir, quota, &run->place, err);
    return sc_tmpfs_mount_once(run->dir, quota, mode, &run->place, err);
}

static int write_values(struct run *run, struct sc_error *err)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    int rc = sc_cli_open_vault(run->cli, SC_VAULT_READ, &vault, err);
    if (rc < 0)
        return rc;
    /* The place is opened after the vault: a vault that stays locked mounts nothing. */
    rc = open_place(run, err);
    if (rc < 0)
        return rc;
    if (run->place.swap == SC_TMPFS_SWAP_MAYBE)
        sc_note(run->cli, "'%s' may be swapped to a disk; switch swap off or encrypt it", run->dir);
    unsigned char id[SC_VAULT_ID_SIZE];
    char id_text[2 * SC_VAULT_ID_SIZE + 1];
    sc_vault_id(vault, id);
    sc_hex(id_text, id, sizeof(id));
    struct sc_source source = sc_vault_source(vault);
    source.id = id_text;
    return sc_provision_write(&run->place, &source, &run->options->scopes, &run->layout, err);
}

static void write_json(const struct run *run, struct sc_json *json)
{
    char mode[16];
    sc_json_object_begin(json);
    sc_json_pair_int(json, "version", 1);
    sc_json_pair_string(json, "directory", run->dir);
    sc_json_pair_string(json, "filesystem", run->place.ramfs ? "ramfs" : "tmpfs");
    sc_json_pair_bool(json, "mounted", run->place.fresh);
    sc_json_pair_string(json, "swap", sc_tmpfs_swap_name(run->place.swap));
    sc_json_key(json, "entries");
    sc_json_array_begin(json);
    for (size_t i = 0; i < run->layout.count; i++) {
        const struct sc_layout_entry *entry = &run->layout.entries[i];
        bool removed = entry->state == SC_LAYOUT_REMOVED;
        snprintf(mode, sizeof(mode), "%04o", (unsigned)entry->mode);
        sc_json_object_begin(json);
        sc_json_pair_string(json, "name", entry->name);
        sc_json_pair_string(json, "state", sc_layout_state_name(entry->state));
        if (!removed) {
            sc_json_pair_int(json, "uid", entry->uid);
            sc_json_pair_int(json, "gid", entry->gid);
            sc_json_pair_string(json, "mode", mode);
            sc_json_pair_bool(json, "due", entry->due);
        }
        sc_json_object_end(json);
    }
    sc_json_array_end(json);
    sc_json_key(json, "foreign");
    sc_json_array_begin(json);
    for (size_t i = 0; i < run->layout.foreign.count; i++)
        sc_json_string(json, run->layout.foreign.items[i]);
    sc_json_array_end(json);
    sc_json_key(json, "stale");
    sc_json_array_begin(json);
    for (size_t i = 0; i < run->stale.count; i++) {
        sc_json_object_begin(json);
        sc_json_pair_string(json, "container", run->stale.items[i].container);
        sc_json_pair_string(json, "service", run->stale.items[i].service);
        sc_json_pair_string(json, "path", run->stale.items[i].path);
        sc_json_object_end(json);
    }
    sc_json_array_end(json);
    sc_json_object_end(json);
}

static int print_json(const struct run *run, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(DOCUMENT_MAX);
    struct sc_json json;
    sc_json_init(&json, &out);
    write_json(run, &json);
    sc_buf_putc(&out, '\n');
    int rc = sc_buf_status(&out, err);
    if (rc == 0)
        sc_out_buf(&out);
    return rc;
}

static void freep(char **text)
{
    free(*text);
}

static int print_table(const struct run *run, struct sc_error *err)
{
    static const char *const headers[] = {"STATE", "FILE", "OWNER", "MODE"};
    SC_CLEANUP(sc_table_freep) struct sc_table *table = sc_table_new(headers, 4, err);
    if (table == NULL)
        return SC_E_NOMEM;
    for (size_t i = 0; i < run->layout.count; i++) {
        const struct sc_layout_entry *entry = &run->layout.entries[i];
        char owner[32] = "-";
        char mode[16] = "-";
        if (entry->state != SC_LAYOUT_REMOVED) {
            snprintf(owner, sizeof(owner), "%u:%u", entry->uid, entry->gid);
            snprintf(mode, sizeof(mode), "%04o", (unsigned)entry->mode);
        }
        SC_CLEANUP(freep) char *path = sc_path_join(run->dir, entry->name, err);
        if (path == NULL)
            return SC_E_NOMEM;
        const char *cells[] = {sc_layout_state_name(entry->state), path, owner, mode};
        int rc = sc_table_add(table, cells, err);
        if (rc < 0)
            return rc;
    }
    sc_table_print(table, run->cli);
    return 0;
}

/* A question on the terminal; no without one. */
static bool agreed(const struct run *run)
{
    char answer[8] = "";
    if (run->cli->globals.no_input || run->cli->globals.json || !isatty(STDIN_FILENO) ||
        !isatty(STDERR_FILENO))
        return false;
    fputs("Restart them now? [y/N] ", stderr);
    fflush(stderr);
    return fgets(answer, sizeof(answer), stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

static int offer_restart(const struct run *run, struct sc_error *err)
{
    for (size_t i = 0, next = 0; i < run->stale.count; i = next) {
        const struct sc_stale *item = &run->stale.items[i];
        for (next = i + 1; next < run->stale.count; next++) {
            if (!sc_str_equal(run->stale.items[next].container, item->container))
                break;
        }
        char more[32] = "";
        if (next - i > 1)
            snprintf(more, sizeof(more), " and %zu more", next - i - 1);
        sc_note(run->cli, "container '%s'%s%s%s still reads the old '%s'%s", item->container,
                item->service != NULL ? " (" : "", item->service != NULL ? item->service : "",
                item->service != NULL ? ")" : "", item->path, more);
    }
    if (run->stale.count == 0 || run->options->no_restart)
        return 0;
    if (run->options->restart || agreed(run)) {
        int rc = sc_stale_restart(&run->stale, err);
        if (rc == 0)
            sc_note(run->cli, "they were restarted");
        return rc;
    }
    sc_note(run->cli,
            "a container that has a file bound sees the new one once it is started again; "
            "--restart does that");
    return 0;
}

static void note_due(const struct run *run)
{
    const char *first = NULL;
    size_t count = 0;
    for (size_t i = run->layout.count; i-- > 0;) {
        if (!run->layout.entries[i].due)
            continue;
        first = run->layout.entries[i].name;
        count++;
    }
    sc_note_due(run->cli, first, count);
}

static int finish(struct run *run, struct sc_error *err)
{
    int rc = sc_stale_find(run->dir, &run->stale, err);
    if (rc == 0)
        rc = run->cli->globals.json ? print_json(run, err) : print_table(run, err);
    if (rc == 0)
        rc = sc_out_flush(err);
    note_due(run);
    for (size_t i = 0; i < run->layout.foreign.count; i++)
        sc_note(run->cli, "scope '%s' there is another vault's and stays; --scope '%s' removes it",
                run->layout.foreign.items[i], run->layout.foreign.items[i]);
    return rc < 0 ? rc : offer_restart(run, err);
}

static int run_files(struct sc_cli *cli, const struct sc_files_options *options, const char *dir,
                     bool mount, struct sc_error *err)
{
    struct run run = {
        .cli = cli, .options = options, .dir = dir, .mount = mount, .place = SC_TMPFS_INIT};
    int rc = write_values(&run, err);
    if (rc == 0)
        rc = finish(&run, err);
    sc_stale_done(&run.stale);
    sc_layout_done(&run.layout);
    sc_tmpfs_done(&run.place);
    return rc;
}

int sc_cmd_provision(struct sc_cli *cli, const void *options, int count, char **operands,
                     struct sc_error *err)
{
    const struct sc_files_options *opt = options;
    SC_CLEANUP(freep)
    char *dir = sc_cli_directory(count > 0 ? operands[0] : NULL, err);
    if (dir == NULL)
        return err->code;
    if (!opt->fuse)
        return run_files(cli, opt, dir, true, err);
    if (opt->scopes.count > 0 || opt->size != NULL || opt->dir_mode != NULL || opt->restart ||
        opt->no_restart)
        return sc_fail(err, SC_E_USAGE,
                       "--fuse serves the whole vault, to those whom a policy allows; the options "
                       "of files in memory do not go with it");
    const struct sc_mount_options mount = {.compose_here = true};
    return sc_cmd_mount(cli, &mount, 1, &dir, err);
}

int sc_cmd_write(struct sc_cli *cli, const void *options, int count, char **operands,
                 struct sc_error *err)
{
    (void)count;
    SC_CLEANUP(freep) char *dir = sc_cli_directory(operands[0], err);
    return dir == NULL ? err->code : run_files(cli, options, dir, false, err);
}
