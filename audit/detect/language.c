/* SPDX-License-Identifier: Apache-2.0
 *
 * Languages by names of files; see audit/detect/language.h.
 */
#include "audit/detect/language.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "audit/detect/source.h"
#include "core/macros.h"
#include "core/str.h"

#include "core/banned.h"

#define C_LIKE SC_SOURCE_SLASHES
#define HASHED SC_SOURCE_HASH

static const struct sc_language languages[] = {
    {".py", HASHED | SC_SOURCE_TRIPLE, SC_FAMILY_SOURCE, false},
    {".rb", HASHED, SC_FAMILY_SOURCE, false},
    {".js", C_LIKE, SC_FAMILY_SOURCE, false},
    {".mjs", C_LIKE, SC_FAMILY_SOURCE, false},
    {".cjs", C_LIKE, SC_FAMILY_SOURCE, false},
    {".jsx", C_LIKE, SC_FAMILY_SOURCE, false},
    {".ts", C_LIKE, SC_FAMILY_SOURCE, false},
    {".tsx", C_LIKE, SC_FAMILY_SOURCE, false},
    {".vue", C_LIKE, SC_FAMILY_SOURCE, false},
    {".svelte", C_LIKE, SC_FAMILY_SOURCE, false},
    {".dart", C_LIKE | SC_SOURCE_TRIPLE, SC_FAMILY_SOURCE, false},
    {".go", C_LIKE | SC_SOURCE_DOUBLE, SC_FAMILY_SOURCE, false},
    {".rs", C_LIKE | SC_SOURCE_DOUBLE, SC_FAMILY_SOURCE, false},
    {".swift", C_LIKE | SC_SOURCE_DOUBLE | SC_SOURCE_TRIPLE, SC_FAMILY_SOURCE, false},
    {".c", C_LIKE | SC_SOURCE_DOUBLE, SC_FAMILY_SOURCE, true},
    {".cc", C_LIKE | SC_SOURCE_DOUBLE, SC_FAMILY_SOURCE, true},
    {".cpp", C_LIKE | SC_SOURCE_DOUBLE, SC_FAMILY_SOURCE, true},
    {".h", C_LIKE | SC_SOURCE_DOUBLE, SC_FAMILY_SOURCE, true},
    {".hpp", C_LIKE | SC_SOURCE_DOUBLE, SC_FAMILY_SOURCE, true},
    {".ino", C_LIKE | SC_SOURCE_DOUBLE, SC_FAMILY_SOURCE, false},
    {".java", C_LIKE | SC_SOURCE_DOUBLE, SC_FAMILY_SOURCE, false},
    {".kt", C_LIKE | SC_SOURCE_DOUBLE | SC_SOURCE_TRIPLE, SC_FAMILY_SOURCE, false},
    {".kts", C_LIKE | SC_SOURCE_DOUBLE | SC_SOURCE_TRIPLE, SC_FAMILY_SOURCE, false},
    {".scala", C_LIKE | SC_SOURCE_DOUBLE | SC_SOURCE_TRIPLE, SC_FAMILY_SOURCE, false},
    {".cs", C_LIKE | SC_SOURCE_DOUBLE, SC_FAMILY_SOURCE, false},
    {".lua", SC_SOURCE_DASHES, SC_FAMILY_SOURCE, false},
    {".pl", HASHED, SC_FAMILY_SOURCE, false},
    {".pm", HASHED, SC_FAMILY_SOURCE, false},
    {".php", C_LIKE | HASHED, SC_FAMILY_SOURCE, false},
    {".exs", HASHED | SC_SOURCE_DOUBLE | SC_SOURCE_TRIPLE, SC_FAMILY_SOURCE, false},
    {".ex", HASHED | SC_SOURCE_DOUBLE | SC_SOURCE_TRIPLE, SC_FAMILY_SOURCE, false},
    {".pp", HASHED, SC_FAMILY_SOURCE, false},
    {".r", HASHED, SC_FAMILY_SOURCE, false},
    {".vb", SC_SOURCE_DOUBLE, SC_FAMILY_SOURCE, false},
    {".vbs", SC_SOURCE_DOUBLE, SC_FAMILY_SOURCE, false},
    {".xml", SC_SOURCE_XML, SC_FAMILY_SOURCE, false},
    {".pubxml", SC_SOURCE_XML, SC_FAMILY_SOURCE, false},
    {".publishsettings", SC_SOURCE_XML, SC_FAMILY_SOURCE, false},
    {".config", SC_SOURCE_XML, SC_FAMILY_SOURCE, false},
    {".groovy", C_LIKE | SC_SOURCE_TRIPLE, SC_FAMILY_SOURCE, false},
    {".gradle", C_LIKE | SC_SOURCE_TRIPLE, SC_FAMILY_SOURCE, false},
    {".ps1", HASHED, SC_FAMILY_CONFIG, false},
    {".psm1", HASHED, SC_FAMILY_CONFIG, false},
    {".tf", C_LIKE | HASHED | SC_SOURCE_DOUBLE, SC_FAMILY_CONFIG, false},
    {".hcl", C_LIKE | HASHED | SC_SOURCE_DOUBLE, SC_FAMILY_CONFIG, false},
    {".nomad", C_LIKE | HASHED | SC_SOURCE_DOUBLE, SC_FAMILY_CONFIG, false},
    {".jenkinsfile", C_LIKE | SC_SOURCE_TRIPLE, SC_FAMILY_CI, false},
};

static const struct sc_language jenkins = {"", C_LIKE | SC_SOURCE_TRIPLE, SC_FAMILY_CI, false};
static const struct sc_language vagrant = {"", HASHED, SC_FAMILY_CONFIG, false};

static const char *leaf_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

const struct sc_language *sc_language_of(const char *path)
{
    const char *name = leaf_of(path);
    if (strncasecmp(name, "jenkinsfile", 11) == 0)
        return &jenkins;
    if (strcmp(name, "Vagrantfile") == 0)
        return &vagrant;
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot != NULL && i < SC_ARRAY_SIZE(languages); i++) {
        if (sc_str_equal_nocase(dot + 1, languages[i].suffix + 1))
            return &languages[i];
    }
    return NULL;
}

/* Bits of letters, the same for both cases. */
static uint32_t letter_bit(char c)
{
    return (uint32_t)1 << (c & 31);
}

/* One pass over the text, which is looked at for each file: few places begin a word. */
static bool has_any(const char *text, const char *const *words)
{
    uint32_t first = 0, second = 0;
    for (const char *const *word = words; *word != NULL; word++) {
        first |= letter_bit((*word)[0]);
        second |= letter_bit((*word)[1]);
    }
    for (; text[0] != '\0'; text++) {
        if ((first & letter_bit(text[0])) == 0 || (second & letter_bit(text[1])) == 0)
            continue;
        for (const char *const *word = words; *word != NULL; word++) {
            if (((text[1] ^ (*word)[1]) & 31) == 0 && strncasecmp(text, *word, strlen(*word)) == 0)
                return true;
        }
    }
    return false;
}

bool sc_language_is_settings(const char *path)
{
    static const char *const words[] = {
        "config",     "setting",      "database",    "credential", "secret",     "knex",
        "connection", "environment",  "constant",    "users",      "datasource", "persistence",
        "hibernate",  "context",      "application", "ormconfig",  "build.grad", "pom.xml",
        "parameters", "initializers", "server.xml",  NULL};
    return has_any(leaf_of(path), words);
}

bool sc_language_is_sample(const char *path)
{
    static const char *const words[] = {"test", "spec", "example", "sample", "fixture",
                                        "mock", "demo", "dummy",   NULL};
    return has_any(path, words);
}
