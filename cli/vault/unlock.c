/* SPDX-License-Identifier: Apache-2.0
 *
 * unlock and lock: hand the key of a vault to the agent, and make the agent forget it.
 */
#include <string.h>

#include "cli/output.h"
#include "cli/unlock.h"
#include "cli/vault/agent.h"
#include "core/parse.h"
#include "core/proc.h"
#include "core/str.h"
#include "vault/agent/client.h"

#include "core/banned.h"

#define ANSWER_MAX ((size_t)4096)

/* Starts an agent where none answers: this program again, which leaves one behind. */
static int start_agent(struct sc_error *err)
{
    char self[] = "/proc/self/exe", quiet[] = "--quiet", verb[] = "agent", how[] = "--background";
    char *const argv[] = {self, quiet, verb, how, NULL};
    SC_CLEANUP(sc_buf_done) struct sc_buf answer = SC_BUF_INIT(ANSWER_MAX);
    int status = 0;
    int rc = sc_proc_capture(argv, false, &answer, &status, err);
    if (rc == 0 && status != 0)
        rc = sc_fail(err, SC_E_FAILED, "the agent did not start");
    return rc;
}

static int hand_over(const struct sc_vault *vault, const char *path, uint32_t seconds,
                     struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret identity = {0};
    unsigned char id[SC_VAULT_ID_SIZE];
    sc_vault_id(vault, id);
    int rc = sc_vault_reopener(vault, &identity, err);
    if (rc < 0)
        return rc;
    rc = sc_agent_put(path, id, &identity, seconds, err);
    if (rc != SC_E_NOTFOUND)
        return rc;
    rc = start_agent(err);
    return rc < 0 ? rc : sc_agent_put(path, id, &identity, seconds, err);
}

static int seconds_left(const struct sc_vault *vault, const char *path, uint32_t *ret,
                        struct sc_error *err)
{
    struct sc_agent_list held;
    unsigned char id[SC_VAULT_ID_SIZE];
    sc_vault_id(vault, id);
    int rc = sc_agent_list(path, &held, err);
    for (size_t i = 0; rc == 0 && i < held.count; i++) {
        if (memcmp(held.items[i].id, id, sizeof(id)) == 0)
            *ret = held.items[i].seconds;
    }
    return rc;
}

int sc_cmd_unlock(struct sc_cli *cli, const void *options, int count, char **operands,
                  struct sc_error *err)
{
    (void)count;
    (void)operands;
    const struct sc_unlock_options *given = options;
    uint64_t seconds = 0;
    uint32_t left = 0;
    SC_CLEANUP(sc_str_freep) char *path = sc_agent_path(err);
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    if (path == NULL)
        return err->code;
    int rc = given->time != NULL ? sc_parse_duration(given->time, "--time", &seconds, err) : 0;
    if (rc == 0 && seconds > UINT32_MAX)
        rc = sc_fail(err, SC_E_USAGE, "--time is too long");
    if (rc == 0 && given->time != NULL && seconds == 0) /* which the agent takes for its default */
        rc = sc_fail(err, SC_E_USAGE, "--time must be 1s or more; see: secretsctl lock");
    if (rc == 0)
        rc = sc_cli_open_afresh(cli, SC_VAULT_READ, &vault, err);
    if (rc == 0)
        rc = hand_over(vault, path, (uint32_t)seconds, err);
    if (rc == 0)
        rc = seconds_left(vault, path, &left, err);
    if (rc < 0)
        return rc;
    unsigned minutes = (left + 59) / 60;
    bool hours = minutes > 0 && minutes % 60 == 0;
    unsigned shown = hours ? minutes / 60 : minutes;
    sc_note(cli, "unlocked for %u %s%s; lock it again with: secretsctl lock", shown,
            hours ? "hour" : "minute", shown == 1 ? "" : "s");
    return 0;
}

int sc_cmd_lock(struct sc_cli *cli, const void *options, int count, char **operands,
                struct sc_error *err)
{
    (void)count;
    (void)operands;
    const struct sc_lock_options *given = options;
    unsigned char id[SC_VAULT_ID_SIZE];
    SC_CLEANUP(sc_str_freep) char *path = sc_agent_path(err);
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    if (path == NULL)
        return err->code;
    int rc = given->all ? 0 : sc_cli_open_locked(cli, SC_VAULT_READ, &vault, err);
    if (rc < 0)
        return rc;
    if (vault != NULL)
        sc_vault_id(vault, id);
    rc = sc_agent_lock(path, vault != NULL ? id : NULL, err);
    if (rc == SC_E_NOTFOUND) { /* what is not running holds nothing */
        sc_note(cli, "no agent is running");
        return 0;
    }
    if (rc == 0)
        sc_note(cli, "locked");
    return rc;
}
