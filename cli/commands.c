/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of command groups and the look-up; see cli/command.h.
 */
#include "cli/commands.h"

#include <string.h>

#include "core/banned.h"

const struct sc_command_group sc_command_groups[] = {
    {"Vault", sc_vault_commands},
    {"Entries", sc_entry_commands},
    {"Provisioning", sc_provision_commands},
    {"Provisioning", sc_mount_commands},
    {"Compose", sc_compose_commands},
    {"Compose", sc_rewrite_commands},
    {"Finding leaks", sc_leaks_commands},
    {"Running", sc_run_commands},
    {"Help", sc_help_commands},
    {NULL, NULL},
};

const struct sc_option sc_global_options[] = {
    {"vault", 0, "FILE", "the vault (else SECRETSCTL_VAULT, else the user's own)", SC_OPTION_TEXT,
     offsetof(struct sc_globals, vault), NULL, 0},
    {"identity", 0, "FILE", "unlock with this age identity", SC_OPTION_TEXT,
     offsetof(struct sc_globals, identity), NULL, 0},
    {"key-file", 0, "FILE", "unlock with this key file", SC_OPTION_TEXT,
     offsetof(struct sc_globals, key_file), NULL, 0},
    {"passphrase-fd", 0, "N", "read the passphrase from descriptor N", SC_OPTION_TEXT,
     offsetof(struct sc_globals, passphrase_fd), NULL, 1},
    {"passphrase-file", 0, "FILE", "read the passphrase from a file", SC_OPTION_TEXT,
     offsetof(struct sc_globals, passphrase_file), NULL, 1},
    {"min-seq", 0, "N", "refuse a vault older than this state", SC_OPTION_TEXT,
     offsetof(struct sc_globals, min_seq), NULL, 0},
    {"max-age", 0, "TIME", "refuse a vault or bundle signed longer ago than 12h, 30d, ...",
     SC_OPTION_TEXT, offsetof(struct sc_globals, max_age), NULL, 0},
    {"allow-kdf", 0, NULL, "use passphrases that cost less or more work than usual", SC_OPTION_FLAG,
     offsetof(struct sc_globals, allow_kdf), NULL, 0},
    {"json", 0, NULL, "print lists and reports as JSON", SC_OPTION_FLAG,
     offsetof(struct sc_globals, json), NULL, 0},
    {"quiet", 'q', NULL, "print no notes", SC_OPTION_FLAG, offsetof(struct sc_globals, quiet), NULL,
     0},
    {"no-color", 0, NULL, "print without colours", SC_OPTION_FLAG,
     offsetof(struct sc_globals, no_color), NULL, 0},
    {"no-input", 0, NULL, "never ask on the terminal", SC_OPTION_FLAG,
     offsetof(struct sc_globals, no_input), NULL, 0},
    {"help", 'h', NULL, "print help", SC_OPTION_FLAG, offsetof(struct sc_globals, help), NULL, 0},
    {"version", 0, NULL, "print the version", SC_OPTION_FLAG, offsetof(struct sc_globals, version),
     NULL, 0},
    {0},
};

bool sc_command_group_begins(const struct sc_command_group *group)
{
    return group == sc_command_groups || strcmp(group->title, group[-1].title) != 0;
}

/* How many words of the name stand at the front of words; 0 if they do not. */
static int match_words(const char *name, int count, char *const *words)
{
    for (int used = 0; used < count; used++) {
        size_t len = strcspn(name, " ");
        if (strlen(words[used]) != len || memcmp(name, words[used], len) != 0)
            return 0;
        if (name[len] == '\0')
            return used + 1;
        name += len + 1;
    }
    return 0;
}

const struct sc_command *sc_command_find(int count, char *const *words, int *ret_words)
{
    for (const struct sc_command_group *group = sc_command_groups; group->title != NULL; group++) {
        for (const struct sc_command *row = group->commands; row->name != NULL; row++) {
            int used = match_words(row->name, count, words);
            if (used > 0) {
                *ret_words = used;
                return row;
            }
        }
    }
    return NULL;
}

void sc_command_each(void (*fn)(const struct sc_command *command, const char *group, void *ctx),
                     void *ctx)
{
    for (const struct sc_command_group *group = sc_command_groups; group->title != NULL; group++) {
        for (const struct sc_command *row = group->commands; row->name != NULL; row++) {
            if ((row->flags & SC_COMMAND_HIDDEN) == 0)
                fn(row, group->title, ctx);
        }
    }
}
