/* SPDX-License-Identifier: Apache-2.0
 *
 * What the words of a key announce; see compose/credential.h.
 *
 * A key is cut into lower-case words at everything that is no letter or digit and where a
 * lower-case letter meets an upper-case one. The last words decide: "PASSWORD_RESET_URL" is a URL,
 * "SECRET_KEY_BASE" a secret.
 */
#include "compose/credential.h"

#include <string.h>

#include "core/macros.h"

#include "core/banned.h"

#define WORDS_MAX 16
#define WORD_SIZE 32
#define KEY_MAX   ((size_t)256)

struct words {
    char item[WORDS_MAX][WORD_SIZE];
    size_t count;
};

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void split(struct words *words, const char *key, size_t len)
{
    size_t used = 0;
    words->count = 0;
    for (size_t i = 0; i <= len && words->count < WORDS_MAX; i++) {
        char c = i < len ? key[i] : '\0';
        bool part = is_lower(c) || is_upper(c) || is_digit(c);
        bool hump = i > 0 && i < len && is_upper(c) && is_lower(key[i - 1]);
        if ((!part || hump) && used > 0) {
            words->item[words->count][used] = '\0';
            words->count++;
            used = 0;
            if (words->count == WORDS_MAX)
                return;
        }
        if (part && used < WORD_SIZE - 1)
            words->item[words->count][used++] = is_upper(c) ? (char)(c - 'A' + 'a') : c;
    }
}

/* What a word may end in, with its length. */
struct tail {
    const char *text;
    size_t len;
};

#define TAIL(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static bool in_list(const char *const *list, const char *word)
{
    for (; *list != NULL; list++) {
        if (**list == *word && strcmp(*list, word) == 0)
            return true;
    }
    return false;
}

static const char *const password_words[] = {
    "password", "passwords", "passwd", "passwort", "passphrase", "pass",     "pwd",
    "pw",       "pword",     "psk",    "senha",    "contrasena", "passcode", "authpass",
    "rootpw",   "pswd",      "bindpw", "authtok",  NULL};

/* Glued to another word: PGPASSWORD, dbpass, adminpwd. */
static const struct tail password_tails[] = {TAIL("password"),
                                             TAIL("passwd"),
                                             TAIL("passphrase"),
                                             TAIL("pwd"),
                                             TAIL("dbpass"),
                                             TAIL("userpass"),
                                             TAIL("rootpass"),
                                             TAIL("adminpass"),
                                             TAIL("masterpass"),
                                             TAIL("smtppass"),
                                             TAIL("mailpass"),
                                             TAIL("ldappass"),
                                             TAIL("redispass"),
                                             TAIL("sqlpass"),
                                             TAIL("controlpass"),
                                             TAIL("hpass"),
                                             TAIL("requirepass"),
                                             TAIL("masterauth"),
                                             {0}};

static const char *const secret_words[] = {
    "secret",    "secrets",   "token",   "tokens",  "apikey",     "apikeys",
    "salt",      "salts",     "pepper",  "authkey", "secretkey",  "privatekey",
    "accesskey", "jwtsecret", "cookie",  "bearer",  "credential", "webhooksecret",
    "pat",       "htpasswd",  "passkey", NULL};

static const struct tail secret_tails[] = {TAIL("secret"),        TAIL("token"),
                                           TAIL("apikey"),        TAIL("secretkey"),
                                           TAIL("privatekey"),    TAIL("authkey"),
                                           TAIL("encryptionkey"), TAIL("masterkey"),
                                           TAIL("keyfile"),       {0}};

/* Words that make "key" or "keys" a secret when they stand in front of it. */
static const char *const key_makers[] = {
    "api",     "secret",   "private", "access",      "encryption", "encrypt",    "enc",
    "master",  "signing",  "sign",    "app",         "auth",       "jwt",        "session",
    "service", "client",   "server",  "role",        "license",    "licence",    "account",
    "hmac",    "crypto",   "cipher",  "storage",     "cookie",     "admin",      "anon",
    "deploy",  "ssh",      "tls",     "ssl",         "totp",       "mail",       "plugin",
    "probe",   "google",   "event",   "aes",         "secondary",  "primary",    "root",
    "webhook", "s3",       "daemon",  "actual",      "security",   "instance",   "openrouter",
    "openai",  "imgproxy", "pro",     "shared",      "vault",      "activation", "salt",
    "rsa",     "ed25519",  "host",    "stripe",      "data",       "cry",        "registration",
    "db",      "database", "creds",   "credentials", "credential", "rotation",   "k256",
    "openssl", NULL};

/* A key that ends in one of these says something about a credential and holds none. */
static const char *const describing_words[] = {
    "stdin",        "fd",         "file",       "files",       "path",     "dir",
    "directory",    "folder",     "filename",   "location",    "mount",    "store",
    "length",       "len",        "size",       "min",         "max",      "limit",
    "count",        "bits",       "rounds",     "cost",        "bytes",    "ttl",
    "expiry",       "expire",     "expires",    "expiration",  "lifetime", "timeout",
    "age",          "duration",   "interval",   "seconds",     "minutes",  "hours",
    "days",         "time",       "validity",   "period",      "rotation", "enabled",
    "enable",       "disable",    "disabled",   "required",    "require",  "allowed",
    "allow",        "optional",   "insecure",   "verify",      "validate", "validation",
    "verification", "check",      "policy",     "strength",    "rules",    "rule",
    "header",       "headers",    "name",       "names",       "prefix",   "suffix",
    "field",        "attribute",  "claim",      "scope",       "scopes",   "audience",
    "issuer",       "realm",      "algorithm",  "alg",         "algo",     "type",
    "format",       "encoding",   "version",    "mode",        "method",   "methods",
    "provider",     "strategy",   "backend",    "driver",      "domain",   "host",
    "hostname",     "port",       "url",        "uri",         "endpoint", "server",
    "address",      "addr",       "region",     "user",        "username", "email",
    "login",        "id",         "ids",        "reset",       "change",   "update",
    "template",     "generator",  "hint",       "description", "label",    "title",
    "text",         "message",    "icon",       "placeholder", "zone",     "index",
    "column",       "table",      "hash",       "hashing",     "hasher",   "encoder",
    "fingerprint",  "thumbprint", "source",     "from",        "ref",      "reference",
    "manager",      "service",    "plugin",     "origin",      "origins",  "cert",
    "certificate",  "ca",         "env",        "var",         "schema",   "db",
    "docs",         "usage",      "pattern",    "regex",       "grace",    "refresh",
    "retries",      "attempts",   "admins",     "visible",     "secure",   "only",
    "support",      "arn",        "version",    "sizes",       "leeway",   "lookup",
    "mapping",      "map",        "serializer", "class",       NULL};

static bool has_word(const struct words *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++) {
        if (*words->item[i] == *word && strcmp(words->item[i], word) == 0)
            return true;
    }
    return false;
}

/* Digits behind the words are numbering: PASSWORD_1, key2. */
static void drop_numbers(struct words *words)
{
    while (words->count > 0) {
        char *last = words->item[words->count - 1];
        size_t len = strlen(last);
        while (len > 0 && is_digit(last[len - 1]) && strcmp(last, "s3") != 0)
            len--;
        last[len] = '\0';
        if (len > 0)
            return;
        words->count--;
    }
}

static bool tail_in(const struct tail *tails, const char *word)
{
    size_t len = strlen(word);
    for (; tails->text != NULL; tails++) {
        if (len >= tails->len && word[len - 1] == tails->text[tails->len - 1] &&
            memcmp(word + len - tails->len, tails->text, tails->len) == 0)
            return true;
    }
    return false;
}

static enum sc_key_kind kind_of_word(const char *word)
{
    if (in_list(password_words, word) || tail_in(password_tails, word))
        return SC_KEY_PASSWORD;
    if (in_list(secret_words, word) || tail_in(secret_tails, word))
        return SC_KEY_SECRET;
    return SC_KEY_OTHER;
}

/* "key" and "keys": by the word in front. */
static enum sc_key_kind kind_of_key(const struct words *words, size_t at)
{
    if (has_word(words, "public") || has_word(words, "pub") || has_word(words, "publishable") ||
        has_word(words, "authorized") || has_word(words, "site"))
        return SC_KEY_OTHER;
    if (at == 0)
        return SC_KEY_WEAK;
    const char *before = words->item[at - 1];
    if (strcmp(before, "access") == 0 && !has_word(words, "secret"))
        return SC_KEY_HALF;
    if (in_list(key_makers, before) || kind_of_word(before) != SC_KEY_OTHER)
        return SC_KEY_SECRET;
    /* GPG_KEY is the fingerprint of whom to trust. */
    return has_word(words, "gpg") || has_word(words, "pgp") ? SC_KEY_OTHER : SC_KEY_WEAK;
}

static enum sc_key_kind kind_of_identifier(const struct words *words)
{
    size_t n = words->count;
    if (n >= 2 &&
        (strcmp(words->item[n - 1], "id") == 0 || strcmp(words->item[n - 1], "ids") == 0)) {
        const char *before = words->item[n - 2];
        if (strcmp(before, "key") == 0 && n >= 3 && strcmp(words->item[n - 3], "access") == 0)
            return SC_KEY_HALF;
        /* VAULT_DEV_ROOT_TOKEN_ID holds the token itself. */
        if (strcmp(before, "token") == 0 && n >= 3 && strcmp(words->item[n - 3], "root") == 0)
            return SC_KEY_SECRET;
    }
    return SC_KEY_OTHER;
}

bool sc_key_is_file(const char *key, size_t len)
{
    struct words words;
    split(&words, key, SC_MIN(len, KEY_MAX));
    static const char *const names[] = {"file", "path", "dir", "filename", NULL};
    return words.count > 1 && in_list(names, words.item[words.count - 1]);
}

/* MYSQL_ALLOW_EMPTY_PASSWORD, RANDOM_ROOT_PASSWORD, DISABLE_AUTH, REQUIRE_API_KEY: switches. */
static bool is_switch(const struct words *words)
{
    static const char *const verbs[] = {"allow",  "disable", "disabled", "enable", "enabled",
                                        "random", "require", "requires", "use",    "generate",
                                        "skip",   "ignore",  "no",       "with",   "onetime",
                                        "show",   "hide",    NULL};
    if (strcmp(words->item[0], "existing") == 0) /* existingSecret: which of Kubernetes' it is */
        return true;
    for (size_t i = 0; i + 1 < words->count; i++) {
        if (in_list(verbs, words->item[i]))
            return true;
    }
    return false;
}

/* eos_token of a language model: a mark in a text, as is what cost_per_token counts. */
static bool is_mark(const struct words *words, size_t at)
{
    static const char *const marks[] = {"bos", "eos", "pad",  "unk",     "mask", "cls",
                                        "sep", "per", "stop", "special", NULL};
    return at > 0 && strncmp(words->item[at], "token", 5) == 0 &&
           in_list(marks, words->item[at - 1]);
}

/* nextToken, page_token: where a list in pages goes on; externalSecret: which of Kubernetes' it is.
 * Not of a variable: FB_PAGE_TOKEN, SYNC_TOKEN, EXTERNAL_SECRET. */
static bool is_place(const struct words *words, const char *key, size_t len)
{
    static const char *const places[] = {"next", "previous", "page", "continuation", "sync", NULL};
    size_t last = words->count - 1, small = 0;
    while (small < len && !is_lower(key[small]))
        small++;
    if (small == len || last == 0)
        return false;
    if (last == 1 && strncmp(words->item[1], "secret", 6) == 0)
        return strcmp(words->item[0], "external") == 0;
    bool fits = strncmp(words->item[last], "token", 5) == 0;
    for (size_t i = 0; i < last; i++)
        fits = fits && in_list(places, words->item[i]);
    return fits;
}

/* SLACK_WEBHOOK_URL: whoever knows the address may post. */
static bool is_webhook_address(const struct words *words)
{
    static const char *const chats[] = {"slack",      "discord",    "teams",
                                        "mattermost", "rocketchat", NULL};
    bool chat = false;
    for (const char *const *name = chats; *name != NULL && has_word(words, "webhook"); name++)
        chat = chat || has_word(words, *name);
    return chat;
}

enum sc_key_kind sc_key_classify(const char *key, size_t len)
{
    struct words words;
    if (len == 0 || len > KEY_MAX)
        return SC_KEY_OTHER;
    split(&words, key, len);
    drop_numbers(&words);
    if (words.count == 0)
        return SC_KEY_OTHER;
    const char *last = words.item[words.count - 1];
    if (is_switch(&words) || is_place(&words, key, len) ||
        strcmp(words.item[0], "from") == 0) /* from_secret: NAME */
        return SC_KEY_OTHER;
    if (strcmp(last, "id") == 0 || strcmp(last, "ids") == 0)
        return kind_of_identifier(&words);
    /* SECRET_KEY_BASE, PASSWORD_DEFAULT, API_KEY_VALUE, KEYFILE_CONTENT: the word before decides.
     */
    static const char *const fillers[] = {
        "base",    "default", "value",  "content", "contents", "prod",       "dev",  "test",
        "staging", "current", "old",    "new",     "initial",  "env",        "data", "plain",
        "raw",     "hex",     "base64", "b64",     "pem",      "asymmetric", "v",    NULL};
    size_t at = words.count - 1;
    while (at > 0 && in_list(fillers, words.item[at]))
        at--;
    last = words.item[at];
    if (strcmp(last, "key") == 0 || strcmp(last, "keys") == 0)
        return kind_of_key(&words, at);
    enum sc_key_kind kind = kind_of_word(last);
    if (kind == SC_KEY_SECRET && is_mark(&words, at))
        return SC_KEY_OTHER;
    if (kind != SC_KEY_OTHER)
        return kind;
    if (is_webhook_address(&words))
        return SC_KEY_SECRET;
    if (strcmp(last, "auth") == 0 && (has_word(&words, "redis") || has_word(&words, "rediscli")))
        return SC_KEY_PASSWORD; /* AUTH is the command that takes it */
    static const char *const weak[] = {"auth",    "authorization", "credentials", "creds",
                                       "cred",    "basicauth",     "pin",         "keyfile",
                                       "license", "basic",         NULL};
    if (in_list(weak, last))
        return SC_KEY_WEAK;
    for (size_t i = 0; i < at; i++) { /* PASSWORD_ADMIN, SECRET_FOO; not PASSWORD_LENGTH */
        kind = kind_of_word(words.item[i]);
        if (kind == SC_KEY_PASSWORD || strcmp(words.item[i], "secret") == 0)
            return in_list(describing_words, last) ? SC_KEY_OTHER : SC_KEY_WEAK;
    }
    return SC_KEY_OTHER;
}
