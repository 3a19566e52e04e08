/* SPDX-License-Identifier: Apache-2.0
 *
 * secretsctl fingerprint: writes the file with which a gate verifies without holding a secret.
 */
#include "audit/known/fingerprint.h"
#include "cli/leaks/leaks.h"
#include "cli/output.h"
#include "cli/unlock.h"
#include "core/fsutil.h"
#include "core/hash.h"
#include "core/random.h"

#include "core/banned.h"

/* A key file: 64 hexadecimal digits and a line end. */
#define KEY_TEXT (2 * SC_FINGERPRINT_KEY_SIZE)

int sc_fingerprint_key_read(const char *path, struct sc_secret *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret text = {0};
    int rc = sc_cli_read_key("--key or --fingerprint-key", path, &text, err);
    if (rc < 0)
        return rc;
    sc_secret_strip_newline(&text);
    unsigned char *key = NULL;
    rc = sc_secret_resize(ret, SC_FINGERPRINT_KEY_SIZE, &key, err);
    if (rc == 0 && (text.len != KEY_TEXT || !sc_unhex(key, text.ptr, SC_FINGERPRINT_KEY_SIZE)))
        rc = sc_fail(err, SC_E_FORMAT, "'%s' is no fingerprint key: %d hexadecimal digits", path,
                     KEY_TEXT);
    return rc;
}

static int make_key(const struct sc_cli *cli, const char *path, struct sc_error *err)
{
    unsigned char key[SC_FINGERPRINT_KEY_SIZE];
    char text[KEY_TEXT + 2];
    int rc = sc_random_bytes(key, sizeof(key), err);
    if (rc < 0)
        return rc;
    sc_hex(text, key, sizeof(key));
    text[KEY_TEXT] = '\n';
    const struct sc_file_attr attr = {.mode = 0600};
    rc = sc_file_create(path, (struct sc_bytes){(unsigned char *)text, KEY_TEXT + 1}, &attr, err);
    sc_wipe(key, sizeof(key));
    sc_wipe(text, sizeof(text));
    if (rc == 0)
        sc_note(cli, "made the fingerprint key '%s'; keep it apart from the fingerprints", path);
    return rc;
}

struct exporter {
    struct sc_fingerprint_writer *writer;
    struct sc_strv left_out;
    size_t exported;
};

static int export_value(const char *name, struct sc_bytes value, void *ctx, struct sc_error *err)
{
    struct exporter *exporter = ctx;
    enum sc_known_standing standing = SC_KNOWN_GUESSABLE;
    int rc = sc_fingerprint_add(exporter->writer, name, value, &standing, err);
    if (rc < 0)
        return rc;
    if (standing == SC_KNOWN_SEARCHED) {
        exporter->exported++;
        return 0;
    }
    return sc_strv_add(&exporter->left_out, name, err);
}

static void print_json(const struct exporter *exporter, struct sc_buf *out)
{
    struct sc_json json;
    sc_json_init(&json, out);
    sc_json_object_begin(&json);
    sc_json_pair_int(&json, "exported", (int64_t)exporter->exported);
    sc_json_key(&json, "left_out");
    sc_json_array_begin(&json);
    for (size_t i = 0; i < exporter->left_out.count; i++)
        sc_json_string(&json, exporter->left_out.items[i]);
    sc_json_array_end(&json);
    sc_json_object_end(&json);
    sc_buf_putc(out, '\n');
}

static int print_export(const struct sc_cli *cli, const struct exporter *exporter,
                        struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT((size_t)256 * 1024 * 1024);
    if (cli->globals.json)
        print_json(exporter, &out);
    for (size_t i = 0; !cli->globals.json && i < exporter->left_out.count; i++)
        sc_buf_printf(&out, "left out: %s: too easy to guess\n", exporter->left_out.items[i]);
    if (!cli->globals.json)
        sc_buf_printf(&out, "exported: %zu value%s\n", exporter->exported,
                      exporter->exported == 1 ? "" : "s");
    int rc = sc_buf_status(&out, err);
    if (rc == 0)
        sc_out_buf(&out);
    return rc;
}

int sc_fingerprint_run(struct sc_cli *cli, const void *options, int count, char **operands,
                       struct sc_error *err)
{
    (void)count;
    const struct sc_fingerprint_options *given = options;
    if (given->key == NULL)
        return sc_fail(err, SC_E_USAGE, "'fingerprint' needs --key FILE");
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    struct sc_error missing = {0};
    int rc = sc_fingerprint_key_read(given->key, &key, &missing);
    if (rc == SC_E_NOTFOUND) {
        rc = make_key(cli, given->key, err);
        if (rc == 0)
            rc = sc_fingerprint_key_read(given->key, &key, err);
    } else if (rc < 0) {
        rc = sc_fail(err, rc, "%s", sc_error_message(&missing));
    }
    if (rc < 0)
        return rc;
    struct exporter exporter = {.writer = sc_fingerprint_writer_new(&key, err)};
    if (exporter.writer == NULL)
        return SC_E_NOMEM;
    SC_CLEANUP(sc_secret_done) struct sc_secret file = {0};
    rc = sc_leaks_each_secret(cli, given->scope, false, export_value, &exporter, err);
    /* A gate with nothing to look for would hold for ever. */
    if (rc == 0 && exporter.exported + exporter.left_out.count == 0)
        rc = sc_leaks_none(given->scope, err);
    if (rc == 0)
        rc = sc_fingerprint_finish(exporter.writer, &file, err);
    const struct sc_file_attr attr = {.mode = 0644};
    if (rc == 0)
        rc = sc_file_replace(operands[0], sc_secret_view(&file), &attr, err);
    if (rc == 0)
        rc = print_export(cli, &exporter, err);
    sc_fingerprint_writer_free(exporter.writer);
    sc_strv_done(&exporter.left_out);
    return rc;
}
