/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading for commands; see vault/agent/reader.h.
 */
#include "vault/agent/reader.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "vault/handle.h"

#include "core/banned.h"

/* The log and its index stay beside the file as long as somebody has it open: not for long. */
#define IDLE_SECONDS 3

void sc_agent_reader_close(struct sc_agent_reader *reader)
{
    sc_vault_closep(&reader->vault);
    free(reader->path);
    *reader = (struct sc_agent_reader){0};
}

void sc_agent_reader_expire(struct sc_agent_reader *reader, const struct sc_agent_ring *ring,
                            int64_t now)
{
    if (reader->vault != NULL &&
        (reader->until <= now || sc_agent_ring_get(ring, reader->id) == NULL))
        sc_agent_reader_close(reader);
}

static bool is_file(const struct stat *st, const struct sc_agent_wanted *wanted)
{
    return st->st_dev == wanted->dev && st->st_ino == wanted->ino;
}

/* Whether the vault that is open is the one that is wanted. */
static bool is_open(const struct sc_agent_reader *reader, const struct sc_agent_wanted *wanted)
{
    return reader->vault != NULL && sc_str_equal(reader->path, wanted->path) &&
           is_file(&reader->file, wanted);
}

static int open_vault(struct sc_agent_reader *reader, const struct sc_agent_ring *ring,
                      const char *path)
{
    sc_agent_reader_close(reader);
    reader->path = sc_str_dup(path, NULL);
    if (reader->path == NULL)
        return SC_E_NOMEM;
    int rc = sc_vault_open(path, SC_VAULT_READ, &reader->vault, NULL);
    if (rc < 0)
        return rc;
    sc_vault_id(reader->vault, reader->id);
    const struct sc_agent_key *key = sc_agent_ring_get(ring, reader->id);
    if (key == NULL || reader->vault->bundle.yes)
        return SC_E_NOTFOUND;
    sc_db_dont_wait(reader->vault->db); /* others wait for the agent */
    const struct sc_unlock with = {.identity = &key->identity};
    return sc_vault_unlock(reader->vault, &with, NULL);
}

static int read_value(struct sc_agent_reader *reader, const struct sc_agent_wanted *wanted,
                      struct sc_secret *ret)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    struct sc_vault *vault = reader->vault;
    struct sc_entry_info info;
    int rc = sc_vault_get(vault, wanted->name, wanted->version, &value, &info, NULL);
    if (rc < 0)
        return rc;
    struct sc_agent_value answer = {
        .seq = vault->state.seq, .kind = (uint8_t)info.kind, .value = sc_secret_view(&value)};
    memcpy(answer.id, reader->id, sizeof(answer.id));
    memcpy(answer.verify_key, vault->sign_pk, sizeof(answer.verify_key));
    memcpy(answer.state_hash, vault->state.hash, sizeof(answer.state_hash));
    return sc_agent_value_write(&answer, ret, NULL);
}

enum sc_agent_status sc_agent_reader_read(struct sc_agent_reader *reader,
                                          const struct sc_agent_ring *ring,
                                          const struct sc_agent_wanted *wanted, int64_t now,
                                          struct sc_secret *ret)
{
    struct stat file;
    /* The same path may lead elsewhere from where the command stands. */
    if (ring->count == 0 || wanted->path[0] != '/' || stat(wanted->path, &file) < 0 ||
        !is_file(&file, wanted))
        return SC_AGENT_ELSEWHERE;
    int rc = is_open(reader, wanted) ? 0 : open_vault(reader, ring, wanted->path);
    reader->file = file;
    reader->until = now + IDLE_SECONDS;
    if (rc == 0)
        rc = read_value(reader, wanted, ret);
    if (rc == 0)
        return SC_AGENT_OK;
    sc_agent_reader_close(reader);
    return SC_AGENT_ELSEWHERE;
}
