/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may open what: rules as workers see them, and the decision.
 *
 *   allow|deny NAME-GLOB [to CONDITION...] [between HH:MM-HH:MM] [opens N]
 *   condition = project=P | service=P | image=P | container=P | exe=P | unit=P | uid=N | gid=N |
 * host
 *
 * All conditions of a rule must hold; patterns are globs. A deny beats an allow. A scope about
 * which one rule speaks is closed to everybody no rule allows; other scopes are open, as the mode
 * bits say. Times are UTC. fuse/agent/policy_file.h reads the text; the encoded form is what the
 * store carries.
 *
 * Ownership: a decoded policy points into the bytes it came from. Threads: readers side by side.
 */
#ifndef SC_FUSE_SERVE_POLICY_H
#define SC_FUSE_SERVE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/error.h"
#include "fuse/shared/ring.h"
#include "fuse/shared/store.h"

#define SC_RULE_CONDITIONS_MAX 8
#define SC_POLICY_RULES_MAX    10000
#define SC_POLICY_BYTES_MAX    ((size_t)1024 * 1024)

enum sc_condition_kind {
    SC_CONDITION_PROJECT = 1,
    SC_CONDITION_SERVICE,
    SC_CONDITION_IMAGE,
    SC_CONDITION_CONTAINER, /* its name */
    SC_CONDITION_EXE,
    SC_CONDITION_UNIT,
    SC_CONDITION_UID,
    SC_CONDITION_GID,
    SC_CONDITION_HOST, /* in no container */
    SC_CONDITION_MAX
};

struct sc_condition {
    enum sc_condition_kind kind;
    const char *pattern; /* "" for SC_CONDITION_HOST */
};

struct sc_rule {
    bool deny;
    const char *glob;
    struct sc_condition conditions[SC_RULE_CONDITIONS_MAX];
    size_t condition_count;
    uint16_t from, to; /* minutes of the day, both 0 = always; from > to spans midnight */
    uint32_t opens;    /* how often it may allow; 0 = no limit */
    uint64_t hash;     /* set by decoding */
};

struct sc_policy {
    struct sc_rule *rules;
    size_t count;
};

/* Appends the encoded rule. */
void sc_policy_encode(struct sc_buf *to, const struct sc_rule *rule);
/* Replaces the policy; FORMAT leaves it as it was. */
int sc_policy_decode(struct sc_policy *policy, const unsigned char *bytes, size_t len,
                     struct sc_error *err) SC_NODISCARD;
void sc_policy_done(struct sc_policy *policy);

enum sc_verdict {
    SC_VERDICT_ALLOW,
    SC_VERDICT_REFUSE,
    SC_VERDICT_UNDECIDED /* it depends on what the engine knows of the container */
};

struct sc_question {
    const char *name; /* full name of the entry */
    const struct sc_fuse_reader *reader;
    const struct sc_store_container *container; /* NULL: not in one, or not known */
    uint16_t minute;                            /* of the day, UTC */
};

/* The minute of the day that is now. */
uint16_t sc_policy_minute(void);

/* *ret_rule: 1 + the index of the rule that decided, 0 if none did. */
enum sc_verdict sc_policy_decide(const struct sc_policy *policy, const struct sc_question *question,
                                 uint32_t *ret_rule);

#endif
