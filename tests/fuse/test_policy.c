/* SPDX-License-Identifier: Apache-2.0
 *
 * The policy: text to rules, rules to bytes and back, and decisions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fuse/agent/policy_file.h"
#include "fuse/serve/policy.h"

#include "core/banned.h"

#define POLICY_MAX ((size_t)64 * 1024)

/* A policy from text; both live until the test is over. */
struct fixture {
    struct sc_buf bytes;
    struct sc_policy policy;
};

static void load(struct fixture *fixture, const char *text)
{
    struct sc_error err = {0};
    unsigned rules = 0;
    *fixture = (struct fixture){.bytes = SC_BUF_INIT(POLICY_MAX)};
    assert_int_equal(sc_policy_parse(text, "p", &fixture->bytes, &rules, &err), 0);
    const struct sc_bytes view = sc_buf_view(&fixture->bytes);
    assert_int_equal(sc_policy_decode(&fixture->policy, view.ptr, view.len, &err), 0);
    assert_int_equal(fixture->policy.count, rules);
}

static void unload(struct fixture *fixture)
{
    sc_policy_done(&fixture->policy);
    sc_buf_done(&fixture->bytes);
}

static enum sc_verdict decide(const struct fixture *fixture, const char *name,
                              const struct sc_fuse_reader *reader,
                              const struct sc_store_container *container)
{
    uint32_t rule = 0;
    const struct sc_question question = {
        .name = name, .reader = reader, .container = container, .minute = 600};
    return sc_policy_decide(&fixture->policy, &question, &rule);
}

static const struct sc_fuse_reader host = {
    .tgid = 5, .uid = 999, .exe = "/usr/bin/psql", .cgroup = "/system.slice/backup.service"};
static const struct sc_fuse_reader inside = {.tgid = 6, .uid = 0, .in_container = true};
static const struct sc_fuse_reader unseen = {.tid = 3, .uid = 999}; /* of another pid namespace */
static const struct sc_fuse_reader stranger = {
    .tgid = 7, .uid = 999, .exe = "/usr/bin/psql", .cgroup = "/mine", .apart = true};
static const struct sc_store_container db = {
    .known = 1, .project = "shop", .service = "db", .image = "postgres:16", .name = "shop-db-1"};
static const struct sc_store_container web = {.known = 1, .project = "shop", .service = "web"};

/* A question to a policy, and its answer. */
struct expected {
    const char *name;
    const struct sc_fuse_reader *reader;
    const struct sc_store_container *container;
    enum sc_verdict verdict;
};

static void check(const char *policy, const struct expected *cases, size_t count)
{
    struct fixture fixture;
    load(&fixture, policy);
    for (size_t i = 0; i < count; i++)
        if (decide(&fixture, cases[i].name, cases[i].reader, cases[i].container) !=
            cases[i].verdict)
            fail_msg("case %zu: %s", i, cases[i].name);
    unload(&fixture);
}

static void test_scope_without_rule_is_open(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {"blog/x", &host, NULL, SC_VERDICT_ALLOW},
        {"shop/x", &host, NULL, SC_VERDICT_REFUSE},
        {"shop/x", &inside, &db, SC_VERDICT_ALLOW},
        {"shop/x", &inside, &web, SC_VERDICT_REFUSE},
    };
    check("allow shop/* to service=db\n", cases, SC_ARRAY_SIZE(cases));
}

static void test_one_name_closes_its_scope(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {"shop/other", &inside, &db, SC_VERDICT_REFUSE},
        {"shop/db_password", &inside, &db, SC_VERDICT_ALLOW},
        {"shopping/other", &inside, &db, SC_VERDICT_ALLOW},
    };
    check("allow shop/db_password to project=shop service=db\n", cases, SC_ARRAY_SIZE(cases));
}

/* A pattern speaks about each scope in which it may fit a name, also below the one it begins with.
 */
static void test_pattern_closes_scopes_below(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {"shop/other", &host, NULL, SC_VERDICT_REFUSE},
        {"shop/api/other", &host, NULL, SC_VERDICT_REFUSE},
        {"shop/api/a_key", &host, NULL, SC_VERDICT_REFUSE},
        {"shopping/x", &host, NULL, SC_VERDICT_ALLOW},
        {"bag/x", &host, NULL, SC_VERDICT_REFUSE},
        {"bags/deep/x", &host, NULL, SC_VERDICT_REFUSE},
        {"bug", &host, NULL, SC_VERDICT_REFUSE},
        {"big", &host, NULL, SC_VERDICT_REFUSE},
        {"other", &host, NULL, SC_VERDICT_REFUSE},
        {"blog/x", &host, NULL, SC_VERDICT_ALLOW},
        {"a/other", &host, NULL, SC_VERDICT_ALLOW},
        {"a/b/other", &host, NULL, SC_VERDICT_REFUSE},
        {"a/b/c/other", &host, NULL, SC_VERDICT_REFUSE},
    };
    check("allow shop/*_key to uid=1\nallow b?g* to uid=1\nallow a/*/x to uid=1\n", cases,
          SC_ARRAY_SIZE(cases));
}

/* The unit is what systemd has made; below it whoever it was given to makes directories of any
 * name. */
static void test_unit_cannot_be_forged(void **state)
{
    (void)state;
    struct fixture fixture;
    load(&fixture, "allow a/x to unit=backup.service\nallow a/any to unit=*\n");
    static const struct {
        const char *cgroup;
        bool is_backup, is_unit;
    } cases[] = {
        {"/system.slice/backup.service", true, true},
        {"/system.slice/backup.service/worker", true, true},
        {"/system.slice/system-backup.slice/backup.service", true, true},
        {"/init.scope", false, true},
        {"/user.slice/user-1000.slice/user@1000.service/app.slice/backup.service", false, true},
        {"/system.slice/other.service/backup.service", false, true},
        {"/user.slice/user-1000.slice/session-2.scope/backup.service", false, true},
        {"/docker/0123/backup.service", false, false},
        {"/backup.service.d/x", false, false},
        {"/", false, false},
        {"", false, false},
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(cases); i++) {
        struct sc_fuse_reader reader = {.tgid = 5, .uid = 1000};
        snprintf(reader.cgroup, sizeof(reader.cgroup), "%s", cases[i].cgroup);
        bool is_backup = decide(&fixture, "a/x", &reader, NULL) == SC_VERDICT_ALLOW;
        bool is_unit = decide(&fixture, "a/any", &reader, NULL) == SC_VERDICT_ALLOW;
        if (is_backup != cases[i].is_backup || is_unit != cases[i].is_unit)
            fail_msg("%s", cases[i].cgroup);
    }
    unload(&fixture);
}

static void test_deny_beats_allow(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {"shop/admin_key", &inside, &web, SC_VERDICT_REFUSE},
        {"shop/admin_key", &inside, &db, SC_VERDICT_ALLOW},
    };
    check("allow shop/* to project=shop\ndeny shop/admin_* to service=web\n", cases,
          SC_ARRAY_SIZE(cases));
}

static void test_unknown_container_is_undecided(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {"shop/a", &inside, NULL, SC_VERDICT_UNDECIDED},
        {"shop/b", &inside, NULL, SC_VERDICT_ALLOW},
        {"shop/a", &host, NULL, SC_VERDICT_REFUSE},
        {"shop/c", &inside, NULL, SC_VERDICT_REFUSE}, /* whatever service it is */
        {"shop/d", &inside, NULL, SC_VERDICT_UNDECIDED},
        {"shop/d", &inside, &web, SC_VERDICT_ALLOW},
        {"shop/d", &host, NULL, SC_VERDICT_REFUSE},      /* of no service at all */
        {"shop/e", &inside, NULL, SC_VERDICT_UNDECIDED}, /* it may be denied, whoever allows it */
        {"shop/e", &inside, &db, SC_VERDICT_ALLOW},
        {"shop/e", &inside, &web, SC_VERDICT_REFUSE},
    };
    check("allow shop/a to service=db\nallow shop/b to uid=0\nallow shop/c to uid=7 service=db\n"
          "allow shop/d to service=*\nallow shop/e to uid=0\ndeny shop/e to service=web\n",
          cases, SC_ARRAY_SIZE(cases));
}

static void test_host_conditions(void **state)
{
    (void)state;
    static const struct expected seen[] = {
        {"a/exe", &host, NULL, SC_VERDICT_ALLOW},
        {"a/unit", &host, NULL, SC_VERDICT_ALLOW},
        {"a/uid", &host, NULL, SC_VERDICT_ALLOW},
        {"a/host", &host, NULL, SC_VERDICT_ALLOW},
        /* Not visible in our pid namespace: only what needs no identity. */
        {"a/host", &unseen, NULL, SC_VERDICT_REFUSE},
        {"a/exe", &unseen, NULL, SC_VERDICT_REFUSE},
        {"a/uid", &unseen, NULL, SC_VERDICT_ALLOW},
    };
    check("allow a/exe to exe=/usr/bin/*\nallow a/unit to unit=backup.service\n"
          "allow a/uid to uid=999\nallow a/host to host\n",
          seen, SC_ARRAY_SIZE(seen));
    /* Of a container that no engine here knows: neither the host nor any service. */
    static const struct expected apart[] = {
        {"a/exe", &stranger, NULL, SC_VERDICT_ALLOW},
        {"a/uid", &stranger, NULL, SC_VERDICT_ALLOW},
        {"a/host", &stranger, NULL, SC_VERDICT_REFUSE},
        {"a/web", &stranger, NULL, SC_VERDICT_REFUSE},
        {"a/not", &stranger, NULL, SC_VERDICT_REFUSE},
        {"a/not-web", &stranger, NULL, SC_VERDICT_REFUSE},
    };
    check("allow a/exe to exe=/usr/bin/*\nallow a/uid to uid=999\nallow a/host to host\n"
          "allow a/web to service=web\nallow a/not to uid=999\ndeny a/not to host\n"
          "allow a/not-web to uid=999\ndeny a/not-web to service=web\n",
          apart, SC_ARRAY_SIZE(apart));
    /* And what is denied to somebody may be denied to it. */
    static const struct expected denied[] = {
        {"a/plain", &unseen, NULL, SC_VERDICT_ALLOW}, {"a/web", &unseen, NULL, SC_VERDICT_REFUSE},
        {"a/web", &host, NULL, SC_VERDICT_ALLOW},     {"a/one", &unseen, NULL, SC_VERDICT_ALLOW},
        {"a/exe", &unseen, NULL, SC_VERDICT_REFUSE},  {"a/other", &unseen, NULL, SC_VERDICT_ALLOW},
    };
    check("allow a/* to uid=999\ndeny a/web to service=web\ndeny a/one to uid=1\n"
          "deny a/exe to uid=999 exe=/usr/bin/*\ndeny a/other to uid=1 exe=/usr/bin/*\n",
          denied, SC_ARRAY_SIZE(denied));
}

static enum sc_verdict decide_at(const struct fixture *fixture, const char *name, unsigned hour,
                                 unsigned minute)
{
    uint32_t rule = 0;
    const struct sc_question question = {
        .name = name, .reader = &host, .minute = (uint16_t)(hour * 60 + minute)};
    return sc_policy_decide(&fixture->policy, &question, &rule);
}

/* From the first minute to the last one before the end, over midnight too. */
static void test_windows(void **state)
{
    (void)state;
    struct fixture fixture;
    load(&fixture, "allow a/day between 08:00-18:00\nallow a/night between 22:00-06:00\n"
                   "allow a/until to host between 00:00-10:00\n");
    assert_int_equal(decide_at(&fixture, "a/day", 7, 59), SC_VERDICT_REFUSE);
    assert_int_equal(decide_at(&fixture, "a/day", 8, 0), SC_VERDICT_ALLOW);
    assert_int_equal(decide_at(&fixture, "a/day", 17, 59), SC_VERDICT_ALLOW);
    assert_int_equal(decide_at(&fixture, "a/day", 18, 0), SC_VERDICT_REFUSE);
    assert_int_equal(decide_at(&fixture, "a/night", 21, 59), SC_VERDICT_REFUSE);
    assert_int_equal(decide_at(&fixture, "a/night", 22, 0), SC_VERDICT_ALLOW);
    assert_int_equal(decide_at(&fixture, "a/night", 0, 0), SC_VERDICT_ALLOW);
    assert_int_equal(decide_at(&fixture, "a/night", 5, 59), SC_VERDICT_ALLOW);
    assert_int_equal(decide_at(&fixture, "a/night", 6, 0), SC_VERDICT_REFUSE);
    assert_int_equal(decide_at(&fixture, "a/until", 9, 59), SC_VERDICT_ALLOW);
    assert_int_equal(decide_at(&fixture, "a/until", 10, 0), SC_VERDICT_REFUSE);
    unload(&fixture);
}

static void test_syntax_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"permit a/b", "'p' line 1, column 1: a rule starts with 'allow' or 'deny'"},
        {"# x\n\nallow", "'p' line 3, column 1: a rule needs a name or a pattern of names"},
        {"deny \"shop/x\" to host",
         "'p' line 1, column 6: no name has this: letters, digits, '.', '_', "
         "'-' and '/', and the wildcards * and ?"},
        {"deny shop/[ab]x", "'p' line 1, column 6: no name has this: letters, digits, '.', '_', "
                            "'-' and '/', and the wildcards * and ?"},
        {"deny /shop/x", "'p' line 1, column 6: no name begins or ends with '/'"},
        {"deny shop/", "'p' line 1, column 6: no name begins or ends with '/'"},
        {"allow a/b to uid=[12]",
         "'p' line 1, column 14: uid and gid are numbers, or patterns of them"},
        {"allow a/b to uid=1[ uid=2",
         "'p' line 1, column 14: uid and gid are numbers, or patterns of them"},
        {"allow a/b to service=a[1] service=b",
         "'p' line 1, column 27: no reader is both: say it in two rules"},
        {"allow a/b to", "'p' line 1, column 11: a condition must follow 'to'"},
        {"allow a/b to user=1", "'p' line 1, column 14: the keys are project, service, image, "
                                "container, exe, unit, uid and gid"},
        {"allow a/b to uid=", "'p' line 1, column 14: expected 'host' or KEY=PATTERN"},
        {"allow a/b to uid=root",
         "'p' line 1, column 14: uid and gid are numbers, or patterns of them"},
        {"allow a/b to exe=nginx", "'p' line 1, column 14: exe is the whole path, or a pattern"},
        {"allow a/b to uid=1 gid=1 uid=2",
         "'p' line 1, column 26: no reader is both: say it in two rules"},
        {"allow a/b to service=web host",
         "'p' line 1, column 26: no reader is both: say it in two rules"},
        {"allow a/b to host image=x",
         "'p' line 1, column 19: no reader is both: say it in two rules"},
        {"allow a/b between 8-9",
         "'p' line 1, column 19: expected HH:MM-HH:MM after 'between', in UTC"},
        {"allow a/b between 08:00-24:00",
         "'p' line 1, column 19: expected HH:MM-HH:MM after 'between', in UTC"},
        {"allow a/b between 08:00-08:00", "'p' line 1, column 19: the window is empty"},
        {"allow a/b opens 0", "'p' line 1, column 17: expected a number above 0 after 'opens'"},
        {"deny a/b opens 3", "'p' line 1, column 10: 'opens' is for rules that allow"},
        {"allow a/b host", "'p' line 1, column 11: expected 'to', 'between' or 'opens', each once"},
        {"allow a/b to host\ndeny  a/b  to host",
         "'p' line 2, column 1: the opposite of an earlier rule"},
    };
    for (size_t i = 0; i < SC_ARRAY_SIZE(cases); i++) {
        struct sc_error err = {0};
        unsigned rules = 0;
        SC_CLEANUP(sc_buf_done) struct sc_buf bytes = SC_BUF_INIT(POLICY_MAX);
        assert_int_equal(sc_policy_parse(cases[i].text, "p", &bytes, &rules, &err), SC_E_SYNTAX);
        assert_string_equal(sc_error_message(&err), cases[i].message);
    }
}

static void test_damaged_bytes(void **state)
{
    (void)state;
    struct fixture fixture;
    struct sc_policy policy = {0};
    load(&fixture, "allow shop/* to service=db uid=5\n");
    const struct sc_bytes view = sc_buf_view(&fixture.bytes);
    for (size_t len = 1; len < view.len; len++)
        assert_int_equal(sc_policy_decode(&policy, view.ptr, len, NULL), SC_E_FORMAT);
    /* Nothing of it is used: not the rules before, not the conditions that there is room for. */
    static const char condition[] = {SC_CONDITION_UID, '5', '\0'};
    size_t conditions = 2;
    SC_CLEANUP(sc_buf_done) struct sc_buf more = SC_BUF_INIT(POLICY_MAX);
    sc_buf_append(&more, view.ptr, view.len);
    for (; conditions <= SC_RULE_CONDITIONS_MAX; conditions++) {
        assert_int_equal(sc_policy_decode(&policy, sc_buf_view(&more).ptr, more.len, NULL), 0);
        sc_buf_append(&more, condition, sizeof(condition));
        more.data[0] = (char)more.len;       /* the size, of one byte here */
        more.data[5] = (char)conditions + 1; /* their number */
    }
    assert_int_equal(sc_policy_decode(&policy, sc_buf_view(&more).ptr, more.len, NULL),
                     SC_E_FORMAT);
    assert_int_equal(policy.rules[0].condition_count, SC_RULE_CONDITIONS_MAX);
    sc_policy_done(&policy);
    unload(&fixture);
}

static void test_too_many_rules(void **state)
{
    (void)state;
    struct fixture fixture;
    struct sc_policy policy = {0};
    SC_CLEANUP(sc_buf_done) struct sc_buf all = SC_BUF_INIT((size_t)1024 * 1024);
    load(&fixture, "allow a\n");
    const struct sc_bytes one = sc_buf_view(&fixture.bytes);
    for (size_t i = 0; i < SC_POLICY_RULES_MAX; i++)
        sc_buf_append(&all, one.ptr, one.len);
    assert_int_equal(sc_policy_decode(&policy, sc_buf_view(&all).ptr, all.len, NULL), 0);
    sc_buf_append(&all, one.ptr, one.len);
    assert_int_equal(sc_policy_decode(&policy, sc_buf_view(&all).ptr, all.len, NULL), SC_E_FORMAT);
    assert_int_equal(policy.count, SC_POLICY_RULES_MAX);
    sc_policy_done(&policy);
    unload(&fixture);
    /* Those of all files count together. */
    struct sc_error err = {0};
    unsigned rules = SC_POLICY_RULES_MAX - 1;
    assert_int_equal(sc_policy_parse("allow a\n", "p", &all, &rules, &err), 0);
    assert_int_equal(sc_policy_parse("allow a\n", "q", &all, &rules, &err), SC_E_TOOBIG);
    assert_string_equal(sc_error_message(&err), "'q': more than 10000 rules");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scope_without_rule_is_open),
        cmocka_unit_test(test_one_name_closes_its_scope),
        cmocka_unit_test(test_pattern_closes_scopes_below),
        cmocka_unit_test(test_unit_cannot_be_forged),
        cmocka_unit_test(test_deny_beats_allow),
        cmocka_unit_test(test_unknown_container_is_undecided),
        cmocka_unit_test(test_host_conditions),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_syntax_errors),
        cmocka_unit_test(test_damaged_bytes),
        cmocka_unit_test(test_too_many_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
