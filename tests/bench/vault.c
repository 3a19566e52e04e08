/* SPDX-License-Identifier: Apache-2.0
 *
 * Figures of the vault from inside one process: verified reads and authenticated writes at several
 * sizes, each write beside the same commit made by plain SQLite; list, check and re-key.
 *
 *   bench_vault DIRECTORY ROWS...
 *
 * leaves DIRECTORY/vault.db with DIRECTORY/key, and prints "rows N" and its figures in microseconds
 * (wall, CPU) for each size, and "rekey N". A second vault keeps the first size, so that what size
 * costs is seen side by side: the machine is not the same from one minute to the next.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "vault/vault.h"

#include "core/banned.h"

#define OPERATIONS 500
#define REPEATS    5
#define MANY       200000 /* rows from which one listing has to do */
#define VALUE_SIZE 1024
#define BATCH      5000
#define PAGES      12 /* that a put changes, on average */
#define SPREAD     4096

struct sample {
    double wall, cpu; /* microseconds */
};

struct samples {
    struct sample list[OPERATIONS];
    size_t count;
};

/* A vault, and how many of its rows are drawn from. */
struct filled {
    struct sc_vault *vault;
    long rows;
};

struct plain {
    sqlite3 *db;
    sqlite3_stmt *insert, *update;
};

static double now_us(clockid_t clock)
{
    struct timespec at;
    clock_gettime(clock, &at);
    return (double)at.tv_sec * 1e6 + (double)at.tv_nsec / 1e3;
}

static struct sample begin(void)
{
    return (struct sample){now_us(CLOCK_MONOTONIC), now_us(CLOCK_PROCESS_CPUTIME_ID)};
}

static void end(struct sample from, struct samples *into)
{
    into->list[into->count++] = (struct sample){now_us(CLOCK_MONOTONIC) - from.wall,
                                                now_us(CLOCK_PROCESS_CPUTIME_ID) - from.cpu};
}

static int by_wall(const void *a, const void *b)
{
    double x = ((const struct sample *)a)->wall, y = ((const struct sample *)b)->wall;
    return x < y ? -1 : x > y;
}

static int by_cpu(const void *a, const void *b)
{
    double x = ((const struct sample *)a)->cpu, y = ((const struct sample *)b)->cpu;
    return x < y ? -1 : x > y;
}

/* "\tWALL\tCPU", the medians. */
static void print_median(struct samples *samples)
{
    qsort(samples->list, samples->count, sizeof(samples->list[0]), by_wall);
    double wall = samples->list[samples->count / 2].wall;
    qsort(samples->list, samples->count, sizeof(samples->list[0]), by_cpu);
    printf("\t%.1f\t%.1f", wall, samples->list[samples->count / 2].cpu);
}

static _Noreturn void die(const struct sc_error *err)
{
    fprintf(stderr, "bench_vault: %s\n", sc_error_message(err));
    exit(1);
}

static void name_of(char name[64], long i)
{
    snprintf(name, 64, "bench/scope/n%ld", i);
}

static void put(struct sc_vault *vault, long i, const struct sc_secret *value)
{
    struct sc_error err = {0};
    char name[64];
    name_of(name, i);
    const struct sc_entry_put entry = {.name = name, .value = value};
    if (sc_vault_put(vault, &entry, &err) < 0)
        die(&err);
}

/* What the kernel has still to write of this would be measured with what comes next. */
static void fill(struct filled *filled, long rows, const struct sc_secret *value)
{
    struct sc_error err = {0};
    while (filled->rows < rows) {
        if (sc_vault_begin(filled->vault, &err) < 0)
            die(&err);
        long last = filled->rows + BATCH < rows ? filled->rows + BATCH : rows;
        for (; filled->rows < last; filled->rows++)
            put(filled->vault, filled->rows, value);
        if (sc_vault_commit(filled->vault, &err) < 0)
            die(&err);
    }
    sync();
}

static struct plain plain_open(const char *dir)
{
    char path[512];
    struct plain plain = {0};
    snprintf(path, sizeof(path), "%s/plain.db", dir);
    if (sqlite3_open(path, &plain.db) != SQLITE_OK ||
        sqlite3_exec(
            plain.db,
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=100;"
            "PRAGMA cache_size=-4096;"
            "CREATE TABLE IF NOT EXISTS t(k BLOB PRIMARY KEY, v BLOB);"
            "CREATE TABLE IF NOT EXISTS wide(id INTEGER PRIMARY KEY, v BLOB);"
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 4095)"
            "INSERT OR IGNORE INTO wide SELECT i, zeroblob(3500) FROM n",
            NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(plain.db, "INSERT OR REPLACE INTO t VALUES(?, ?)", -1, &plain.insert,
                           NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(plain.db, "UPDATE wide SET v=? WHERE id=?", -1, &plain.update, NULL) !=
            SQLITE_OK)
        exit(1);
    return plain;
}

static void plain_put(const struct plain *plain, long i)
{
    unsigned char value[VALUE_SIZE] = {0}, key[32] = {0};
    memcpy(key, &i, sizeof(i));
    sqlite3_bind_blob(plain->insert, 1, key, sizeof(key), SQLITE_STATIC);
    sqlite3_bind_blob(plain->insert, 2, value, sizeof(value), SQLITE_STATIC);
    if (sqlite3_step(plain->insert) != SQLITE_DONE)
        exit(1);
    sqlite3_reset(plain->insert);
}

/* As many rows as the vault has entries: what size costs plain SQLite is no cost of the vault. */
static void plain_fill(const struct plain *plain, long rows)
{
    if (sqlite3_exec(plain->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        exit(1);
    for (long i = 0; i < rows; i++)
        plain_put(plain, i);
    if (sqlite3_exec(plain->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        exit(1);
    sync();
}

/* As many pages as a put changes, and nothing else. */
static void plain_pages(const struct plain *plain)
{
    static unsigned char value[3500];
    value[0]++;
    if (sqlite3_exec(plain->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        exit(1);
    for (int i = 0; i < PAGES; i++) {
        sqlite3_bind_blob(plain->update, 1, value, sizeof(value), SQLITE_STATIC);
        sqlite3_bind_int64(plain->update, 2, lrand48() % SPREAD);
        if (sqlite3_step(plain->update) != SQLITE_DONE)
            exit(1);
        sqlite3_reset(plain->update);
    }
    if (sqlite3_exec(plain->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        exit(1);
}

static void plain_close(struct plain *plain)
{
    sqlite3_finalize(plain->update);
    sqlite3_finalize(plain->insert);
    sqlite3_close(plain->db);
}

static int count_entry(const struct sc_entry_info *info, void *ctx, struct sc_error *err)
{
    (void)info;
    (void)err;
    ++*(long *)ctx;
    return 0;
}

static void measure_put(const struct filled *filled, const struct sc_secret *value,
                        struct samples *into)
{
    long row = lrand48() % filled->rows;
    struct sample start = begin();
    put(filled->vault, row, value);
    end(start, into);
}

static void measure_get(const struct filled *filled, struct samples *into)
{
    struct sc_error err = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret got = {0};
    char name[64];
    name_of(name, lrand48() % filled->rows);
    struct sample start = begin();
    if (sc_vault_get(filled->vault, name, 0, &got, NULL, &err) < 0)
        die(&err);
    end(start, into);
}

/* In turn, so that what else the machine does hits all of them. */
static void measure_writes(const struct filled *filled, const char *dir,
                           const struct sc_secret *value)
{
    struct samples ours = {.count = 0}, plain = {.count = 0}, pages = {.count = 0};
    struct plain other = plain_open(dir);
    plain_fill(&other, filled->rows);
    for (int i = 0; i < OPERATIONS; i++) {
        measure_put(filled, value, &ours);
        struct sample start = begin();
        plain_put(&other, lrand48() % filled->rows);
        end(start, &plain);
        start = begin();
        plain_pages(&other);
        end(start, &pages);
    }
    plain_close(&other);
    print_median(&ours);
    print_median(&plain);
    print_median(&pages);
}

static void measure_reads(const struct filled *filled)
{
    struct samples reads = {.count = 0};
    for (int i = 0; i < OPERATIONS; i++)
        measure_get(filled, &reads);
    print_median(&reads);
}

/* Writes, then reads, of a large and a small one. */
static void measure_beside(const struct filled *large, const struct filled *small,
                           const struct sc_secret *value)
{
    struct samples many = {.count = 0}, few = {.count = 0};
    for (int i = 0; i < OPERATIONS; i++) {
        measure_put(large, value, &many);
        measure_put(small, value, &few);
    }
    print_median(&many);
    print_median(&few);
    many.count = few.count = 0;
    for (int i = 0; i < OPERATIONS; i++) {
        measure_get(large, &many);
        measure_get(small, &few);
    }
    print_median(&many);
    print_median(&few);
}

static void measure_whole(struct sc_vault *vault, long rows)
{
    struct sc_error err = {0};
    struct samples lists = {.count = 0}, checks = {.count = 0};
    for (int i = 0; i < (rows < MANY ? REPEATS : 1); i++) {
        long listed = 0;
        struct sample start = begin();
        if (sc_vault_list(vault, "", count_entry, &listed, &err) < 0)
            die(&err);
        end(start, &lists);
    }
    struct sample start = begin();
    if (sc_vault_check(vault, NULL, NULL, &err) < 0)
        die(&err);
    end(start, &checks);
    print_median(&lists);
    print_median(&checks);
}

static void measure_rekey(struct sc_vault *vault, long rows)
{
    struct sc_error err = {0};
    struct samples rekeys = {.count = 0};
    for (int i = 0; i < 3; i++) {
        struct sample start = begin();
        if (sc_vault_rekey_scope(vault, "bench/scope", NULL, &err) < 0)
            die(&err);
        end(start, &rekeys);
    }
    printf("rekey\t%ld", rows);
    print_median(&rekeys);
    printf("\n");
}

static void keep_key(const char *dir, const struct sc_secret *key)
{
    struct sc_error err = {0};
    char path[512];
    snprintf(path, sizeof(path), "%s/key", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || sc_secret_write_fd(key, fd, &err) < 0)
        die(&err);
    close(fd);
}

static struct sc_vault *make(const char *path, const struct sc_secret *key)
{
    struct sc_error err = {0};
    struct sc_vault *vault = NULL;
    const struct sc_slot_new slot = {.with = {.key_file = key}};
    if (sc_vault_create(path, &slot, &vault, &err) < 0)
        die(&err);
    return vault;
}

int main(int argc, char **argv)
{
    struct sc_error err = {0};
    char path[512], small_path[512];
    if (argc < 3)
        return 2;
    snprintf(path, sizeof(path), "%s/vault.db", argv[1]);
    snprintf(small_path, sizeof(small_path), "%s/small.db", argv[1]);
    setenv("XDG_STATE_HOME", argv[1], 1);
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    unsigned char *bytes = NULL;
    if (sc_vault_make_key_file(&key, &err) < 0 ||
        sc_secret_resize(&value, VALUE_SIZE, &bytes, &err) < 0)
        die(&err);
    keep_key(argv[1], &key);
    struct filled filled = {.vault = make(path, &key)}, small = {.vault = make(small_path, &key)};
    fill(&small, strtol(argv[2], NULL, 10), &value);
    for (int i = 2; i < argc; i++) {
        fill(&filled, strtol(argv[i], NULL, 10), &value);
        printf("rows\t%ld", filled.rows);
        measure_writes(&filled, argv[1], &value);
        measure_reads(&filled);
        measure_whole(filled.vault, filled.rows);
        measure_beside(&filled, &small, &value);
        printf("\n");
        fflush(stdout);
    }
    if (filled.rows <= 10000)
        measure_rekey(filled.vault, filled.rows);
    sc_vault_closep(&small.vault);
    sc_vault_closep(&filled.vault);
    return 0;
}
