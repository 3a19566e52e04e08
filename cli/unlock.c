/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding the vault and its keys; see cli/unlock.h.
 */
#include "cli/unlock.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/output.h"
#include "core/fsutil.h"
#include "core/parse.h"
#include "core/term.h"
#include "vault/age/age.h"
#include "vault/agent/client.h"
#include "vault/state/pin.h"
#include "vault/store/file.h"

#include "core/banned.h"

#define PROMPTS_MAX      3
#define CREDENTIAL       "secretsctl.identity"
#define IDENTITY_KEYWORD "AGE-SECRET-KEY-1"

/* What the options, the environment and the credentials offer, without asking anyone. */
struct keys {
    struct sc_secret passphrase, key_file, identity; /* empty where not offered */
    bool any_kdf;
};

char *sc_cli_vault_path(const struct sc_cli *cli, struct sc_error *err)
{
    const char *given =
        cli->globals.vault != NULL ? cli->globals.vault : sc_env("SECRETSCTL_VAULT");
    if (given != NULL && given[0] == '\0') {
        (void)sc_fail(err, SC_E_USAGE, "--vault names no file");
        return NULL;
    }
    if (given != NULL)
        return sc_str_dup(given, err);
    if (geteuid() == 0 && sc_env_directory("XDG_DATA_HOME") == NULL)
        return sc_str_dup("/var/lib/secretsctl/vault.db", err);
    const char *data = sc_env_directory("XDG_DATA_HOME");
    if (data != NULL)
        return sc_str_printf(err, "%s/secretsctl/vault.db", data);
    const char *home = sc_env_directory("HOME");
    if (home == NULL) {
        (void)sc_fail(err, SC_E_USAGE, "neither --vault nor HOME says where the vault is");
        return NULL;
    }
    return sc_str_printf(err, "%s/.local/share/secretsctl/vault.db", home);
}

static void keys_done(struct keys *keys)
{
    sc_secret_done(&keys->passphrase);
    sc_secret_done(&keys->key_file);
    sc_secret_done(&keys->identity);
}

static struct sc_unlock keys_view(const struct keys *keys)
{
    return (struct sc_unlock){
        .passphrase = keys->passphrase.len > 0 ? &keys->passphrase : NULL,
        .key_file = keys->key_file.len > 0 ? &keys->key_file : NULL,
        .identity = keys->identity.len > 0 ? &keys->identity : NULL,
        .any_kdf = keys->any_kdf,
    };
}

static int read_file(const char *path, bool private_only, struct sc_secret *ret,
                     struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret content = {0};
    int rc = sc_file_read_secret(path, SC_CLI_KEY_MAX, private_only, &content, err);
    if (rc < 0)
        return rc;
    if (content.len == 0)
        return sc_fail(err, SC_E_BADPASS, "'%s' is empty", path);
    sc_secret_move(ret, &content);
    return 0;
}

/* A pipeline that puts the key itself where its file's name belongs must not read it in its log:
 * the name is told only of a file that is there. */
int sc_cli_read_key(const char *what, const char *path, struct sc_secret *ret, struct sc_error *err)
{
    if (access(path, F_OK) < 0)
        return sc_fail_errno(
            err, "cannot open the file that %s names (a file's name belongs there, not the key)",
            what);
    return read_file(path, true, ret, err);
}

int sc_cli_read_passphrase(const struct sc_cli *cli, struct sc_secret *ret, struct sc_error *err)
{
    const struct sc_globals *globals = &cli->globals;
    int rc = 0;
    if (globals->passphrase_file != NULL) {
        rc = sc_cli_read_key("--passphrase-file", globals->passphrase_file, ret, err);
    } else if (globals->passphrase_fd != NULL) {
        uint64_t fd = 0;
        rc = sc_parse_u64(globals->passphrase_fd, 65535, "--passphrase-fd", &fd, err);
        if (rc == 0)
            rc = sc_secret_read_fd(ret, (int)fd, SC_CLI_KEY_MAX, err);
        if (rc < 0)
            return sc_wrap(err, rc, "cannot read the passphrase from descriptor %s",
                           globals->passphrase_fd);
    } else {
        return 0;
    }
    if (rc < 0)
        return rc;
    sc_secret_strip_newline(ret);
    if (ret->len == 0)
        return sc_fail(err, SC_E_BADPASS, "the passphrase given is empty");
    return 0;
}

/* Looked at here, where the file's name is known. */
static int read_identity(const char *what, const char *path, struct sc_secret *ret,
                         struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret keys = {0};
    int rc = sc_cli_read_key(what, path, ret, err);
    if (rc < 0)
        return rc;
    rc = sc_age_identities_parse(sc_secret_view(ret), &keys, err);
    return rc == SC_E_FORMAT ? sc_wrap(err, SC_E_BADPASS, "'%s'", path) : rc;
}

/* systemd hands over one file, of either form. It lets the service's user in by an access control
 * list, which looks like a permission of the group: its directory is what keeps others out. */
static int read_credential(struct keys *keys, struct sc_error *err)
{
    const char *dir = sc_env("CREDENTIALS_DIRECTORY");
    if (dir == NULL)
        return 0;
    SC_CLEANUP(sc_str_freep) char *path = sc_path_join(dir, CREDENTIAL, err);
    if (path == NULL)
        return SC_E_NOMEM;
    if (access(path, F_OK) != 0)
        return 0;
    SC_CLEANUP(sc_secret_done) struct sc_secret content = {0};
    int rc = read_file(path, false, &content, err);
    if (rc < 0)
        return rc;
    bool identity =
        memmem(content.ptr, content.len, IDENTITY_KEYWORD, strlen(IDENTITY_KEYWORD)) != NULL;
    sc_secret_move(identity ? &keys->identity : &keys->key_file, &content);
    return 0;
}

static bool offers_any(const struct keys *keys)
{
    return keys->passphrase.len > 0 || keys->key_file.len > 0 || keys->identity.len > 0;
}

static int keys_collect(const struct sc_cli *cli, struct keys *ret, struct sc_error *err)
{
    const struct sc_globals *globals = &cli->globals;
    SC_CLEANUP(keys_done) struct keys keys = {.any_kdf = globals->allow_kdf};
    int rc = sc_cli_read_passphrase(cli, &keys.passphrase, err);
    if (rc == 0 && globals->key_file != NULL)
        rc = sc_cli_read_key("--key-file", globals->key_file, &keys.key_file, err);
    if (rc == 0 && globals->identity != NULL)
        rc = read_identity("--identity", globals->identity, &keys.identity, err);
    if (rc == 0 && !offers_any(&keys)) {
        const char *identity = sc_env("SECRETSCTL_IDENTITY");
        const char *key_file = sc_env("SECRETSCTL_KEY_FILE");
        if (identity != NULL)
            rc = read_identity("SECRETSCTL_IDENTITY", identity, &keys.identity, err);
        if (rc == 0 && key_file != NULL)
            rc = sc_cli_read_key("SECRETSCTL_KEY_FILE", key_file, &keys.key_file, err);
    }
    if (rc == 0 && !offers_any(&keys))
        rc = read_credential(&keys, err);
    if (rc < 0)
        return rc;
    *ret = keys;
    keys = (struct keys){0};
    return 0;
}

/* Asks until it fits; a key file given beside may be the other half of a slot. */
static int unlock_by_prompt(struct sc_vault *vault, struct keys *keys, struct sc_error *err)
{
    int rc = SC_E_BADPASS;
    for (int i = 0; i < PROMPTS_MAX && rc == SC_E_BADPASS; i++) {
        rc = sc_term_read_secret(i == 0 ? "Passphrase: " : "Wrong. Passphrase: ", &keys->passphrase,
                                 err);
        if (rc == SC_E_CANCELLED)
            return sc_fail(err, SC_E_LOCKED, "the vault stays locked: no passphrase was entered");
        if (rc < 0)
            return rc;
        struct sc_unlock with = keys_view(keys);
        rc = sc_vault_unlock(vault, &with, err);
    }
    return rc;
}

/* LOCKED, with what there is to give. */
static int tell_what_opens(unsigned ways, const char *problem, const char *more,
                           struct sc_error *err)
{
    static const struct {
        enum sc_way_in way;
        const char *option;
    } options[] = {{SC_WAY_PASSPHRASE, "--passphrase-file"},
                   {SC_WAY_KEY_FILE, "--key-file"},
                   {SC_WAY_BOTH, "--passphrase-file together with --key-file"},
                   {SC_WAY_IDENTITY, "--identity"}};
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(256);
    for (size_t i = 0; i < SC_ARRAY_SIZE(options); i++) {
        if ((ways & options[i].way) == 0)
            continue;
        sc_buf_puts(&text, text.len > 0 ? " or " : "");
        sc_buf_puts(&text, options[i].option);
    }
    int rc = sc_buf_status(&text, err);
    return rc < 0 ? rc
                  : sc_fail(err, SC_E_LOCKED, "%s; give %s%s", problem, sc_buf_text(&text), more);
}

/* BADPASS when there is no agent, or none that knows this vault. */
static int unlock_by_agent(struct sc_vault *vault, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret identity = {0};
    SC_CLEANUP(sc_str_freep) char *path = sc_agent_path(err);
    unsigned char id[SC_VAULT_ID_SIZE];
    sc_vault_id(vault, id);
    if (path == NULL || sc_agent_get(path, id, &identity, err) < 0)
        return SC_E_BADPASS;
    const struct sc_unlock with = {.identity = &identity};
    return sc_vault_unlock(vault, &with, err);
}

enum agent_use { AGENT_IGNORED, AGENT_ASKED };

static int unlock(const struct sc_cli *cli, struct sc_vault *vault, enum agent_use agent,
                  struct sc_error *err)
{
    SC_CLEANUP(keys_done) struct keys keys = {0};
    int rc = keys_collect(cli, &keys, err);
    if (rc < 0)
        return rc;
    /* A bundle opens with identities only: there is nothing to ask for. */
    struct sc_vault_status status;
    rc = sc_vault_status(vault, &status, err);
    if (rc < 0)
        return rc;
    bool may_ask =
        !cli->globals.no_input && keys.passphrase.len == 0 && !status.bundle && sc_term_available();
    bool offered = offers_any(&keys);
    rc = SC_E_BADPASS;
    if (offered) {
        struct sc_unlock with = keys_view(&keys);
        rc = sc_vault_unlock(vault, &with, err);
    } else if (agent == AGENT_ASKED) {
        rc = unlock_by_agent(vault, err);
    }
    if (rc != SC_E_BADPASS || (offered && !may_ask))
        return rc;
    if (status.bundle)
        return sc_fail(err, SC_E_LOCKED,
                       "the bundle is locked; give --identity FILE of somebody it was made for");
    unsigned ways = 0;
    rc = sc_vault_ways_in(vault, &ways, err);
    if (rc < 0)
        return rc;
    if (!may_ask)
        return tell_what_opens(ways,
                               cli->globals.no_input
                                   ? "the vault is locked and --no-input forbids to ask"
                                   : "the vault is locked and there is no terminal to ask on",
                               cli->globals.no_input ? "" : ", or run: secretsctl unlock", err);
    if ((ways & SC_WAY_PASSPHRASE) != 0 || ((ways & SC_WAY_BOTH) != 0 && keys.key_file.len > 0))
        return unlock_by_prompt(vault, &keys, err);
    if (offered)
        return SC_E_BADPASS; /* as `err` says */
    return tell_what_opens(ways, "the vault is locked and no passphrase alone opens it", "", err);
}

/* What a pipeline demands that keeps no pins: an option, or else a variable. */
static int check_fresh(const struct sc_cli *cli, struct sc_vault *vault, struct sc_error *err)
{
    const struct sc_globals *globals = &cli->globals;
    const char *min_seq =
        globals->min_seq != NULL ? globals->min_seq : sc_env_demand("SECRETSCTL_MIN_SEQ");
    const char *max_age =
        globals->max_age != NULL ? globals->max_age : sc_env_demand("SECRETSCTL_MAX_AGE");
    uint64_t least = 0, seconds = 0;
    struct sc_vault_status status;
    if (min_seq == NULL && max_age == NULL)
        return 0;
    int rc = sc_vault_status(vault, &status, err);
    if (rc == 0 && min_seq != NULL)
        rc = sc_parse_u64(min_seq, INT64_MAX,
                          globals->min_seq != NULL ? "--min-seq" : "SECRETSCTL_MIN_SEQ", &least,
                          err);
    if (rc == 0 && max_age != NULL)
        rc = sc_parse_duration(
            max_age, globals->max_age != NULL ? "--max-age" : "SECRETSCTL_MAX_AGE", &seconds, err);
    if (rc == 0 && status.seq < least)
        return sc_fail(err, SC_E_ROLLBACK,
                       "the vault is at state %llu, older than %llu, the least to accept",
                       (unsigned long long)status.seq, (unsigned long long)least);
    if (rc == 0 && max_age != NULL && status.current < time(NULL) - (int64_t)seconds) {
        char when[SC_TIME_TEXT_SIZE];
        sc_time_text(when, status.current);
        return sc_fail(err, SC_E_ROLLBACK, "the %s was signed last at %s, longer ago than accepted",
                       status.bundle ? "bundle" : "vault", when);
    }
    return rc;
}

static void warn(const char *message, void *ctx)
{
    (void)ctx;
    sc_warn("warning: %s", message);
}

int sc_cli_open_locked(const struct sc_cli *cli, enum sc_vault_access access, struct sc_vault **ret,
                       struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep) char *path = sc_cli_vault_path(cli, err);
    if (path == NULL)
        return err->code;
    int rc = sc_vault_open(path, access, ret, err);
    if (rc == SC_E_NOTFOUND)
        return sc_fail(err, rc,
                       "there is no vault at '%s'; run: secretsctl init, or restore BACKUP", path);
    if (rc < 0)
        return rc;
    sc_vault_on_warning(*ret, warn, NULL);
    rc = check_fresh(cli, *ret, err);
    if (rc < 0)
        sc_vault_closep(ret);
    return rc;
}

int sc_cli_unlock(const struct sc_cli *cli, struct sc_vault *vault, struct sc_error *err)
{
    return unlock(cli, vault, AGENT_ASKED, err);
}

/* A key that is offered comes before the agent's; and who demands more of a state than the pin does
 * has the vault opened. */
static bool leaves_it_to_the_agent(const struct sc_globals *globals)
{
    static const char *const keys[] = {"SECRETSCTL_IDENTITY", "SECRETSCTL_KEY_FILE",
                                       "CREDENTIALS_DIRECTORY"};
    static const char *const demands[] = {"SECRETSCTL_VAULT_KEY", "SECRETSCTL_MIN_SEQ",
                                          "SECRETSCTL_MAX_AGE"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(keys); i++) {
        if (sc_env(keys[i]) != NULL)
            return false;
    }
    for (size_t i = 0; i < SC_ARRAY_SIZE(demands); i++) {
        if (sc_env_demand(demands[i]) != NULL)
            return false;
    }
    return globals->passphrase_file == NULL && globals->passphrase_fd == NULL &&
           globals->key_file == NULL && globals->identity == NULL && globals->min_seq == NULL &&
           globals->max_age == NULL;
}

bool sc_cli_read_by_agent(const struct sc_cli *cli, const char *name, uint64_t version,
                          struct sc_secret *ret_value, enum sc_entry_kind *ret_kind)
{
    SC_CLEANUP(sc_str_freep) char *vault = sc_cli_vault_path(cli, NULL);
    SC_CLEANUP(sc_str_freep)
    char *path = vault != NULL ? sc_path_absolute(vault, NULL) : NULL;
    SC_CLEANUP(sc_str_freep) char *agent = sc_agent_path(NULL);
    SC_CLEANUP(sc_secret_done) struct sc_secret message = {0};
    struct sc_agent_value answer;
    struct stat file;
    if (path == NULL || agent == NULL || !leaves_it_to_the_agent(&cli->globals) ||
        sc_store_file_check(path, NULL) < 0 || stat(path, &file) < 0)
        return false;
    const struct sc_agent_wanted wanted = {
        .dev = file.st_dev, .ino = file.st_ino, .version = version, .path = path, .name = name};
    if (sc_agent_read(agent, &wanted, &message, &answer, NULL) < 0 ||
        !sc_pin_is_at(answer.id, answer.verify_key, answer.seq, answer.state_hash))
        return false;
    sc_secret_truncate(ret_value, 0);
    if (sc_secret_append(ret_value, answer.value.ptr, answer.value.len, NULL) < 0)
        return false;
    *ret_kind = (enum sc_entry_kind)answer.kind;
    return true;
}

static int open_with(const struct sc_cli *cli, enum sc_vault_access access, enum agent_use agent,
                     struct sc_vault **ret, struct sc_error *err)
{
    SC_CLEANUP(sc_vault_closep) struct sc_vault *vault = NULL;
    int rc = sc_cli_open_locked(cli, access, &vault, err);
    if (rc == 0)
        rc = unlock(cli, vault, agent, err);
    if (rc == 0)
        *ret = SC_TAKE(vault);
    return rc;
}

int sc_cli_open_vault(const struct sc_cli *cli, enum sc_vault_access access, struct sc_vault **ret,
                      struct sc_error *err)
{
    return open_with(cli, access, AGENT_ASKED, ret, err);
}

int sc_cli_open_afresh(const struct sc_cli *cli, enum sc_vault_access access, struct sc_vault **ret,
                       struct sc_error *err)
{
    return open_with(cli, access, AGENT_IGNORED, ret, err);
}
