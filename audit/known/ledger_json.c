/* SPDX-License-Identifier: Apache-2.0
 *
 * The ledger as JSON: findings in the shape of `audit --format json`, coverage, what was skipped.
 */
#include <string.h>

#include "audit/known/ledger.h"
#include "core/hash.h"

#include "core/banned.h"

/* Nothing of a known value is shown: its name says which one it is. */
#define REDACTED "*****"
/* Bytes of a fingerprint. */
#define FINGERPRINT_SIZE 16

static const struct {
    const char *place, *fix;
} fixes[] = {
    {"env", "give the program a file instead (NAME_FILE or /run/secrets), then rotate the value"},
    {"cmdline",
     "pass a file instead of the value, then rotate it: every user can read command lines"},
    {"inspect", "take it out of the container's settings, re-create the container, then rotate it"},
    {"config", "refer to a secret file instead of the value"},
    {"layer", "rebuild without it and rotate it: every copy of the image still ships this layer"},
    {"history", "use a build secret (RUN --mount=type=secret), rebuild and rotate it"},
    {"image-config", "take it out of the image's settings, rebuild and rotate it"},
    {"label", "take it out of the label, rebuild and rotate it"},
    {"attestation", "build without it, or with provenance mode=min, and rotate it"},
    {"log", "stop logging it, remove the log and rotate it"},
    {"git", "rotate it: history keeps it in every clone"},
    {"path", "remove it from the file and rotate it"},
};

/* What git keeps cannot be edited; that of an image need not be there at all. */
static const char *git_fix(const struct sc_leak *leak)
{
    static const char objects[] = ".git/objects/";
    if ((leak->file == NULL || strstr(leak->file, objects) == NULL) &&
        (leak->path == NULL || strstr(leak->path, objects) == NULL))
        return NULL;
    return strcmp(leak->place, "layer") == 0 ? "leave .git out (.dockerignore), rebuild and rotate "
                                               "it: every copy of the image still "
                                               "ships this layer"
                                             : "rotate it: git keeps it, here and in every clone";
}

const char *sc_leak_fix(const struct sc_leak *leak)
{
    const char *fix = git_fix(leak);
    if (fix != NULL)
        return fix;
    for (size_t i = 0; i < SC_ARRAY_SIZE(fixes); i++) {
        if (strcmp(leak->place, fixes[i].place) == 0)
            return fixes[i].fix;
    }
    return "remove it and rotate it";
}

static const char *rule_of(const struct sc_leak *leak)
{
    return leak->token ? "known-value-token" : "known-value";
}

const char *sc_leak_severity(const struct sc_leak *leak)
{
    return leak->token ? "medium" : "high";
}

/* Made of the place only, so that it tells nothing about the value. */
static void fingerprint(const struct sc_leak *leak, char out[2 * FINGERPRINT_SIZE + 1])
{
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(1024 * 1024);
    const char *parts[] = {rule_of(leak), leak->name,  sc_encoding_name(leak->encoding),
                           leak->place,   leak->file,  leak->service,
                           leak->key,     leak->where, leak->path,
                           leak->layer};
    for (size_t i = 0; i < SC_ARRAY_SIZE(parts); i++) {
        sc_buf_puts(&text, parts[i] == NULL ? "" : parts[i]);
        sc_buf_putc(&text, '\0');
    }
    unsigned char hash[SC_HASH_SIZE];
    sc_hash_blake2b(hash, text.data, text.len, NULL, 0);
    sc_hex(out, hash, FINGERPRINT_SIZE);
}

static void number_or_null(struct sc_json *json, const char *key, size_t value)
{
    sc_json_key(json, key);
    if (value == 0)
        sc_json_null(json);
    else
        sc_json_uint(json, value);
}

static void layer(struct sc_json *json, const struct sc_leak *leak)
{
    sc_json_key(json, "layer");
    if (leak->layer == NULL) {
        sc_json_null(json);
        return;
    }
    sc_json_object_begin(json);
    number_or_null(json, "index", (size_t)leak->layer_index);
    sc_json_pair_string(json, "digest", leak->layer);
    sc_json_pair_string(json, "created_by", leak->created_by);
    sc_json_pair_string(json, "fate", leak->fate);
    sc_json_object_end(json);
}

static void finding(struct sc_json *json, const struct sc_leak *leak)
{
    char print[2 * FINGERPRINT_SIZE + 1];
    fingerprint(leak, print);
    sc_json_object_begin(json);
    sc_json_pair_string(json, "rule", rule_of(leak));
    sc_json_pair_string(json, "severity", sc_leak_severity(leak));
    sc_json_pair_string(json, "class", "known-value");
    sc_json_pair_string(json, "file", leak->file);
    number_or_null(json, "line", leak->line);
    number_or_null(json, "column", leak->column);
    sc_json_pair_string(json, "service", leak->service);
    sc_json_pair_string(json, "key", leak->key);
    sc_json_pair_string(json, "where", leak->where);
    sc_json_pair_string(json, "redacted", REDACTED);
    sc_json_pair_string(json, "fingerprint", print);
    sc_json_pair_string(json, "fix", sc_leak_fix(leak));
    sc_json_pair_string(json, "name", leak->name);
    sc_json_pair_string(json, "encoding", sc_encoding_name(leak->encoding));
    sc_json_pair_string(json, "place", leak->place);
    sc_json_pair_string(json, "path", leak->path);
    layer(json, leak);
    sc_json_pair_int(json, "count", (int64_t)leak->count);
    sc_json_object_end(json);
}

void sc_ledger_json_findings(struct sc_json *json, const struct sc_ledger *ledger)
{
    sc_json_array_begin(json);
    for (size_t i = 0; i < ledger->leak_count; i++)
        finding(json, &ledger->leaks[i]);
    sc_json_array_end(json);
}

void sc_ledger_json_skipped(struct sc_json *json, const struct sc_ledger *ledger)
{
    sc_json_array_begin(json);
    for (size_t i = 0; i < ledger->skipped_count; i++) {
        const struct sc_unlooked *skipped = &ledger->skipped[i];
        sc_json_object_begin(json);
        sc_json_pair_string(json, "file", skipped->object);
        sc_json_pair_string(json, "reason", skipped->reason);
        number_or_null(json, "line", skipped->line);
        sc_json_pair_string(json, "surface", skipped->surface);
        sc_json_pair_bool(json, "accepted", skipped->accepted);
        sc_json_object_end(json);
    }
    sc_json_array_end(json);
}

void sc_ledger_json_coverage(struct sc_json *json, const struct sc_ledger *ledger)
{
    sc_json_array_begin(json);
    for (size_t i = 0; i < ledger->looked_count; i++) {
        const struct sc_looked *looked = &ledger->looked[i];
        sc_json_object_begin(json);
        sc_json_pair_string(json, "surface", looked->surface);
        sc_json_pair_string(json, "object", looked->object);
        sc_json_pair_string(json, "id", looked->id);
        sc_json_pair_int(json, "bytes", (int64_t)looked->bytes);
        sc_json_object_end(json);
    }
    sc_json_array_end(json);
}
