/* SPDX-License-Identifier: Apache-2.0
 *
 * Values in and out: prompt, standard input, file, generator; see cli/entry/entry.h.
 */
#include "cli/entry/entry.h"

#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "core/fsutil.h"
#include "core/parse.h"
#include "core/random.h"
#include "core/term.h"

#include "core/banned.h"

#define GENERATE_DEFAULT 32
#define GENERATE_MAX     4096
#define WORD_LENGTH      5

static int generate_password(size_t length, struct sc_secret *ret, struct sc_error *err)
{
    /* Letters and digits only: the value passes through URLs, shells and config files unharmed. */
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    unsigned char *out = NULL;
    int rc = sc_random_init(err);
    if (rc == 0)
        rc = sc_secret_resize(ret, length, &out, err);
    for (size_t i = 0; i < length && rc == 0; i++)
        out[i] = (unsigned char)alphabet[sc_random_below(sizeof(alphabet) - 1)];
    return rc;
}

/* Words of the form consonant, vowel, consonant, vowel, consonant: 16 bits each, pronounceable, and
 * no list to carry along. */
int sc_generate_words(size_t words, struct sc_secret *ret, struct sc_error *err)
{
    static const char consonants[] = "bdfghjklmnprstvz";
    static const char vowels[] = "aiou";
    unsigned char *out = NULL;
    int rc = sc_random_init(err);
    if (rc == 0)
        rc = sc_secret_resize(ret, words * (WORD_LENGTH + 1), &out, err);
    for (size_t i = 0; i < words * (WORD_LENGTH + 1) && rc == 0; i++) {
        size_t at = i % (WORD_LENGTH + 1);
        if (at == WORD_LENGTH)
            out[i] = '-';
        else
            out[i] = (unsigned char)(at % 2 == 0 ? consonants[sc_random_below(16)]
                                                 : vowels[sc_random_below(4)]);
    }
    if (rc == 0)
        sc_secret_truncate(ret, ret->len - 1);
    return rc;
}

int sc_entry_version_parse(const char *text, const char *what, uint64_t *ret, struct sc_error *err)
{
    uint64_t version = 0;
    int rc = sc_parse_u64(text, INT64_MAX, what, &version, err);
    if (rc == 0 && version == 0) /* which the vault takes for the present one */
        rc = sc_fail(err, SC_E_USAGE, "%s counts from 1", what);
    if (rc == 0)
        *ret = version;
    return rc;
}

int sc_entry_prefix_check(const char *prefix, struct sc_error *err)
{
    size_t len = strlen(prefix);
    if (len == 0)
        return 0;
    if (len > 1 && prefix[len - 1] == '/')
        len--;
    SC_CLEANUP(sc_str_freep) char *name = sc_str_ndup(prefix, len, err);
    return name == NULL ? SC_E_NOMEM : sc_name_check(name, 1, err);
}

static int generate(const char *text, struct sc_secret *ret, struct sc_error *err)
{
    uint64_t length = GENERATE_DEFAULT;
    if (text != NULL) {
        int rc = sc_parse_u64(text, GENERATE_MAX, "the length to generate", &length, err);
        if (rc < 0)
            return rc;
    }
    if (length < 8)
        return sc_fail(err, SC_E_USAGE, "a generated value has at least 8 characters");
    return generate_password((size_t)length, ret, err);
}

static int read_stdin(struct sc_secret *ret, struct sc_error *err)
{
    int rc = sc_secret_read_fd(ret, STDIN_FILENO, SC_VALUE_MAX, err);
    return rc < 0 ? sc_wrap(err, rc, "cannot take the value from standard input") : 0;
}

int sc_entry_read_value(const struct sc_cli *cli, const struct sc_entry_options *options, int count,
                        struct sc_secret *ret, struct sc_error *err)
{
    if (count > 1 && options->generate.given)
        return sc_fail(err, SC_E_USAGE,
                       "the length of a generated value is given as "
                       "--generate=LEN");
    if (count > 1)
        return sc_fail(err, SC_E_USAGE,
                       "a value on the command line is seen by every user and kept in the shell's "
                       "history; give it on standard input or with --from-file");
    int rc = 0;
    if (options->generate.given)
        return generate(options->generate.value, ret, err);
    if (options->from_file != NULL && !sc_str_equal(options->from_file, "-"))
        rc = sc_file_read_secret(options->from_file, SC_VALUE_MAX, false, ret, err);
    else if (options->from_file != NULL || isatty(STDIN_FILENO) != 1)
        rc = read_stdin(ret, err);
    else if (cli->globals.no_input)
        rc = sc_fail(err, SC_E_USAGE, "no value is given and --no-input forbids to ask");
    else
        return sc_term_read_new_secret("Value: ", ret, err);
    if (rc == 0 && options->strip_newline)
        sc_secret_strip_newline(ret);
    return rc;
}

static bool can_switch_screens(void)
{
    const char *term = sc_env("TERM");
    return term != NULL && !sc_str_equal(term, "dumb") && sc_term_available();
}

int sc_entry_print_value(const struct sc_secret *value, enum sc_entry_print how,
                         struct sc_error *err)
{
    bool terminal = isatty(STDOUT_FILENO) == 1;
    if (terminal && how == SC_PRINT_REFUSE)
        return sc_fail(err, SC_E_USAGE,
                       "a secret is not shown on the terminal unless you ask: --reveal");
    int rc = sc_out_flush(err);
    if (rc == 0 && terminal && how == SC_PRINT_SCREEN && can_switch_screens())
        return sc_term_show_secret(value, "\n\n(Enter takes it from the screen) ", err);
    if (rc == 0)
        rc = sc_secret_write_fd(value, STDOUT_FILENO, err);
    if (rc == 0 && terminal && (value->len == 0 || value->ptr[value->len - 1] != '\n'))
        sc_out("\n");
    return rc;
}

static const char *const kind_names[] = {
    [SC_ENTRY_SECRET] = "secret", [SC_ENTRY_CONFIG] = "config", [SC_ENTRY_TEMPLATE] = "template"};

const char *sc_entry_kind_name(enum sc_entry_kind kind)
{
    bool known = kind >= SC_ENTRY_SECRET && (size_t)kind < SC_ARRAY_SIZE(kind_names);
    return known ? kind_names[kind] : "unknown";
}

int sc_entry_kind_parse(const char *name, enum sc_entry_kind *ret, struct sc_error *err)
{
    for (size_t i = SC_ENTRY_SECRET; i < SC_ARRAY_SIZE(kind_names); i++) {
        if (sc_str_equal(name, kind_names[i])) {
            *ret = (enum sc_entry_kind)i;
            return 0;
        }
    }
    return sc_fail(err, SC_E_USAGE, "an entry is a secret, a config or a template");
}

int sc_cmd_generate(struct sc_cli *cli, const void *options, int count, char **operands,
                    struct sc_error *err)
{
    (void)cli;
    const struct sc_generate_options *opt = options;
    SC_CLEANUP(sc_secret_done) struct sc_secret value = {0};
    uint64_t words = 6;
    int rc = 0;
    if (opt->words) {
        if (count > 0)
            rc = sc_parse_u64(operands[0], 64, "the number of words", &words, err);
        if (rc == 0 && words < 3)
            rc = sc_fail(err, SC_E_USAGE, "fewer than 3 words are too easy to guess");
        if (rc == 0)
            rc = sc_generate_words((size_t)words, &value, err);
    } else {
        rc = generate(count > 0 ? operands[0] : NULL, &value, err);
    }
    return rc < 0
               ? rc
               : sc_entry_print_value(&value, opt->reveal ? SC_PRINT_PLAIN : SC_PRINT_REFUSE, err);
}
