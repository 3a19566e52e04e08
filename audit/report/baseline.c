/* SPDX-License-Identifier: Apache-2.0
 *
 * Baselines; see audit/report/baseline.h.
 */
#include "audit/report/baseline.h"

#include <stdlib.h>
#include <string.h>

#include "core/fsutil.h"
#include "core/str.h"

#include "core/banned.h"

#define HEADER       "# secretsctl baseline 1 "
#define CHECK_DIGITS 16

/* Tells two keys apart and nothing else. */
static void key_check(char out[CHECK_DIGITS + 1], const struct sc_fingerprint_key *key)
{
    static const char text[] = "secretsctl baseline key check";
    unsigned char hash[SC_HASH_SIZE];
    sc_hash_blake2b(hash, text, sizeof(text) - 1, key->bytes, sizeof(key->bytes));
    sc_hex(out, hash, CHECK_DIGITS / 2);
}

int sc_baseline_write(const char *path, const struct sc_audit_result *result,
                      const struct sc_fingerprint_key *key, struct sc_error *err)
{
    SC_CLEANUP(sc_strv_done) struct sc_strv lines = {0};
    for (size_t i = 0; i < result->findings.count; i++) {
        const struct sc_finding *finding = &result->findings.items[i];
        int rc = sc_strv_take(
            &lines,
            sc_str_printf(err, "%s %s %s\n", finding->fingerprint, finding->rule, finding->file),
            err);
        if (rc < 0)
            return rc;
    }
    sc_strv_sort(&lines);
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(SC_BASELINE_MAX);
    char check[CHECK_DIGITS + 1];
    key_check(check, key);
    sc_buf_printf(&out, HEADER "%s\n", check);
    for (size_t i = 0; i < lines.count; i++) {
        if (i == 0 || strcmp(lines.items[i], lines.items[i - 1]) != 0)
            sc_buf_puts(&out, lines.items[i]);
    }
    int rc = sc_buf_status(&out, err);
    if (rc < 0)
        return rc;
    struct sc_file_attr attr = {.mode = 0644};
    return sc_file_replace(path, sc_buf_view(&out), &attr, err);
}

static int compare(const void *left, const void *right)
{
    return strncmp(*(char *const *)left, *(char *const *)right, SC_FINGERPRINT_DIGITS);
}

static int read_known(const char *path, char *text, const struct sc_fingerprint_key *key,
                      struct sc_strv *known, struct sc_error *err)
{
    char check[CHECK_DIGITS + 1];
    key_check(check, key);
    if (!sc_str_has_prefix(text, HEADER))
        return sc_fail(err, SC_E_FORMAT, "'%s' is no baseline", path);
    if (strncmp(text + sizeof(HEADER) - 1, check, CHECK_DIGITS) != 0)
        return sc_fail(
            err, SC_E_BADPASS,
            "'%s' was made under another fingerprint key; give it with --fingerprint-key", path);
    char *line = strchr(text, '\n');
    size_t number = 1;
    while (line != NULL && line[1] != '\0') {
        char *start = line + 1;
        number++;
        if (strspn(start, "0123456789abcdef") != SC_FINGERPRINT_DIGITS)
            return sc_fail(err, SC_E_FORMAT, "'%s' line %zu: no fingerprint", path, number);
        line = strchr(start, '\n');
        start[SC_FINGERPRINT_DIGITS] = '\0';
        int rc = sc_strv_add(known, start, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int sc_baseline_apply(const char *path, struct sc_audit_result *result,
                      const struct sc_fingerprint_key *key, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(SC_BASELINE_MAX);
    SC_CLEANUP(sc_strv_done) struct sc_strv known = {0};
    int rc = sc_file_read(path, &text, err);
    if (rc == 0 && text.len == 0)
        rc = sc_fail(err, SC_E_FORMAT, "'%s' is empty, no baseline", path);
    if (rc == 0)
        rc = read_known(path, text.data, key, &known, err);
    if (rc < 0)
        return rc;
    if (known.count > 1)
        qsort(known.items, known.count, sizeof(*known.items), compare);
    size_t kept = 0;
    for (size_t i = 0; i < result->findings.count; i++) {
        struct sc_finding *finding = &result->findings.items[i];
        const char *wanted = finding->fingerprint;
        if (known.count > 0 &&
            bsearch(&wanted, known.items, known.count, sizeof(*known.items), compare) != NULL) {
            sc_finding_done(finding);
            result->suppressed++;
        } else {
            struct sc_finding moved = *finding;
            result->findings.items[kept++] = moved;
        }
    }
    result->findings.count = kept;
    return 0;
}
