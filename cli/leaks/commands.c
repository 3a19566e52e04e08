/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of the group "Finding leaks".
 */
#include "cli/commands.h"

#include "cli/leaks/audit.h"
#include "cli/leaks/leaks.h"

#include "core/banned.h"

#define VERIFY(field) offsetof(struct sc_verify_options, field)

static const struct sc_option verify_options[] = {
    {"file", 'f', "FILE", "a Compose file of the project to render", SC_OPTION_LIST, VERIFY(files),
     NULL, 0},
    {"scope", 0, "PREFIX", "only secrets below this scope", SC_OPTION_TEXT, VERIFY(scope), NULL, 0},
    {"all-versions", 0, NULL, "look for older versions of each secret too", SC_OPTION_FLAG,
     VERIFY(all_versions), NULL, 0},
    {"accept-unproved", 0, NULL, "pass although some values are too short or common to prove",
     SC_OPTION_FLAG, VERIFY(accept_unproved), NULL, 0},
    {"accept-skipped", 0, "GLOB", "pass although objects of this name cannot be searched",
     SC_OPTION_LIST, VERIFY(accept_skipped), NULL, 0},
    {"fingerprints", 0, "FILE", "look for the values of this export instead of a vault's",
     SC_OPTION_TEXT, VERIFY(fingerprints), NULL, 0},
    {"fingerprint-key", 0, "FILE", "the key of the export", SC_OPTION_TEXT, VERIFY(fingerprint_key),
     NULL, 0},
    {"timeout", 0, "SECONDS", "give up on an engine that says next to nothing for so long (30)",
     SC_OPTION_NUMBER, VERIFY(timeout), NULL, 0},
    {0},
};

static const struct sc_option fingerprint_options[] = {
    {"key", 0, "FILE", "the key file; made if it is missing", SC_OPTION_TEXT,
     offsetof(struct sc_fingerprint_options, key), NULL, 0},
    {"scope", 0, "PREFIX", "only secrets below this scope", SC_OPTION_TEXT,
     offsetof(struct sc_fingerprint_options, scope), NULL, 0},
    {0},
};

const struct sc_command sc_leaks_commands[] = {
    {
        .name = "audit",
        .operands = "[PATH...]",
        .summary = "find credentials in files and folders",
        .description =
            "Looks for credentials that stand in the clear: in Compose files (environment, "
            "commands, health checks, labels, build arguments, inline configs, driver options), "
            "env files, Dockerfiles, shell scripts, pipelines, Kubernetes manifests, the fences of "
            "Markdown files, and tokens of known form in any file. PATH is a file, a folder or '-' "
            "for standard input; without one the working directory is looked at. No vault is "
            "needed, and nothing is sent anywhere.\n\n"
            "Values are never printed: a finding shows the first character and a fingerprint that "
            "means nothing without its key.\n\n"
            "The exit status is 3 when a finding reaches --fail-on (medium unless given), else 1 "
            "when something could not be read, else 0.",
        .examples = "secretsctl audit\tlook at everything below the working directory\n"
                    "secretsctl audit --staged\tbefore a commit, as a hook\n"
                    "secretsctl audit --format json compose.yml\tfor other programs",
        .options = sc_audit_cli_options,
        .options_size = sizeof(struct sc_audit_cli_options),
        .max_operands = SC_OPERANDS_ANY,
        .run = sc_leaks_audit,
    },
    {
        .name = "explain",
        .operands = "[RULE]",
        .summary = "tell what a rule means and how to fix it",
        .description = "Tells what a finding of this rule is, why it matters and what to do about "
                       "it. Without RULE all rules are listed.",
        .examples = "secretsctl explain compose-env-literal\tthe most common one",
        .max_operands = 1,
        .run = sc_leaks_explain,
    },
    {
        .name = "verify",
        .operands = "[WHAT [NAME...]]...",
        .summary = "prove that no secret of the vault stands anywhere",
        .description =
            "Looks for every secret of the vault, in every encoding, where secrets leak to. WHAT "
            "is env (environments and command lines of all processes), config (the rendered "
            "Compose project), container (what the engine tells of all, or of the named ones), "
            "image (settings, history and every file of every layer of all images of the engine, "
            "or of the named ones; a name may also be the archive of docker save, or an OCI layout "
            "as folder or archive), log (what containers wrote), volume (what the engine tells of "
            "all, and their files), git "
            "(every object of the repository here, or of the named ones) or path (files and "
            "folders). Without WHAT: processes, the Compose project of this folder, containers, "
            "and the settings of images.\n\n"
            "Ends with a coverage statement: what was looked at, and what could not be. What could "
            "not be looked at is never a pass: then the exit status is 1, or 3 with findings. "
            "Values "
            "shorter than 8 bytes, and very common words, are compared with whole tokens only and "
            "named in the statement.",
        .examples = "secretsctl verify\teverything that needs no argument\n"
                    "secretsctl verify env container web\tall processes, and one container\n"
                    "secretsctl verify image shop/api:1 ./export.tar\timages, layer by layer\n"
                    "secretsctl verify git log path /srv/shop\thistory, logs and a folder",
        .options = verify_options,
        .options_size = sizeof(struct sc_verify_options),
        .max_operands = SC_OPERANDS_ANY,
        .run = sc_verify_run,
    },
    {
        .name = "fingerprint",
        .operands = "FILE",
        .summary = "export what a gate needs to verify without secrets",
        .description =
            "Writes keyed fingerprints of all secrets to FILE, for `verify --fingerprints FILE "
            "--fingerprint-key KEY` on a machine that has no vault. A key file that is missing is "
            "made (0600).\n\n"
            "Without the key the file tells its size and nothing else. Who has both can test "
            "guesses, "
            "and may learn up to 8 bytes of each piece that is searched. So values that leave less "
            "than 64 bits to guess beyond these are left out and named, and the key belongs in "
            "another place than the file (the secret store of the CI). An export is stale as soon "
            "as "
            "a value is rotated.",
        .examples = "secretsctl fingerprint --key gate.key shop.fp\tfor all secrets",
        .options = fingerprint_options,
        .options_size = sizeof(struct sc_fingerprint_options),
        .min_operands = 1,
        .max_operands = 1,
        .run = sc_fingerprint_run,
    },
    {0},
};
