/* SPDX-License-Identifier: Apache-2.0
 *
 * The token rules as one table. It is compiled into the program and into the tool that builds the
 * tables of the sieve, so an index means the same rule in both.
 */
#ifndef SC_AUDIT_RULES_TABLE_H
#define SC_AUDIT_RULES_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "audit/family.h"

enum sc_token_check {
    SC_CHECK_NONE,
    SC_CHECK_AWS,
    SC_CHECK_CRC62,     /* six last characters: CRC-32 of the rest in base 62 */
    SC_CHECK_TELEGRAM,  /* 8 to 10 digits in front */
    SC_CHECK_MAILCHIMP, /* 32 hexadecimal digits in front */
    SC_CHECK_NRAL,      /* 32 hexadecimal digits in front */
    SC_CHECK_OPENAI,    /* sk-... in front */
    SC_CHECK_ATLAS,     /* 14 characters in front */
    SC_CHECK_ENTRA,     /* 3 characters in front */
    SC_CHECK_HALF,      /* the public half of a pair */
    SC_CHECK_TEST,      /* for a sandbox */
    SC_CHECK_LETTERS_AND_DIGITS,
    SC_CHECK_PEM,   /* a body must follow */
    SC_CHECK_JWT,   /* the header must be one */
    SC_CHECK_BASIC, /* base64 of user:password */
    SC_CHECK_NETRC,
    SC_CHECK_VALUE,  /* the secret is what follows the literal */
    SC_CHECK_RANDOM, /* must look made by a machine */
    SC_CHECK_URL,
    SC_CHECK_HASH, /* of a password */
};

enum sc_token_kind { SC_TOKEN_PROVIDER, SC_TOKEN_KEYED, SC_TOKEN_GENERIC };

struct sc_token_rule {
    const char *id;
    const char *literal; /* at least three characters; the token or its keyword begins with it */
    const char *rest;    /* pattern behind the literal; of a keyed rule the value's */
    const char *title;
    enum sc_token_kind kind; /* PROVIDER: the literal's case matters */
    enum sc_token_check check;
};

extern const struct sc_token_rule sc_token_rules[];
extern const size_t sc_token_rule_count;

/* The secret is a value given to something whose name holds the literal. */
bool sc_token_is_named(const struct sc_token_rule *rule);
/* What the check wants stands in front of the literal, so a letter there is no reason against it.
 */
bool sc_token_may_join_word(const struct sc_token_rule *rule);

/* Which family says why a find of it matters. */
enum sc_family sc_token_family(const struct sc_token_rule *rule);

/* The first rule of this id, or NULL. */
const struct sc_token_rule *sc_token_rule_find(const char *id);

#endif
