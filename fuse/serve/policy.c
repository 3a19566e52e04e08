/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules and the decision; see fuse/serve/policy.h.
 */
#include "fuse/serve/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/buf.h"
#include "core/hash.h"
#include "core/name.h"
#include "core/str.h"

#include "core/banned.h"

#define DAY_SECONDS 86400
/* In front of each encoded rule; texts follow, each with its NUL: the glob, then for each condition
 * one byte of kind and the pattern. */
struct rule_head {
    uint32_t size; /* of the whole rule */
    uint8_t deny, conditions;
    uint16_t from, to, unused;
    uint32_t opens;
};

void sc_policy_encode(struct sc_buf *to, const struct sc_rule *rule)
{
    size_t size = sizeof(struct rule_head) + strlen(rule->glob) + 1;
    for (size_t i = 0; i < rule->condition_count; i++)
        size += 2 + strlen(rule->conditions[i].pattern);
    const struct rule_head head = {
        .size = (uint32_t)size,
        .deny = rule->deny,
        .conditions = (uint8_t)rule->condition_count,
        .from = rule->from,
        .to = rule->to,
        .opens = rule->opens,
    };
    sc_buf_append(to, &head, sizeof(head));
    sc_buf_append(to, rule->glob, strlen(rule->glob) + 1);
    for (size_t i = 0; i < rule->condition_count; i++) {
        sc_buf_putc(to, (char)rule->conditions[i].kind);
        sc_buf_append(to, rule->conditions[i].pattern, strlen(rule->conditions[i].pattern) + 1);
    }
}

/* The C string at *at inside the rule; NULL if it has no end. */
static const char *take_text(const unsigned char *bytes, size_t size, size_t *at)
{
    const unsigned char *end = *at < size ? memchr(bytes + *at, '\0', size - *at) : NULL;
    if (end == NULL)
        return NULL;
    const char *text = (const char *)bytes + *at;
    *at = (size_t)(end - bytes) + 1;
    return text;
}

/* Bytes of the rule at `bytes`, 0 if it is not one. */
static size_t decode_rule(const unsigned char *bytes, size_t len, struct sc_rule *ret)
{
    struct rule_head head;
    if (len < sizeof(head))
        return 0;
    memcpy(&head, bytes, sizeof(head));
    if (head.size < sizeof(head) || head.size > len || head.conditions > SC_RULE_CONDITIONS_MAX)
        return 0;
    size_t at = sizeof(head);
    *ret = (struct sc_rule){
        .deny = head.deny != 0,
        .glob = take_text(bytes, head.size, &at),
        .condition_count = head.conditions,
        .from = head.from,
        .to = head.to,
        .opens = head.opens,
    };
    if (ret->glob == NULL)
        return 0;
    for (size_t i = 0; i < ret->condition_count; i++) {
        struct sc_condition *condition = &ret->conditions[i];
        if (at >= head.size || bytes[at] == 0 || bytes[at] >= SC_CONDITION_MAX)
            return 0;
        condition->kind = (enum sc_condition_kind)bytes[at++];
        condition->pattern = take_text(bytes, head.size, &at);
        if (condition->pattern == NULL)
            return 0;
    }
    unsigned char hash[SC_HASH_SIZE];
    sc_hash_blake2b(hash, bytes, head.size, NULL, 0);
    memcpy(&ret->hash, hash, sizeof(ret->hash));
    return at == head.size ? at : 0;
}

int sc_policy_decode(struct sc_policy *policy, const unsigned char *bytes, size_t len,
                     struct sc_error *err)
{
    struct sc_policy fresh = {0};
    size_t cap = 0;
    for (size_t at = 0; at < len;) {
        struct sc_rule rule;
        size_t used = decode_rule(bytes + at, len - at, &rule);
        if (used == 0 || fresh.count == SC_POLICY_RULES_MAX) {
            sc_policy_done(&fresh);
            return sc_fail(err, SC_E_FORMAT, "the policy is damaged");
        }
        struct sc_rule *grown =
            sc_items_reserve(fresh.rules, &cap, fresh.count, 1, sizeof(*grown), err);
        if (grown == NULL) {
            sc_policy_done(&fresh);
            return SC_E_NOMEM;
        }
        fresh.rules = grown;
        grown[fresh.count++] = rule;
        at += used;
    }
    sc_policy_done(policy);
    *policy = fresh;
    return 0;
}

void sc_policy_done(struct sc_policy *policy)
{
    free(policy->rules);
    *policy = (struct sc_policy){0};
}

/* ---- the decision ---- */

static bool needs_engine(enum sc_condition_kind kind)
{
    return kind == SC_CONDITION_PROJECT || kind == SC_CONDITION_SERVICE ||
           kind == SC_CONDITION_IMAGE || kind == SC_CONDITION_CONTAINER;
}

static bool number_is(const char *pattern, uint32_t number)
{
    char text[16];
    snprintf(text, sizeof(text), "%u", number);
    return sc_str_glob(pattern, text);
}

/* The outermost unit of systemd that the cgroup path names, which is below slices alone. What lies
 * below that belongs to whoever it was given to: a user's own manager may call a unit anything. */
static bool unit_is(const char *pattern, const char *cgroup)
{
    char part[SC_READER_CGROUP];
    do {
        if (*cgroup != '/')
            return false;
        size_t len = strcspn(++cgroup, "/");
        snprintf(part, sizeof(part), "%.*s", (int)len, cgroup);
        cgroup += len;
    } while (sc_str_has_suffix(part, ".slice"));
    return (sc_str_has_suffix(part, ".service") || sc_str_has_suffix(part, ".scope")) &&
           sc_str_glob(pattern, part);
}

static bool text_is(const char *pattern, const char *text)
{
    return text[0] != '\0' && sc_str_glob(pattern, text);
}

static bool holds(const struct sc_condition *condition, const struct sc_question *question)
{
    static const struct sc_store_container nothing = {0};
    const struct sc_fuse_reader *reader = question->reader;
    const struct sc_store_container *container =
        question->container != NULL ? question->container : &nothing;
    switch (condition->kind) {
    case SC_CONDITION_PROJECT:
        return text_is(condition->pattern, container->project);
    case SC_CONDITION_SERVICE:
        return text_is(condition->pattern, container->service);
    case SC_CONDITION_IMAGE:
        return text_is(condition->pattern, container->image);
    case SC_CONDITION_CONTAINER:
        return text_is(condition->pattern, container->name);
    case SC_CONDITION_EXE:
        return text_is(condition->pattern, reader->exe);
    case SC_CONDITION_UNIT:
        return unit_is(condition->pattern, reader->cgroup);
    case SC_CONDITION_UID:
        return number_is(condition->pattern, reader->uid);
    case SC_CONDITION_GID:
        return number_is(condition->pattern, reader->gid);
    case SC_CONDITION_HOST:
        return !reader->in_container;
    default:
        return false;
    }
}

static bool in_window(const struct sc_rule *rule, uint16_t minute)
{
    if (rule->from == rule->to)
        return true;
    if (rule->from < rule->to)
        return minute >= rule->from && minute < rule->to;
    return minute >= rule->from || minute < rule->to;
}

/* Whether the rule may fit a name in the scope of `name`, whatever that name's last part is: some
 * beginning of the pattern fits the scope, and what follows its last slash a last part. */
static bool covers_scope(const struct sc_rule *rule, const char *name)
{
    char scope[SC_NAME_SIZE];
    char pattern[SC_NAME_SIZE];
    const char *glob = rule->glob;
    const char *slash = strrchr(glob, '/');
    size_t first = slash != NULL ? (size_t)(slash - glob) + 1 : 0;
    size_t scope_len = sc_name_scope_len(name);
    if (scope_len + 1 >= sizeof(scope) || strlen(glob) >= sizeof(pattern))
        return false;
    snprintf(scope, sizeof(scope), "%.*s%s", (int)scope_len, name, scope_len > 0 ? "/" : "");
    snprintf(pattern, sizeof(pattern), "%s", glob);
    for (size_t at = strlen(glob); at > first; at--) {
        /* Of a scope's end only a wildcard fits the slash; a star fits what follows, too. */
        bool star = glob[at - 1] == '*';
        pattern[at] = '\0';
        if ((star || (glob[at - 1] == '?' && glob[at] != '\0')) && sc_str_glob(pattern, scope))
            return true;
    }
    pattern[first] = '\0';
    return glob[first] != '\0' && sc_str_glob(pattern, scope);
}

/* Whether that cannot be told of the reader: one that cannot be seen (the mount lies in a pid
 * namespace below its own), or one that is of the host or of a container, nobody knows. */
static bool cannot_tell(const struct sc_fuse_reader *reader, enum sc_condition_kind kind)
{
    if (reader->apart)
        return needs_engine(kind) || kind == SC_CONDITION_HOST;
    return reader->tgid == 0 && kind != SC_CONDITION_UID && kind != SC_CONDITION_GID;
}

/* 1 if it applies, 0 if not, -1 if that depends on an unknown container. Where it cannot be told
 * the worst is assumed: the reader is what a deny names, and nothing that an allow names. */
static int applies(const struct sc_rule *rule, const struct sc_question *question)
{
    bool unknown = question->reader->in_container && question->container == NULL;
    int result = in_window(rule, question->minute);
    for (size_t i = 0; i < rule->condition_count; i++) {
        const struct sc_condition *condition = &rule->conditions[i];
        if (unknown && needs_engine(condition->kind))
            result = result == 0 ? 0 : -1;
        else if (cannot_tell(question->reader, condition->kind))
            result = rule->deny ? result : 0;
        else if (!holds(condition, question))
            result = 0;
    }
    return result;
}

uint16_t sc_policy_minute(void)
{
    return (uint16_t)(time(NULL) % DAY_SECONDS / 60);
}

enum sc_verdict sc_policy_decide(const struct sc_policy *policy, const struct sc_question *question,
                                 uint32_t *ret_rule)
{
    bool covered = false, undecided = false;
    uint32_t allowed_by = 0;
    *ret_rule = 0;
    for (size_t i = 0; i < policy->count; i++) {
        const struct sc_rule *rule = &policy->rules[i];
        bool matches = sc_str_glob(rule->glob, question->name);
        covered = covered || matches || covers_scope(rule, question->name);
        int applied = matches ? applies(rule, question) : 0;
        undecided = undecided || applied < 0;
        if (applied <= 0)
            continue;
        if (rule->deny) {
            *ret_rule = (uint32_t)i + 1;
            return SC_VERDICT_REFUSE;
        }
        if (allowed_by == 0)
            allowed_by = (uint32_t)i + 1;
    }
    if (undecided)
        return SC_VERDICT_UNDECIDED;
    *ret_rule = allowed_by;
    return allowed_by > 0 || !covered ? SC_VERDICT_ALLOW : SC_VERDICT_REFUSE;
}
