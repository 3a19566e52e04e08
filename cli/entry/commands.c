/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of the group "Entries".
 */
#include "cli/commands.h"

#include "cli/entry/entry.h"
#include "cli/entry/transfer.h"

#include "core/banned.h"

#define ENTRY(field) offsetof(struct sc_entry_options, field)

#define VALUE_OPTIONS                                                                                \
    {"from-file",      'f',  "FILE", "take the value from a file, byte for byte", SC_OPTION_TEXT,    \
     ENTRY(from_file), NULL, 1},                                                                     \
        {"generate",                                                                                 \
         'g',                                                                                        \
         "LEN",                                                                                      \
         "generate a value of LEN letters and digits (32)",                                          \
         SC_OPTION_OPTIONAL,                                                                         \
         ENTRY(generate),                                                                            \
         NULL,                                                                                       \
         1},                                                                                         \
        {"strip-newline",                                                                            \
         0,                                                                                          \
         NULL,                                                                                       \
         "drop one line end at the end of the value",                                                \
         SC_OPTION_FLAG,                                                                             \
         ENTRY(strip_newline),                                                                       \
         NULL,                                                                                       \
         0},                                                                                         \
        {"allow-empty",      0,    NULL, "store a value of no bytes, too", SC_OPTION_FLAG,           \
         ENTRY(allow_empty), NULL, 0},                                                               \
        {"kind",                                                                                     \
         0,                                                                                          \
         "KIND",                                                                                     \
         "secret, config or template",                                                               \
         SC_OPTION_TEXT,                                                                             \
         ENTRY(kind),                                                                                \
         "secret|config|template",                                                                   \
         0},                                                                                         \
        {"note", 0, "TEXT", "a note for people", SC_OPTION_TEXT, ENTRY(note), NULL, 0},              \
        {"label", 0, "KEY=VALUE", "a label; all labels are replaced", SC_OPTION_LIST, ENTRY(labels), \
         NULL,    0},                                                                                \
        {"expires",      0,    "TIME", "when to rotate: 90d, 12h, or never", SC_OPTION_TEXT,         \
         ENTRY(expires), NULL, 0},                                                                   \
        {"owner",      0,    "UID:GID", "owner of the file it is provisioned as", SC_OPTION_TEXT,    \
         ENTRY(owner), NULL, 0},                                                                     \
        {"mode",         0,           "MODE", "mode of that file, octal (0400)",                     \
         SC_OPTION_TEXT, ENTRY(mode), NULL,   0},                                                    \
    {                                                                                                \
        "reason", 0, "TEXT", "why, for the log", SC_OPTION_TEXT, ENTRY(reason), NULL, 0              \
    }

static const struct sc_option add_options[] = {VALUE_OPTIONS, {0}};

static const struct sc_option rotate_options[] = {
    VALUE_OPTIONS,
    {"keep-value", 0, NULL, "change what goes with the value only", SC_OPTION_FLAG,
     ENTRY(keep_value), NULL, 1},
    {0},
};

static const struct sc_option get_options[] = {
    {"revision", 'r', "N", "an older version of the value", SC_OPTION_TEXT,
     offsetof(struct sc_get_options, version), NULL, 0},
    {"reveal", 0, NULL, "show it on a terminal, until Enter is pressed", SC_OPTION_FLAG,
     offsetof(struct sc_get_options, reveal), NULL, 0},
    {0},
};

static const struct sc_option list_options[] = {
    {"kind", 0, "KIND", "only these: secret, config or template", SC_OPTION_TEXT,
     offsetof(struct sc_list_options, kind), "secret|config|template", 0},
    {"label", 0, "KEY[=VALUE]", "only entries with this label", SC_OPTION_TEXT,
     offsetof(struct sc_list_options, label), NULL, 0},
    {"expired", 0, NULL, "only what is due for rotation", SC_OPTION_FLAG,
     offsetof(struct sc_list_options, expired), NULL, 0},
    {"expiring", 0, "TIME", "only what is due within 12h, 30d, ...", SC_OPTION_TEXT,
     offsetof(struct sc_list_options, expiring), NULL, 0},
    {"exposed", 0, NULL, "only what somebody whose access has ended knows", SC_OPTION_FLAG,
     offsetof(struct sc_list_options, exposed), NULL, 0},
    {0},
};

static const struct sc_option reason_options[] = {
    {"reason", 0, "TEXT", "why, for the log", SC_OPTION_TEXT,
     offsetof(struct sc_reason_options, reason), NULL, 0},
    {0},
};

static const struct sc_option rollback_options[] = {
    {"to", 0, "N", "the version whose value comes back", SC_OPTION_TEXT,
     offsetof(struct sc_rollback_options, to), NULL, 0},
    {"reason", 0, "TEXT", "why, for the log", SC_OPTION_TEXT,
     offsetof(struct sc_rollback_options, reason), NULL, 0},
    {0},
};

static const struct sc_option generate_options[] = {
    {"words", 'w', NULL, "words of five letters, for a passphrase", SC_OPTION_FLAG,
     offsetof(struct sc_generate_options, words), NULL, 0},
    {"reveal", 0, NULL, "show it even on a terminal", SC_OPTION_FLAG,
     offsetof(struct sc_generate_options, reveal), NULL, 0},
    {0},
};

static const struct sc_option import_options[] = {
    {"format", 0, "FORMAT",
     "env, json, yaml, compose, dir, pass or age (else told by the name of SOURCE)", SC_OPTION_TEXT,
     offsetof(struct sc_import_options, format), "env|json|yaml|compose|dir|pass|age", 0},
    {"scope", 's', "SCOPE", "put all names below this scope", SC_OPTION_TEXT,
     offsetof(struct sc_import_options, scope), NULL, 0},
    {"on-conflict", 0, "WHAT",
     "for names in use with another value: fail (default), skip or replace", SC_OPTION_TEXT,
     offsetof(struct sc_import_options, on_conflict), "fail|skip|replace", 0},
    {"age-identity", 0, "FILE", "the identity that opens an archive", SC_OPTION_TEXT,
     offsetof(struct sc_import_options, age_identity), NULL, 0},
    {"reason", 0, "TEXT", "why, for the log", SC_OPTION_TEXT,
     offsetof(struct sc_import_options, reason), NULL, 0},
    {"dry-run", 'n', NULL, "print the names, change nothing", SC_OPTION_FLAG,
     offsetof(struct sc_import_options, dry_run), NULL, 0},
    {0},
};

static const struct sc_option export_options[] = {
    {"format", 0, "FORMAT", "env, json or dir, a folder (else told by the name of --output)",
     SC_OPTION_TEXT, offsetof(struct sc_export_options, format), "env|json|dir", 0},
    {"age", 0, "RECIPIENT", "make an archive for this age recipient", SC_OPTION_LIST,
     offsetof(struct sc_export_options, recipients), NULL, 0},
    {"output", 'o', "PATH", "a new file or folder instead of standard output", SC_OPTION_TEXT,
     offsetof(struct sc_export_options, output), NULL, 0},
    {"reveal", 0, NULL, "print on a terminal, too", SC_OPTION_FLAG,
     offsetof(struct sc_export_options, reveal), NULL, 0},
    {0},
};

const struct sc_command sc_entry_commands[] = {
    {
        .name = "add",
        .operands = "NAME",
        .summary = "store a new value",
        .description =
            "Stores a value under a new name, scope/name. The value comes from a hidden prompt on "
            "the terminal, else from standard input, from a file or from the generator; it is kept "
            "byte for byte. A value on the command line is refused, since every user of the "
            "machine can read command lines.",
        .examples = "secretsctl add shop/db_password\task for it\n"
                    "secretsctl add shop/db_password --generate\tmake one up\n"
                    "secretsctl add shop/tls.key --from-file tls.key\ta whole file",
        .options = add_options,
        .options_size = sizeof(struct sc_entry_options),
        .min_operands = 1,
        .max_operands = 2,
        .run = sc_cmd_add,
    },
    {
        .name = "get",
        .operands = "NAME",
        .summary = "write a value to standard output",
        .description =
            "Writes the value, byte for byte and nothing else, to standard output. On a "
            "terminal it is refused unless --reveal is given; then it stands on the terminal's "
            "other screen until Enter is pressed, and does not stay in its scrollback "
            "(with --no-input, or TERM=dumb, it is printed like anything else).",
        .examples = "secretsctl get shop/db_password | pbcopy\tto another program\n"
                    "secretsctl get shop/db_password --revision 3\twhat it was",
        .options = get_options,
        .options_size = sizeof(struct sc_get_options),
        .min_operands = 1,
        .max_operands = 1,
        .flags = SC_COMMAND_PRINTS_BYTES,
        .run = sc_cmd_get,
    },
    {
        .name = "list",
        .operands = "[PREFIX]",
        .summary = "list entries, without their values",
        .description = "Lists name, kind, version, size, time of change and status of every entry "
                       "at or below PREFIX. No value is decrypted.",
        .options = list_options,
        .options_size = sizeof(struct sc_list_options),
        .max_operands = 1,
        .run = sc_cmd_list,
    },
    {
        .name = "show",
        .operands = "NAME",
        .summary = "show what is known of an entry, not its value",
        .description =
            "Prints kind, version, size, times, labels and note of an entry; of a template "
            "also the entries it names, which may have changed since.",
        .min_operands = 1,
        .max_operands = 1,
        .run = sc_cmd_show,
    },
    {
        .name = "rotate",
        .operands = "NAME",
        .summary = "give an entry a new value",
        .description = "Stores a new version of an entry; the value comes in as for add. Older "
                       "versions stay and can be read or brought back. With --keep-value only the "
                       "note, labels, expiry, owner or mode change.",
        .examples = "secretsctl rotate shop/db_password --generate --reason 'left the team'\t",
        .options = rotate_options,
        .options_size = sizeof(struct sc_entry_options),
        .min_operands = 1,
        .max_operands = 2,
        .run = sc_cmd_rotate,
    },
    {
        .name = "history",
        .operands = "NAME",
        .summary = "list the versions of an entry",
        .description = "Lists every version of an entry, oldest first, removals included.",
        .min_operands = 1,
        .max_operands = 1,
        .run = sc_cmd_history,
    },
    {
        .name = "rollback",
        .operands = "NAME",
        .summary = "bring an older value back",
        .description = "Makes the value of an older version the present one, as a new version. "
                       "Without --to it is the one before the present.",
        .options = rollback_options,
        .options_size = sizeof(struct sc_rollback_options),
        .min_operands = 1,
        .max_operands = 1,
        .run = sc_cmd_rollback,
    },
    {
        .name = "mv",
        .operands = "NAME NEW-NAME",
        .summary = "give an entry another name or scope",
        .description = "Renames an entry with its whole history. The new name must never have been "
                       "used.",
        .options = reason_options,
        .options_size = sizeof(struct sc_reason_options),
        .min_operands = 2,
        .max_operands = 2,
        .run = sc_cmd_mv,
    },
    {
        .name = "rm",
        .operands = "NAME...",
        .summary = "remove entries",
        .description = "Removes entries, all or none. A tombstone and the history stay, so that a "
                       "removal can be seen and taken back (rollback).",
        .options = reason_options,
        .options_size = sizeof(struct sc_reason_options),
        .min_operands = 1,
        .max_operands = SC_OPERANDS_ANY,
        .run = sc_cmd_rm,
    },
    {
        .name = "generate",
        .operands = "[LENGTH]",
        .summary = "print a random value, and store nothing",
        .description = "Prints LENGTH (32) random letters and digits, or with --words LENGTH (6) "
                       "words of five letters with 16 bits each.",
        .options = generate_options,
        .options_size = sizeof(struct sc_generate_options),
        .max_operands = 1,
        .flags = SC_COMMAND_PRINTS_BYTES,
        .run = sc_cmd_generate,
    },
    {
        .name = "import",
        .operands = "SOURCE",
        .summary = "take in many entries, in one commit",
        .description =
            "Reads an env file, a JSON or YAML file (objects inside are scopes), the files behind "
            "'secrets:' of a Compose file, a folder of files, a store of pass, or an archive of "
            "'secretsctl export --age'. All entries come in, or none. A name in use with the same "
            "value is left alone; with another value it is an error, unless --on-conflict says "
            "what to do.\n\n"
            "SOURCE '-' is standard input, for env, json and yaml. In a store of pass the first "
            "line is the value; further lines become the entry NAME.more. Variables of an env file "
            "become lower case. What SOPS has encrypted is refused.\n\n"
            "Every line of an env file becomes an entry, user names too. Out of the '.env' of a "
            "Compose project 'compose rewrite --write' takes only the credentials, by itself.",
        .examples = "secretsctl import app.env --scope app\tan env file of anything but Compose\n"
                    "secretsctl import compose.yml --format compose\tthe secret files of a stack\n"
                    "secretsctl import ~/.password-store --scope me\tfrom pass\n"
                    "sops -d app.yaml | secretsctl import --format yaml --scope app -\tfrom SOPS",
        .options = import_options,
        .options_size = sizeof(struct sc_import_options),
        .min_operands = 1,
        .max_operands = 1,
        .run = sc_cmd_import,
    },
    {
        .name = "export",
        .operands = "[PREFIX]",
        .summary = "write entries out, or into an encrypted archive",
        .description =
            "Writes the present values as env lines, as JSON, or as files into a new folder; or, "
            "with --age, everything that belongs to the entries into one archive that only the "
            "given age recipients open, with this program or with age. Output to a terminal needs "
            "--reveal.",
        .examples = "secretsctl export --age age1... --output vault.age\tfor the bad day\n"
                    "secretsctl export shop --format env --output .env\tback to a file",
        .options = export_options,
        .options_size = sizeof(struct sc_export_options),
        .max_operands = 1,
        .run = sc_cmd_export,
    },
    {0},
};
