/* SPDX-License-Identifier: Apache-2.0
 *
 * Scenarios of the fault tests; see scenario.h.
 */
#include "tests/vault/fault/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fsutil.h"
#include "core/parse.h"
#include "core/str.h"
#include "vault/store/db.h"

#include "core/banned.h"

#define COUNTER "shop/counter"

_Noreturn void scenario_die(const char *what, const struct sc_error *err)
{
    fprintf(stderr, "FAIL: %s: %s\n", what, err != NULL ? sc_error_message(err) : "");
    exit(1);
}

long scenario_number(const char *variable, long otherwise)
{
    const char *text = sc_env(variable);
    uint64_t value = 0;
    if (text == NULL || sc_parse_u64(text, 1000000000, variable, &value, NULL) < 0)
        return otherwise;
    return (long)value;
}

typedef int (*open_fn)(const char *path, enum sc_vault_access access, struct sc_vault **ret,
                       struct sc_error *err);

static int open_by(open_fn open_vault, const struct scenario *scenario, const char *path,
                   enum sc_vault_access access, struct sc_vault **ret, struct sc_error *err)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    const struct sc_unlock with = {.key_file = &key};
    int rc = sc_secret_append(&key, scenario->key, strlen(scenario->key), err);
    if (rc == 0)
        rc = open_vault(path, access, &vault, err);
    if (rc == 0)
        rc = sc_vault_unlock(vault, &with, err);
    if (rc == 0)
        *ret = SC_TAKE(vault);
    return rc;
}

int scenario_open(const struct scenario *scenario, const char *path, enum sc_vault_access access,
                  struct sc_vault **ret, struct sc_error *err)
{
    return open_by(sc_vault_open, scenario, path, access, ret, err);
}

int scenario_put_to(struct sc_vault *vault, const char *name, long counter, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    char text[32];
    int len = snprintf(text, sizeof(text), "%ld", counter);
    int rc = sc_secret_append(&value, text, (size_t)len, err);
    const struct sc_entry_put put = {.name = name, .value = &value};
    return rc < 0 ? rc : sc_vault_put(vault, &put, err);
}

int scenario_put_open(struct sc_vault *vault, long counter, struct sc_error *err)
{
    return scenario_put_to(vault, COUNTER, counter, err);
}

int scenario_put(const struct scenario *scenario, const char *path, long counter,
                 struct sc_error *err)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    int rc = scenario_open(scenario, path, SC_VAULT_WRITE, &vault, err);
    return rc < 0 ? rc : scenario_put_open(vault, counter, err);
}

int scenario_get_from(struct sc_vault *vault, const char *name, long *ret_counter,
                      struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    int rc = sc_vault_get(vault, name, 0, &value, NULL, err);
    if (rc == 0)
        rc = sc_secret_append(&value, "", 1, err);
    if (rc == 0)
        *ret_counter = strtol((const char *)sc_secret_view(&value).ptr, NULL, 10);
    return rc;
}

int scenario_get(struct sc_vault *vault, long *ret_counter, struct sc_error *err)
{
    return scenario_get_from(vault, COUNTER, ret_counter, err);
}

static int check_by(open_fn open_vault, const struct scenario *scenario, const char *path,
                    long *ret_counter, struct sc_error *err)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    int rc = open_by(open_vault, scenario, path, SC_VAULT_READ, &vault, err);
    if (rc == 0)
        rc = sc_vault_check(vault, NULL, NULL, err);
    return rc < 0 ? rc : scenario_get(vault, ret_counter, err);
}

int scenario_check(const struct scenario *scenario, const char *path, long *ret_counter,
                   struct sc_error *err)
{
    return check_by(sc_vault_open, scenario, path, ret_counter, err);
}

int scenario_check_image(const struct scenario *scenario, const char *path, long *ret_counter,
                         struct sc_error *err)
{
    return check_by(sc_vault_open_unpinned, scenario, path, ret_counter, err);
}

static int count_entry(const struct sc_entry_info *info, void *ctx, struct sc_error *err)
{
    (void)info;
    (void)err;
    ++*(int *)ctx;
    return 0;
}

static int put_text(struct sc_vault *vault, const char *name, const char *text,
                    struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    int rc = sc_secret_append(&value, text, strlen(text), err);
    const struct sc_entry_put put = {.name = name, .value = &value, .note = "n", .reason = "r"};
    return rc < 0 ? rc : sc_vault_put(vault, &put, err);
}

int scenario_put_big(const struct scenario *scenario, const char *name, size_t size,
                     struct sc_error *err)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    const struct sc_entry_put put = {.name = name, .value = &value};
    int rc = scenario_open(scenario, scenario->path, SC_VAULT_WRITE, &vault, err);
    for (size_t i = 0; i < size && rc == 0; i++)
        rc = sc_secret_append(&value, "v", 1, err);
    return rc < 0 ? rc : sc_vault_put(vault, &put, err);
}

int scenario_remove_scope(const struct scenario *scenario, const char *name, struct sc_error *err)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    SC_CLEANUP(sc_str_freep) char *scope = sc_path_dirname(name, err);
    if (scope == NULL)
        return SC_E_NOMEM;
    int rc = scenario_open(scenario, scenario->path, SC_VAULT_WRITE, &vault, err);
    if (rc == 0)
        rc = sc_vault_remove(vault, name, NULL, err);
    return rc < 0 ? rc : sc_vault_rekey_scope(vault, scope, NULL, err);
}

int scenario_day(const struct scenario *scenario, const char *path, long number,
                 struct sc_error *err)
{
    char day[32], first[40], second[40];
    snprintf(day, sizeof(day), "day%ld", number);
    snprintf(first, sizeof(first), "%s/a", day);
    snprintf(second, sizeof(second), "%s/b", day);
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    int seen = 0;
    long counter = 0;
    int rc = scenario_open(scenario, path, SC_VAULT_WRITE, &vault, err);
    if (rc == 0)
        rc = sc_vault_begin(vault, err);
    if (rc == 0)
        rc = put_text(vault, first, "1", err);
    if (rc == 0)
        rc = put_text(vault, second, "2", err);
    if (rc == 0)
        rc = sc_vault_commit(vault, err);
    if (rc == 0)
        rc = put_text(vault, first, "3", err);
    if (rc == 0)
        rc = sc_vault_list(vault, day, count_entry, &seen, err);
    if (rc == 0)
        rc = sc_vault_history(vault, first, count_entry, &seen, err);
    if (rc == 0)
        rc = sc_vault_revert(vault, first, 1, "why", err);
    if (rc == 0)
        rc = sc_vault_remove(vault, first, NULL, err);
    if (rc == 0)
        rc = sc_vault_rekey_scope(vault, day, NULL, err);
    if (rc == 0)
        rc = sc_vault_remove(vault, second, NULL, err);
    return rc < 0 ? rc : scenario_get(vault, &counter, err);
}

/* SC_FAULT_JOURNAL=delete: as a file that some other program has put into rollback mode. */
static void set_journal(const struct scenario *scenario)
{
    struct sc_error err = {0};
    SC_CLEANUP(sc_db_closep) struct sc_db *db = NULL;
    const char *mode = sc_env("SC_FAULT_JOURNAL");
    if (mode == NULL)
        return;
    if (strcmp(mode, "delete") != 0)
        scenario_die("SC_FAULT_JOURNAL is not 'delete'", NULL);
    if (sc_db_open(scenario->path, SC_DB_WRITE, &db, &err) < 0 ||
        sc_db_exec(db, "PRAGMA journal_mode=DELETE", &err) < 0)
        scenario_die("cannot change the journal's mode", &err);
}

void scenario_make(struct scenario *scenario, const char *base)
{
    struct sc_error err = {0};
    const char *tmp = sc_env("TMPDIR");
    if (base == NULL)
        base = tmp != NULL ? tmp : "/tmp";
    *scenario = (struct scenario){0};
    snprintf(scenario->dir, sizeof(scenario->dir), "%s/secretsctl-fault.XXXXXX", base);
    const char *dir = mkdtemp(scenario->dir);
    if (dir == NULL)
        scenario_die("cannot make a directory", NULL);
    snprintf(scenario->path, sizeof(scenario->path), "%s/vault.db", dir);
    setenv("XDG_STATE_HOME", scenario->dir, 1);
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    SC_CLEANUP(sc_secret_done) struct sc_secret key = {0};
    struct sc_slot_new slot = {.with = {.key_file = &key}};
    if (sc_vault_make_key_file(&key, &err) < 0 || key.len >= sizeof(scenario->key))
        scenario_die("cannot make a key", &err);
    memcpy(scenario->key, sc_secret_view(&key).ptr, key.len);
    if (sc_vault_create(scenario->path, &slot, &vault, &err) < 0 ||
        scenario_put_open(vault, 0, &err) < 0)
        scenario_die("cannot make a vault", &err);
    sc_vault_closep(&vault);
    set_journal(scenario);
}

void scenario_remove(struct scenario *scenario)
{
    char command[400];
    snprintf(command, sizeof(command), "%s", scenario->dir);
    char *const argv[] = {"rm", "-rf", command, NULL};
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[0], argv);
        _exit(1);
    }
    if (pid < 0 || waitpid(pid, NULL, 0) != pid)
        scenario_die("cannot remove the directory", NULL);
}
