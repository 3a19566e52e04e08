/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of the group "Vault".
 */
#include "cli/commands.h"

#include "cli/vault/vault.h"

#include "core/banned.h"

#define SLOT(field) offsetof(struct sc_slot_options, field)

static const struct sc_option init_options[] = {
    {"passphrase", 'p', NULL, "ask for a passphrase (also beside --key-file: both are needed then)",
     SC_OPTION_FLAG, SLOT(passphrase), NULL, 0},
    {"recipient", 0, "age1...", "let this age recipient open the vault", SC_OPTION_TEXT,
     SLOT(recipient), NULL, 0},
    {"label", 0, "TEXT", "what this way to open it is called", SC_OPTION_TEXT, SLOT(label), NULL,
     0},
    {"kdf", 0, "COST", "how hard the passphrase is to guess", SC_OPTION_TEXT, SLOT(kdf),
     "light|default|strong", 0},
    {0},
};

const struct sc_command sc_vault_commands[] = {
    {
        .name = "init",
        .operands = "",
        .summary = "make a vault",
        .description =
            "Makes an empty vault, opened by a passphrase, by a key file (which is made, mode "
            "0600, when it is missing), by both together, or by an age recipient. At a terminal "
            "an empty passphrase gets a generated one of six words. There is no way into a vault "
            "whose passphrase and key files are lost.",
        .examples = "secretsctl init\task for a passphrase\n"
                    "secretsctl --key-file /etc/secretsctl.key init\tfor a server",
        .options = init_options,
        .options_size = sizeof(struct sc_slot_options),
        .run = sc_cmd_init,
    },
    {0},
};
