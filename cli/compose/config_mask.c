/* SPDX-License-Identifier: Apache-2.0
 *
 * Masking; see cli/compose/config_mask.h.
 */
#include "cli/compose/config_mask.h"

#include <string.h>

#include "compose/credential.h"
#include "core/str.h"

#include "core/banned.h"

static bool is_one_of(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (*text == *words[i] && strcmp(text, words[i]) == 0)
            return true;
    }
    return false;
}

/* Names of things, and what tells them apart: never a credential, whatever they look like. */
static bool is_structure(const char *const *path, size_t depth)
{
    static const char *const names[] = {"source", "target", "file", "name", "type", "image"};
    static const char *const maps[] = {"environment", "labels", "build", "annotations"};
    if (depth >= 3 && (strcmp(path[0], "secrets") == 0 || strcmp(path[0], "configs") == 0) &&
        strcmp(path[2], "environment") == 0)
        return true;
    if (depth >= 4 && is_one_of(path[2], maps, SC_ARRAY_SIZE(maps)))
        return false;
    return is_one_of(path[depth - 1], names, SC_ARRAY_SIZE(names));
}

static bool judge(const char *key, size_t key_len, const char *value, size_t len)
{
    struct sc_credential_part parts[SC_CREDENTIAL_PARTS_MAX];
    return sc_credential_parts(key, key_len, value, len, parts) > 0;
}

static bool is_command(const char *const *path, size_t depth)
{
    static const char *const lists[] = {"command", "entrypoint", "test"};
    return depth >= 4 && strcmp(path[depth - 1], "[]") == 0 &&
           is_one_of(path[depth - 2], lists, SC_ARRAY_SIZE(lists));
}

static bool takes_short_options(const char *word, size_t len)
{
    static const char *const programs[] = {"mysql",  "mariadb", "redis-cli", "valkey-cli",
                                           "mongo",  "curl",    "sshpass",   "ldap",
                                           "sqlcmd", "keydb",   "psql"};
    for (size_t i = 0; i < SC_ARRAY_SIZE(programs); i++) {
        if (memmem(word, len, programs[i], strlen(programs[i])) != NULL)
            return true;
    }
    return false;
}

/* -pVALUE, -p VALUE and the like of the programs above. */
static bool short_option(struct sc_config_mask *mask, const char *word, size_t len)
{
    if (!mask->short_options || len < 2 || word[0] != '-' || strchr("pPauw", word[1]) == NULL)
        return false;
    mask->expects = len == 2;
    return len > 2 && word[1] == 'p';
}

/* One word of a command line; true if it is, or holds, a credential. */
static bool hide_word(struct sc_config_mask *mask, const char *word, size_t len)
{
    bool option = len > 1 && word[0] == '-';
    bool expected = mask->expects && !option;
    mask->expects = false;
    size_t dashes = 0;
    while (dashes < len && word[dashes] == '-')
        dashes++;
    const char *equals = memchr(word, '=', len);
    size_t name = (equals != NULL ? (size_t)(equals - word) : len);
    if (expected || judge(NULL, 0, word, len))
        return true;
    if (equals != NULL && name > dashes &&
        judge(word + dashes, name - dashes, equals + 1, len - name - 1))
        return true;
    if (takes_short_options(word, len))
        mask->short_options = true;
    if (short_option(mask, word, len))
        return true;
    if (dashes > 0 && equals == NULL && len > 2) {
        enum sc_key_kind kind = sc_key_classify(word + dashes, len - dashes);
        mask->expects = (kind == SC_KEY_PASSWORD || kind == SC_KEY_SECRET) &&
                        !sc_key_is_file(word + dashes, len - dashes);
    }
    return false;
}

/* An item may be one word, or a script: then all of its words are looked at, quotes as blanks. */
static bool hide_command(struct sc_config_mask *mask, const char *text)
{
    static const char blanks[] = " \t\r\n\"'`();|&";
    bool hidden = judge(NULL, 0, text, strlen(text));
    if (text[strcspn(text, " \t\n")] == '\0')
        return hide_word(mask, text, strlen(text));
    while (*text != '\0') {
        size_t len = strcspn(text, blanks);
        if (len > 0)
            hidden = hide_word(mask, text, len) || hidden;
        text += len;
        text += strspn(text, blanks);
    }
    return hidden;
}

bool sc_config_hide(void *ctx, const char *const *path, size_t depth, const struct sc_value *value)
{
    struct sc_config_mask *mask = ctx;
    const char *text = sc_value_text(value);
    if (text == NULL || depth == 0)
        return false;
    if (is_command(path, depth)) {
        if (mask->service != path[1] || mask->attribute != path[depth - 2])
            *mask = (struct sc_config_mask){.service = path[1], .attribute = path[depth - 2]};
        return hide_command(mask, text);
    }
    if (is_structure(path, depth))
        return false;
    const char *key = strcmp(path[depth - 1], "[]") != 0 ? path[depth - 1] : NULL;
    return judge(key, key != NULL ? strlen(key) : 0, text, value->count);
}
