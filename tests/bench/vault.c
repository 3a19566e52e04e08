/* SPDX-License-Identifier: Apache-2.0
 *
 * Figures of the vault from inside one process: verified reads and authenticated writes at several
 * sizes, beside the same commit made by plain SQLite; list, check and re-key in CPU time, which
 * does not depend on what else the machine does.
 *
 *   bench_vault DIRECTORY ROWS...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "vault/vault.h"

#include "core/banned.h"

#define OPERATIONS 500
#define VALUE_SIZE 1024

static double now_us(clockid_t clock)
{
    struct timespec at;
    clock_gettime(clock, &at);
    return (double)at.tv_sec * 1e6 + (double)at.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *list, size_t count)
{
    qsort(list, count, sizeof(*list), by_value);
    return list[count / 2];
}

static _Noreturn void die(const struct sc_error *err)
{
    fprintf(stderr, "bench_vault: %s\n", sc_error_message(err));
    exit(1);
}

static void put(struct sc_vault *vault, long i, const struct sc_secret *value)
{
    struct sc_error err = {0};
    char name[64];
    snprintf(name, sizeof(name), "bench/scope/n%ld", i);
    const struct sc_entry_put entry = {.name = name, .value = value};
    if (sc_vault_put(vault, &entry, &err) < 0)
        die(&err);
}

static void fill(struct sc_vault *vault, long from, long to, const struct sc_secret *value)
{
    struct sc_error err = {0};
    while (from < to) {
        if (sc_vault_begin(vault, &err) < 0)
            die(&err);
        for (long last = from + 5000 < to ? from + 5000 : to; from < last; from++)
            put(vault, from, value);
        if (sc_vault_commit(vault, &err) < 0)
            die(&err);
    }
}

static double plain_commit(const char *dir)
{
    char path[512];
    double times[OPERATIONS];
    unsigned char value[VALUE_SIZE] = {0}, key[32];
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    snprintf(path, sizeof(path), "%s/plain.db", dir);
    unlink(path);
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(
            db,
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=100;"
            "CREATE TABLE t(k BLOB PRIMARY KEY, v BLOB)",
            NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "INSERT OR REPLACE INTO t VALUES(?, ?)", -1, &stmt, NULL) !=
            SQLITE_OK)
        exit(1);
    for (int i = 0; i < OPERATIONS; i++) {
        memset(key, 0, sizeof(key));
        memcpy(key, &i, sizeof(i));
        double start = now_us(CLOCK_MONOTONIC);
        sqlite3_bind_blob(stmt, 1, key, sizeof(key), SQLITE_STATIC);
        sqlite3_bind_blob(stmt, 2, value, sizeof(value), SQLITE_STATIC);
        if (sqlite3_step(stmt) != SQLITE_DONE)
            exit(1);
        sqlite3_reset(stmt);
        times[i] = now_us(CLOCK_MONOTONIC) - start;
    }
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return median(times, OPERATIONS);
}

static int count_entry(const struct sc_entry_info *info, void *ctx, struct sc_error *err)
{
    (void)info;
    (void)err;
    ++*(long *)ctx;
    return 0;
}

static void measure(struct sc_vault *vault, const char *dir, long rows,
                    const struct sc_secret *value)
{
    struct sc_error err = {0};
    double wall[OPERATIONS], cpu[OPERATIONS], reads[OPERATIONS];
    for (int i = 0; i < OPERATIONS; i++) {
        double start = now_us(CLOCK_MONOTONIC), start_cpu = now_us(CLOCK_PROCESS_CPUTIME_ID);
        put(vault, lrand48() % rows, value);
        wall[i] = now_us(CLOCK_MONOTONIC) - start;
        cpu[i] = now_us(CLOCK_PROCESS_CPUTIME_ID) - start_cpu;
    }
    for (int i = 0; i < OPERATIONS; i++) {
        SC_CLEANUP(sc_secret_done) struct sc_secret got = {0};
        char name[64];
        snprintf(name, sizeof(name), "bench/scope/n%ld", lrand48() % rows);
        double start = now_us(CLOCK_MONOTONIC);
        if (sc_vault_get(vault, name, 0, &got, NULL, &err) < 0)
            die(&err);
        reads[i] = now_us(CLOCK_MONOTONIC) - start;
    }
    double plain = plain_commit(dir);
    double start = now_us(CLOCK_PROCESS_CPUTIME_ID);
    long listed = 0;
    if (sc_vault_list(vault, "", count_entry, &listed, &err) < 0)
        die(&err);
    double list = now_us(CLOCK_PROCESS_CPUTIME_ID) - start;
    start = now_us(CLOCK_PROCESS_CPUTIME_ID);
    if (sc_vault_check(vault, NULL, NULL, &err) < 0)
        die(&err);
    double check = now_us(CLOCK_PROCESS_CPUTIME_ID) - start;
    printf("%ld\t%.0f\t%.0f\t%.0f\t%.0f\t%.1f\t%.1f\n", rows, median(wall, OPERATIONS),
           median(cpu, OPERATIONS), plain, median(reads, OPERATIONS), list / 1e3, check / 1e3);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct sc_error err = {0};
    char path[512];
    if (argc < 3)
        return 2;
    snprintf(path, sizeof(path), "%s/vault.db", argv[1]);
    setenv("XDG_STATE_HOME", argv[1], 1);
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    unsigned char *bytes = NULL;
    struct sc_slot_new slot = {.with = {.key_file = &key}};
    if (sc_vault_make_key_file(&key, &err) < 0 ||
        sc_secret_resize(&value, VALUE_SIZE, &bytes, &err) < 0 ||
        sc_vault_create(path, &slot, &vault, &err) < 0)
        die(&err);
    long filled = 0;
    for (int i = 2; i < argc; i++) {
        long rows = strtol(argv[i], NULL, 10);
        fill(vault, filled, rows, &value);
        filled = rows;
        measure(vault, argv[1], rows, &value);
    }
    double start = now_us(CLOCK_PROCESS_CPUTIME_ID);
    if (sc_vault_rekey_scope(vault, "bench/scope", NULL, &err) < 0)
        die(&err);
    printf("rekey\t%ld\t%.1f\n", filled, (now_us(CLOCK_PROCESS_CPUTIME_ID) - start) / 1e3);
    return 0;
}
