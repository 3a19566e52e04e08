/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries out of text that the Compose loader reads: env files, YAML, and the files behind
 * `secrets:`.
 */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cli/entry/transfer.h"
#include "cli/envfile.h"
#include "cli/output.h"
#include "compose/project.h"
#include "compose/yaml_doc.h"
#include "core/fsutil.h"

#include "core/banned.h"

#define YAML_DEPTH_MAX 8

int sc_import_read(const char *path, struct sc_secret *ret, struct sc_error *err)
{
    int rc = strcmp(path, "-") == 0
                 ? sc_secret_read_fd(ret, STDIN_FILENO, SC_TRANSFER_FILE_MAX, err)
                 : sc_file_read_secret(path, SC_TRANSFER_FILE_MAX, false, ret, err);
    if (rc == SC_E_TOOBIG)
        return sc_fail(err, rc,
                       "'%s' is over %zu bytes; import it in parts, or from an archive of "
                       "'secretsctl export --age'",
                       path, SC_TRANSFER_FILE_MAX);
    return rc;
}

/* The one document of a YAML file; borrowed from the stream. */
static int load(const char *path, struct sc_yaml_stream **ret_stream,
                const struct sc_yaml_node **ret_root, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret text = {0};
    SC_CLEANUP(sc_yaml_freep) struct sc_yaml_stream *stream = NULL;
    int rc = sc_import_read(path, &text, err);
    if (rc == 0)
        rc = sc_yaml_load(sc_secret_view(&text), path, &stream, NULL, err);
    if (rc < 0)
        return rc;
    const struct sc_yaml_node *root =
        sc_yaml_count(stream) == 1 ? sc_yaml_resolve(sc_yaml_document(stream, 0)->root) : NULL;
    if (!sc_yaml_is(root, SC_YAML_MAPPING))
        return sc_fail(err, SC_E_SYNTAX, "'%s' is not one YAML mapping", path);
    *ret_root = root;
    *ret_stream = SC_TAKE(stream);
    return 0;
}

/* A tag says that the text stands for something else: bytes (!!binary), what another program has
 * sealed (!vault), what it would look up (!env). */
static bool is_plain(const struct sc_yaml_node *node)
{
    return node->tag == NULL || strcmp(node->tag, "tag:yaml.org,2002:str") == 0;
}

static int give_scalar(const struct sc_yaml_node *node, const char *name,
                       const struct sc_transfer_target *to, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    if (!is_plain(node))
        return sc_fail(err, SC_E_SYNTAX, "it has a tag, so it is not what its text says");
    int rc = sc_secret_append(&value, node->text, node->len, err);
    return rc < 0 ? rc : sc_transfer_give(to, name, &value, err);
}

/* `path` is for messages. */
static int walk(const char *path, const struct sc_yaml_node *mapping, const char *prefix,
                unsigned depth, const struct sc_transfer_target *to, struct sc_error *err)
{
    if (depth == YAML_DEPTH_MAX)
        return sc_fail(err, SC_E_TOOBIG, "'%s' line %u: more than %d mappings inside each other",
                       path, mapping->at.line, YAML_DEPTH_MAX);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < mapping->count; i++) {
        const struct sc_yaml_node *key = sc_yaml_resolve(mapping->keys[i]);
        const struct sc_yaml_node *value = sc_yaml_resolve(mapping->values[i]);
        if (!sc_yaml_is(key, SC_YAML_SCALAR))
            return sc_fail(err, SC_E_SYNTAX, "'%s' line %u: a key that is not text", path,
                           mapping->at.line);
        SC_CLEANUP(sc_str_freep) char *name = sc_path_join(prefix, key->text, err);
        if (name == NULL)
            return SC_E_NOMEM;
        bool inner = sc_yaml_is(value, SC_YAML_MAPPING);
        if (inner)
            rc = walk(path, value, name, depth + 1, to, err);
        else if (sc_yaml_is(value, SC_YAML_SCALAR) && !sc_yaml_is_null(value))
            rc = give_scalar(value, name, to, err);
        else
            rc = sc_fail(err, SC_E_SYNTAX, "it is a list or null, not a value");
        if (!inner && (rc == SC_E_SYNTAX || rc == SC_E_BADNAME))
            rc = sc_wrap(err, rc, "'%s' line %u, column %u", path, key->at.line, key->at.column);
    }
    return rc;
}

int sc_import_yaml(const char *path, const struct sc_transfer_target *to, struct sc_error *err)
{
    SC_CLEANUP(sc_yaml_freep) struct sc_yaml_stream *stream = NULL;
    const struct sc_yaml_node *root = NULL;
    int rc = load(path, &stream, &root, err);
    if (rc < 0)
        return rc;
    return walk(path, root, "", 0, to, err);
}

static int give_file(const char *path, const char *name, const struct sc_transfer_target *to,
                     struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    int rc = sc_file_read_secret(path, SC_VALUE_MAX, false, &value, err);
    return rc < 0 ? rc : sc_transfer_give(to, name, &value, err);
}

int sc_import_compose(const char *path, const struct sc_transfer_target *to, struct sc_error *err)
{
    SC_CLEANUP(sc_project_freep) struct sc_project *project = NULL;
    char directory[PATH_MAX];
    if (getcwd(directory, sizeof(directory)) == NULL)
        return sc_fail_errno(err, "cannot find the working directory");
    const struct sc_compose_options options = {
        .files = &path,
        .file_count = 1,
        .working_directory = directory,
        .environment = (const char *const *)environ,
        .all = true,
    };
    int rc = sc_compose_load(&options, &project, err);
    if (rc < 0)
        return rc;
    struct sc_transfer_target inside = *to;
    if (to->scope == NULL)
        inside.scope = project->name;
    size_t given = 0;
    for (size_t i = 0; i < project->secrets.count; i++) {
        const struct sc_resource *secret = &project->secrets.items[i];
        if (secret->file == NULL || secret->external) {
            sc_warn("warning: secret '%s' is %s and was not read; bring it in with: secretsctl add",
                    secret->key, secret->external ? "external" : "no file");
            continue;
        }
        rc = give_file(secret->file, secret->key, &inside, err);
        if (rc < 0)
            return sc_wrap(err, rc, "'%s' secret '%s'", path, secret->key);
        given++;
    }
    return given > 0 ? 0 : sc_fail(err, SC_E_NOTFOUND, "'%s' has no 'secrets:' from files", path);
}

static int give_variable(const char *variable, struct sc_bytes bytes, void *ctx,
                         struct sc_error *err)
{
    const struct sc_transfer_target *to = ctx;
    char name[SC_NAME_PART_MAX + 1];
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    int rc = sc_name_from_text(name, variable, err);
    if (rc == 0)
        rc = sc_secret_append(&value, bytes.ptr, bytes.len, err);
    return rc < 0 ? rc : sc_transfer_give(to, name, &value, err);
}

int sc_import_env(const char *path, const struct sc_transfer_target *to, struct sc_error *err)
{
    struct sc_transfer_target target = *to;
    int rc = sc_cli_envfile_each(path, give_variable, &target, err);
    return rc == SC_E_BADNAME ? sc_wrap(err, rc, "'%s'", path) : rc;
}
