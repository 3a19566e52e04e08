/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML that is no Compose file: Kubernetes manifests, pipelines, values files, configuration.
 */
#include <string.h>
#include <strings.h>

#include "audit/detect/region.h"
#include "audit/detect/yaml.h"
#include "compose/credential.h"
#include "compose/judge/shape.h"
#include "core/str.h"

#include "core/banned.h"

/* Recursion follows the depth of the document, which the YAML loader bounds. */

struct walk {
    const struct sc_yaml_detect *yaml;
    struct sc_yaml_place place;
    struct sc_shell_context shell;
};

/* The first of these members. */
static const struct sc_yaml_node *first_of(const struct sc_yaml_node *node,
                                           const char *const *names)
{
    const struct sc_yaml_node *found = NULL;
    for (; found == NULL && *names != NULL; names++)
        found = sc_yaml_get(node, *names);
    return found;
}

static int walk_node(const struct walk *walk, const struct sc_yaml_node *node,
                     struct sc_error *err);

static bool is_script_key(const struct sc_yaml_node *key)
{
    static const char module[] = "ansible.builtin.";
    static const char *const names[] = {
        "run",        "script",  "before_script", "after_script", "commands", "bash",
        "sh",         "command", "args",          "entrypoint",   "inline",   "inlineScript",
        "powershell", "pwsh",    "shell",         "cmd",          "runcmd",   "bootcmd",
        NULL};
    if (!sc_yaml_is(key, SC_YAML_SCALAR))
        return false;
    const char *text = key->text;
    text += strncmp(text, module, sizeof(module) - 1) == 0 ? sizeof(module) - 1 : 0;
    for (const char *const *name = names; *name != NULL; name++) {
        if (strcmp(text, *name) == 0)
            return true;
    }
    return false;
}

static int walk_script(const struct walk *walk, const struct sc_yaml_node *key,
                       const struct sc_yaml_node *value, struct sc_error *err)
{
    bool words = sc_yaml_equals(key, "command") || sc_yaml_equals(key, "args") ||
                 sc_yaml_equals(key, "entrypoint");
    if (sc_yaml_is(value, SC_YAML_SCALAR) &&
        (sc_yaml_equals(key, "powershell") || sc_yaml_equals(key, "pwsh")))
        return sc_detect_program(walk->yaml->detect, sc_yaml_inside(walk->yaml, value), "x.ps1",
                                 err);
    if (words || sc_yaml_is(value, SC_YAML_SCALAR))
        return sc_yaml_judge_command(walk->yaml, &walk->shell, value, err);
    int rc = 0;
    for (size_t i = 0; i < value->count && rc == 0; i++) {
        const struct sc_yaml_node *item = value->values[i];
        bool list = sc_yaml_is(item, SC_YAML_SEQUENCE) && item->count > 0 &&
                    sc_yaml_is(item->values[0], SC_YAML_SCALAR);
        if (list || sc_yaml_is(item, SC_YAML_SCALAR))
            rc = sc_yaml_judge_command(walk->yaml, &walk->shell, item, err);
        else
            rc = walk_node(walk, item, err);
    }
    return rc;
}

/* Captions of forms and schemas: `password: Password`, `token: string`. */
static bool is_caption(const struct sc_yaml_node *key, const struct sc_yaml_node *value)
{
    static const char *const types[] = {"string", "str",     "text",   "integer",
                                        "number", "boolean", "object", "password",
                                        "secret", "token",   NULL};
    if (sc_credential_scheme(value->text, value->len) > 0)
        return false; /* Bearer VALUE */
    if (memchr(value->text, ' ', value->len) != NULL)
        return sc_key_classify(key->text, key->len) != SC_KEY_PASSWORD ||
               !sc_shape_is_phrase(value->text, value->len);
    if (value->len <= key->len &&
        strncasecmp(key->text + key->len - value->len, value->text, value->len) == 0)
        return true;
    for (const char *const *type = types; *type != NULL; type++) {
        if (strcmp(*type, value->text) == 0)
            return true;
    }
    return false;
}

/* A ConfigMap's `app.properties: |` is a file: read as what its name says. So is what kubectl notes
 * about the manifest; OTHER for anything else. */
static enum sc_text_kind kind_of_file(const struct walk *walk, const struct sc_yaml_node *key,
                                      const struct sc_yaml_node *value)
{
    if (walk->place.family != SC_FAMILY_KUBE_ENV && walk->place.family != SC_FAMILY_KUBE_SECRET)
        return SC_TEXT_OTHER;
    if (sc_yaml_equals(key, "values") && value->style == SC_YAML_LITERAL)
        return SC_TEXT_YAML; /* of a chart, in what installs it */
    if (sc_str_has_suffix(key->text, "/last-applied-configuration"))
        return SC_TEXT_YAML;
    bool is_json = value->len > 1 && (value->text[0] == '{' || value->text[0] == '[');
    enum sc_text_kind kind = sc_text_kind_of_name(key->text);
    bool is_text = value->style == SC_YAML_LITERAL || is_json;
    return is_text && kind != SC_TEXT_MARKDOWN && kind != SC_TEXT_PROGRAM ? kind : SC_TEXT_OTHER;
}

/* What a step of a pipeline takes as lines of NAME=value: build-args: |. */
static bool is_lines(const struct walk *walk, const struct sc_yaml_node *key,
                     const struct sc_yaml_node *value)
{
    static const char *const names[] = {"build-args", "build_args", "secrets",      "secret-envs",
                                        "env",        "env_vars",   "env-vars",     "envs",
                                        "variables",  "set",        "set-env-vars", NULL};
    bool named = false;
    for (const char *const *name = names; *name != NULL; name++)
        named = named || sc_yaml_equals(key, *name);
    return walk->place.family == SC_FAMILY_CI && named && value->len > 0;
}

static bool is_literal_place(const struct walk *walk, const struct sc_yaml_node *node)
{
    const struct sc_yaml_node *key = node->key;
    return walk->place.family != SC_FAMILY_YAML || sc_yaml_equals(key, "environment") ||
           sc_yaml_equals(key, "env") || sc_yaml_equals(key, "variables") ||
           sc_yaml_equals(key, "literals"); /* of kustomize */
}

/* !secret NAME of Home Assistant, !vault and the like: the value is elsewhere, or encrypted. */
static bool is_tagged_reference(const struct sc_yaml_node *value)
{
    static const char *const tags[] = {"!secret",    "!vault",   "!env",     "!env_var", "!ENV",
                                       "!Env",       "!Context", "!KeyOf",   "!Find",    "!Ref",
                                       "!GetAtt",    "!Sub",     "!include", "!file",    "!env_or",
                                       "!Encrypted", NULL};
    for (const char *const *tag = tags; value->tag != NULL && *tag != NULL; tag++) {
        if (strcmp(value->tag, *tag) == 0)
            return true;
    }
    return false;
}

/* Annotations that name a secret, or tell by a checksum when it changed. */
static bool is_about_secret(const struct walk *walk, const struct sc_yaml_node *key,
                            const struct sc_yaml_node *value)
{
    if (walk->place.family != SC_FAMILY_KUBE_ENV || strchr(key->text, '/') == NULL)
        return false;
    bool name = value->len > 0;
    for (size_t i = 0; i < value->len; i++)
        name = name && strchr("abcdefghijklmnopqrstuvwxyz0123456789-./", value->text[i]) != NULL;
    return strncmp(key->text, "checksum/", 9) == 0 ||
           (name && sc_str_has_suffix(key->text, "-secret"));
}

/* chpasswd: {list: |} of cloud-init, a line for each user. What begins with a dollar is a hash. */
static int read_user_list(const struct walk *walk, const struct sc_yaml_node *value,
                          struct sc_error *err)
{
    struct sc_region inside = sc_yaml_inside(walk->yaml, value);
    const char *text = walk->yaml->detect->text;
    size_t end = inside.offset + inside.len;
    int rc = 0;
    for (size_t at = inside.offset; at < end && rc == 0;) {
        size_t stop = sc_str_line_end(text, at, end);
        const char *colon = memchr(text + at, ':', stop - at);
        size_t from = colon == NULL ? stop : (size_t)(colon - text) + 1;
        size_t to = from;
        while (to < stop && text[to] != ' ' && text[to] != '\r')
            to++;
        at = stop + 1;
        if (to == from || text[from] == '$' || (to - from == 1 && text[from] == 'R') ||
            (to - from == 6 && memcmp(text + from, "RANDOM", 6) == 0))
            continue;
        rc = sc_detect_password(walk->yaml->detect, walk->place.family,
                                (struct sc_region){from, to - from}, err);
    }
    return rc;
}

/* content: | beside path: or dest:, of cloud-init and Ansible: a file as its name and its first
 * lines say. */
static enum sc_text_kind kind_of_written(const struct sc_yaml_node *mapping,
                                         const struct sc_yaml_node *value)
{
    static const char *const names[] = {"path", "dest", NULL};
    const struct sc_yaml_node *path = first_of(mapping, names);
    if (!sc_yaml_is(path, SC_YAML_SCALAR))
        return SC_TEXT_OTHER;
    return sc_text_kind(path->text,
                        (struct sc_bytes){(const unsigned char *)value->text, value->len});
}

static int walk_scalar(const struct walk *walk, const struct sc_yaml_node *mapping, size_t index,
                       struct sc_error *err)
{
    const struct sc_yaml_node *key = mapping->keys[index], *value = mapping->values[index];
    if (!sc_yaml_is(key, SC_YAML_SCALAR) || is_tagged_reference(value) ||
        is_about_secret(walk, key, value))
        return 0;
    if (sc_yaml_equals(mapping->key, "chpasswd") && sc_yaml_equals(key, "list"))
        return read_user_list(walk, value, err);
    enum sc_text_kind kind = sc_yaml_equals(key, "content") ? kind_of_written(mapping, value)
                                                            : kind_of_file(walk, key, value);
    if (kind != SC_TEXT_OTHER && kind != SC_TEXT_PROGRAM)
        return sc_yaml_judge_text(walk->yaml, value, kind, err);
    if (is_lines(walk, key, value))
        return sc_detect_dotenv(walk->yaml->detect, sc_yaml_inside(walk->yaml, value), SC_FAMILY_CI,
                                err);
    if (!is_literal_place(walk, mapping) && is_caption(key, value))
        return sc_yaml_judge(walk->yaml, &walk->place, NULL, value, err);
    return sc_yaml_judge(walk->yaml, &walk->place, key, value, err);
}

static const char *const value_members[] = {"value", "default", "defaultValue", "Default", NULL};

/* - name: X
 *   value: Y */
static int walk_named_value(const struct walk *walk, const struct sc_yaml_node *node,
                            struct sc_error *err)
{
    static const char *const names[] = {"name", "key", NULL};
    const struct sc_yaml_node *name = first_of(node, names);
    const struct sc_yaml_node *value = first_of(node, value_members);
    if (name == NULL && value != NULL && value != sc_yaml_get(node, "value"))
        name = sc_yaml_get(node, "id");
    if (!sc_yaml_is(name, SC_YAML_SCALAR) || !sc_yaml_is(value, SC_YAML_SCALAR) ||
        is_tagged_reference(value) ||
        (walk->place.family == SC_FAMILY_YAML && is_caption(name, value)))
        return 0;
    return sc_yaml_judge(walk->yaml, &walk->place, name, value, err);
}

/* NAME: {value: Y, description: ...} of GitLab's variables, NAME: {default: Y} of inputs. */
static int walk_described(const struct walk *walk, const struct sc_yaml_node *name,
                          const struct sc_yaml_node *node, struct sc_error *err)
{
    const struct sc_yaml_node *value = first_of(node, value_members);
    if (!sc_yaml_is(value, SC_YAML_SCALAR) || sc_yaml_is_null(value) || is_tagged_reference(value))
        return 0;
    /* Of anything else a description has more members than the value. */
    bool caption =
        walk->place.family != SC_FAMILY_CI && (node->count < 2 || is_caption(name, value));
    return caption ? 0 : sc_yaml_judge(walk->yaml, &walk->place, name, value, err);
}

/* Members that only look like a credential's. */
static bool is_passed_over(const struct walk *walk, const struct sc_yaml_node *mapping,
                           const struct sc_yaml_node *key)
{
    if (sc_yaml_equals(key, "valueFrom") || sc_yaml_equals(key, "secretKeys"))
        return true; /* where the value is; what the keys of a Secret are called, for a chart */
    if (walk->place.family == SC_FAMILY_CI)
        return sc_yaml_equals(key, "permissions"); /* `id-token: write` */
    if (walk->place.family != SC_FAMILY_KUBE_ENV)
        return false;
    return sc_yaml_equals(key, "encryptedData") || /* of a SealedSecret */
           (sc_yaml_equals(key, "secretKey") && sc_yaml_get(mapping, "remoteRef") != NULL);
}

static int walk_mapping(const struct walk *walk, const struct sc_yaml_node *node,
                        struct sc_error *err)
{
    bool pipeline = walk->place.family == SC_FAMILY_CI;
    if (!pipeline && sc_yaml_is_service(node)) {
        const char *name = node->key == NULL ? NULL : node->key->text;
        return sc_yaml_detect_service(walk->yaml, name, node, err);
    }
    int rc = walk_named_value(walk, node, err);
    for (size_t i = 0; i < node->count && rc == 0; i++) {
        const struct sc_yaml_node *key = node->keys[i], *value = node->values[i];
        if (value->kind == SC_YAML_ALIAS || is_passed_over(walk, node, key))
            continue;
        if (value->kind == SC_YAML_MAPPING)
            rc = walk_described(walk, key, value, err);
        if (rc < 0)
            return rc;
        if (is_script_key(key) && value->kind != SC_YAML_MAPPING)
            rc = walk_script(walk, key, value, err);
        else if (value->kind == SC_YAML_SCALAR && !sc_yaml_is_null(value))
            rc = walk_scalar(walk, node, i, err);
        else
            rc = walk_node(walk, value, err);
    }
    return rc;
}

static int walk_node(const struct walk *walk, const struct sc_yaml_node *node, struct sc_error *err)
{
    if (sc_yaml_is(node, SC_YAML_MAPPING))
        return walk_mapping(walk, node, err);
    int rc = 0;
    for (size_t i = 0; sc_yaml_is(node, SC_YAML_SEQUENCE) && i < node->count && rc == 0; i++) {
        const struct sc_yaml_node *item = node->values[i];
        if (item->kind != SC_YAML_SCALAR) {
            rc = walk_node(walk, item, err);
            continue;
        }
        bool pair = is_literal_place(walk, node) && memchr(item->text, '=', item->len) != NULL;
        if (pair && walk->place.family == SC_FAMILY_CI &&
            memchr(item->text, ' ', item->len) != NULL) {
            rc = sc_yaml_judge_command(walk->yaml, &walk->shell, item, err); /* A=b C=d of Travis */
            continue;
        }
        if (pair && node->key != NULL && !is_script_key(node->key)) {
            struct sc_yaml_node list = *node;
            list.count = 1;
            list.values = node->values + i;
            rc = sc_yaml_judge_pairs(walk->yaml, &walk->place, &list, err);
        } else {
            rc = sc_yaml_judge(walk->yaml, &walk->place, NULL, item, err);
        }
    }
    return rc;
}

/* tls.crt: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS..., shown to everybody who connects. */
static bool is_certificate(const struct sc_yaml_node *key, const struct sc_yaml_node *value)
{
    return sc_str_has_suffix(key->text, ".crt") &&
           (strncmp(value->text, "LS0tLS1CRUdJTiBDRVJU", 20) == 0 ||
            strncmp(value->text, "-----BEGIN CERT", 15) == 0);
}

/* What a Secret holds beside its secret: names and places. */
static bool is_beside(const struct sc_yaml_node *key)
{
    static const char *const names[] = {"user",     "username", "host",   "hostname",  "port",
                                        "database", "dbname",   "engine", "endpoint",  "region",
                                        "level",    "email",    "server", "namespace", NULL};
    if (sc_key_classify(key->text, key->len) != SC_KEY_OTHER)
        return false;
    for (const char *const *name = names; *name != NULL; name++) {
        size_t len = strlen(*name);
        if (key->len >= len && strcasecmp(key->text + key->len - len, *name) == 0)
            return true;
    }
    return false;
}

/* kind: Secret. What stands under data is the value, whatever its key; annotations are read as
 * those of anything else. */
static int walk_secret(const struct walk *walk, const struct sc_yaml_node *root,
                       struct sc_error *err)
{
    static const char *const members[] = {"data", "stringData"};
    const struct sc_yaml_node *metadata = sc_yaml_get(root, "metadata");
    const struct sc_yaml_node *notes =
        sc_yaml_is(metadata, SC_YAML_MAPPING) ? sc_yaml_get(metadata, "annotations") : NULL;
    int rc = notes == NULL ? 0 : walk_node(walk, notes, err);
    for (size_t m = 0; m < SC_ARRAY_SIZE(members); m++) {
        const struct sc_yaml_node *data = sc_yaml_get(root, members[m]);
        for (size_t i = 0; sc_yaml_is(data, SC_YAML_MAPPING) && i < data->count && rc == 0; i++) {
            const struct sc_yaml_node *key = data->keys[i], *value = data->values[i];
            if (!sc_yaml_is(value, SC_YAML_SCALAR) || value->len == 0 ||
                !sc_yaml_is(key, SC_YAML_SCALAR) || is_certificate(key, value) ||
                memmem(value->text, value->len, "{{", 2) != NULL || value->text[0] == '$' ||
                value->text[0] == '<' || memcmp(value->text, "ENC[", SC_MIN(value->len, 4)) == 0 ||
                is_beside(key))
                continue;
            enum sc_text_kind kind = m == 1 ? kind_of_file(walk, key, value) : SC_TEXT_OTHER;
            if (kind != SC_TEXT_OTHER) {
                rc = sc_yaml_judge_text(walk->yaml, value, kind, err);
                continue;
            }
            struct sc_pair pair = {.family = SC_FAMILY_KUBE_SECRET,
                                   .key = key->text,
                                   .key_len = key->len,
                                   .where = members[m]};
            struct sc_judgement verdict = {NULL, SC_CLASS_LITERAL, SC_SEVERITY_HIGH};
            rc = sc_detect_add(walk->yaml->detect, verdict, &pair,
                               sc_yaml_inside(walk->yaml, value), err);
        }
    }
    return rc;
}

static bool is_pipeline(const struct sc_yaml_detect *yaml, const struct sc_yaml_node *root)
{
    const char *file = yaml->detect->file;
    if (strstr(file, ".github/workflows/") != NULL || strstr(file, ".gitlab-ci") != NULL ||
        strstr(file, "azure-pipelines") != NULL || strstr(file, ".circleci/") != NULL ||
        strstr(file, ".drone.yml") != NULL || strstr(file, ".woodpecker") != NULL ||
        strstr(file, ".travis.yml") != NULL || strstr(file, "bitbucket-pipelines") != NULL)
        return true;
    return sc_yaml_get(root, "stages") != NULL || sc_yaml_get(root, "jobs") != NULL ||
           sc_yaml_get(root, "pipelines") != NULL || sc_yaml_get(root, "before_script") != NULL ||
           (sc_yaml_get(root, "runs") != NULL && sc_yaml_get(root, "inputs") != NULL);
}

/* kind: List. */
static int detect_list(const struct sc_yaml_detect *yaml, const struct sc_yaml_node *items,
                       struct sc_error *err)
{
    int rc = 0;
    for (size_t i = 0; sc_yaml_is(items, SC_YAML_SEQUENCE) && i < items->count && rc == 0; i++)
        rc = sc_yaml_detect_manifest(yaml, items->values[i], err);
    return rc;
}

int sc_yaml_detect_manifest(const struct sc_yaml_detect *yaml, const struct sc_yaml_node *root,
                            struct sc_error *err)
{
    enum sc_family family = SC_FAMILY_YAML;
    const struct sc_yaml_node *kind = sc_yaml_get(root, "kind");
    bool kube = sc_yaml_is(kind, SC_YAML_SCALAR) && sc_yaml_get(root, "apiVersion") != NULL;
    if (kube)
        family = SC_FAMILY_KUBE_ENV;
    else if (is_pipeline(yaml, root))
        family = SC_FAMILY_CI;
    struct walk walk = {
        .yaml = yaml,
        .place = {.family = family, .ignore_variables = true},
        .shell = sc_shell_script,
    };
    if (family != SC_FAMILY_YAML)
        walk.shell.assign = walk.shell.environ = walk.shell.command = family;
    if (kube && sc_str_has_suffix(kind->text, "List"))
        return detect_list(yaml, sc_yaml_get(root, "items"), err);
    if (kube && sc_yaml_equals(kind, "Secret"))
        return walk_secret(&walk, root, err);
    return walk_node(&walk, root, err);
}
