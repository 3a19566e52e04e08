/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a policy; see fuse/agent/policy_file.h.
 */
#include "fuse/agent/policy_file.h"

#include <string.h>

#include "core/name.h"
#include "core/parse.h"
#include "core/str.h"
#include "fuse/serve/policy.h"

#include "core/banned.h"

#define DAY_MINUTES 1440

/* One line being read, cut into words in place. */
struct line {
    const char *where;
    unsigned number;
    char text[SC_POLICY_LINE_MAX];
    char *at;
    struct sc_error *err;
};

/* For the check of contradictions: the rules so far, as text. */
struct parser {
    struct sc_strv said; /* "allow ..." or "deny ..." with blanks made one */
    struct sc_buf *to;
    unsigned *rules;
};

static int fail_at(struct line *line, const char *word, const char *what)
{
    return sc_fail(line->err, SC_E_SYNTAX, "'%s' line %u, column %d: %s", line->where, line->number,
                   (int)(word - line->text) + 1, what);
}

/* The next word, NULL at the end of the line. */
static char *next_word(struct line *line)
{
    char *word = line->at + strspn(line->at, " \t");
    if (*word == '\0')
        return NULL;
    char *end = word + strcspn(word, " \t");
    line->at = *end != '\0' ? end + 1 : end;
    *end = '\0';
    return word;
}

static char *peek(struct line *line)
{
    return line->at + strspn(line->at, " \t");
}

/* ---- conditions ---- */

static const struct {
    const char *name;
    enum sc_condition_kind kind;
} condition_names[] = {
    {"project", SC_CONDITION_PROJECT}, {"service", SC_CONDITION_SERVICE},
    {"image", SC_CONDITION_IMAGE},     {"container", SC_CONDITION_CONTAINER},
    {"exe", SC_CONDITION_EXE},         {"unit", SC_CONDITION_UNIT},
    {"uid", SC_CONDITION_UID},         {"gid", SC_CONDITION_GID},
};

static bool is_of_container(enum sc_condition_kind kind)
{
    return kind == SC_CONDITION_PROJECT || kind == SC_CONDITION_SERVICE ||
           kind == SC_CONDITION_IMAGE || kind == SC_CONDITION_CONTAINER;
}

static bool exclude_each_other(const struct sc_condition *a, const struct sc_condition *b)
{
    static const char glob[] = "*?";
    if (a->kind != b->kind)
        return (a->kind == SC_CONDITION_HOST && is_of_container(b->kind)) ||
               (b->kind == SC_CONDITION_HOST && is_of_container(a->kind));
    return strpbrk(a->pattern, glob) == NULL && strpbrk(b->pattern, glob) == NULL &&
           !sc_str_equal(a->pattern, b->pattern);
}

/* A rule that can never hold is a slip: as it shuts the scope for others, it is told. */
static int check_condition(struct line *line, char *word, const struct sc_rule *rule)
{
    const struct sc_condition *last = &rule->conditions[rule->condition_count - 1];
    bool number = last->kind == SC_CONDITION_UID || last->kind == SC_CONDITION_GID;
    if (number && last->pattern[strspn(last->pattern, "0123456789*?")] != '\0')
        return fail_at(line, word, "uid and gid are numbers, or patterns of them");
    if (last->kind == SC_CONDITION_EXE && strchr("/*?", last->pattern[0]) == NULL)
        return fail_at(line, word, "exe is the whole path, or a pattern");
    for (const struct sc_condition *other = rule->conditions; other < last; other++)
        if (exclude_each_other(other, last))
            return fail_at(line, word, "no reader is both: say it in two rules");
    return 0;
}

static int read_condition(struct line *line, char *word, struct sc_rule *rule)
{
    if (rule->condition_count == SC_RULE_CONDITIONS_MAX)
        return fail_at(line, word, "a rule has at most 8 conditions");
    struct sc_condition *condition = &rule->conditions[rule->condition_count++];
    if (sc_str_equal(word, "host")) {
        *condition = (struct sc_condition){SC_CONDITION_HOST, ""};
        return 0;
    }
    char *equals = strchr(word, '=');
    if (equals == NULL || equals[1] == '\0')
        return fail_at(line, word, "expected 'host' or KEY=PATTERN");
    size_t len = (size_t)(equals - word);
    for (size_t i = 0; i < SC_ARRAY_SIZE(condition_names); i++) {
        if (strlen(condition_names[i].name) == len &&
            memcmp(condition_names[i].name, word, len) == 0) {
            *condition = (struct sc_condition){condition_names[i].kind, equals + 1};
            return 0;
        }
    }
    return fail_at(line, word,
                   "the keys are project, service, image, container, exe, unit, uid and gid");
}

static int parse_condition(struct line *line, char *word, struct sc_rule *rule)
{
    int rc = read_condition(line, word, rule);
    return rc < 0 ? rc : check_condition(line, word, rule);
}

static bool is_keyword(const char *at, const char *keyword)
{
    size_t len = strlen(keyword);
    return strncmp(at, keyword, len) == 0 && (at[len] == '\0' || at[len] == ' ' || at[len] == '\t');
}

static int parse_conditions(struct line *line, char *keyword, struct sc_rule *rule)
{
    int rc = 0;
    while (rc == 0 && *peek(line) != '\0' && !is_keyword(peek(line), "between") &&
           !is_keyword(peek(line), "opens"))
        rc = parse_condition(line, next_word(line), rule);
    if (rc == 0 && rule->condition_count == 0)
        rc = fail_at(line, keyword, "a condition must follow 'to'");
    return rc;
}

/* ---- time and number ---- */

/* "HH:MM" of exactly five bytes. */
static bool parse_minute(const char *text, uint16_t *ret)
{
    for (size_t i = 0; i < 5; i++) {
        if (i == 2 ? text[i] != ':' : text[i] < '0' || text[i] > '9')
            return false;
    }
    int hours = (text[0] - '0') * 10 + text[1] - '0';
    int minutes = (text[3] - '0') * 10 + text[4] - '0';
    *ret = (uint16_t)(hours * 60 + minutes);
    return minutes < 60 && *ret < DAY_MINUTES;
}

static int parse_window(struct line *line, char *keyword, struct sc_rule *rule)
{
    char *word = next_word(line);
    if (word == NULL || strlen(word) != 11 || word[5] != '-' || !parse_minute(word, &rule->from) ||
        !parse_minute(word + 6, &rule->to))
        return fail_at(line, word != NULL ? word : keyword,
                       "expected HH:MM-HH:MM after 'between', in UTC");
    if (rule->from == rule->to)
        return fail_at(line, word, "the window is empty");
    return 0;
}

static int parse_opens(struct line *line, char *keyword, struct sc_rule *rule)
{
    uint64_t opens = 0;
    char *word = next_word(line);
    if (word == NULL || sc_parse_u64(word, UINT32_MAX, "opens", &opens, NULL) < 0 || opens == 0)
        return fail_at(line, word != NULL ? word : keyword,
                       "expected a number above 0 after 'opens'");
    if (rule->deny)
        return fail_at(line, keyword, "'opens' is for rules that allow");
    rule->opens = (uint32_t)opens;
    return 0;
}

/* ---- rules ---- */

/* A pattern that fits no name would be a rule without effect. */
static int check_glob(struct line *line, const char *glob)
{
    for (const char *at = glob; *at != '\0'; at++)
        if (strchr("/*?", *at) == NULL && !sc_name_part_valid((const char[]){'a', *at}, 2))
            return fail_at(line, glob,
                           "no name has this: letters, digits, '.', '_', '-' and '/', and the "
                           "wildcards * and ?");
    if (glob[0] == '/' || glob[strlen(glob) - 1] == '/')
        return fail_at(line, glob, "no name begins or ends with '/'");
    return 0;
}

static int parse_rule(struct line *line, struct sc_rule *rule)
{
    char *word = next_word(line);
    rule->deny = sc_str_equal(word, "deny");
    if (!rule->deny && !sc_str_equal(word, "allow"))
        return fail_at(line, word, "a rule starts with 'allow' or 'deny'");
    char *glob = next_word(line);
    if (glob == NULL)
        return fail_at(line, word, "a rule needs a name or a pattern of names");
    rule->glob = glob;
    int rc = check_glob(line, glob);
    while (rc == 0 && (word = next_word(line)) != NULL) {
        if (sc_str_equal(word, "to") && rule->condition_count == 0)
            rc = parse_conditions(line, word, rule);
        else if (sc_str_equal(word, "between") && rule->from == rule->to)
            rc = parse_window(line, word, rule);
        else if (sc_str_equal(word, "opens") && rule->opens == 0)
            rc = parse_opens(line, word, rule);
        else
            rc = fail_at(line, word, "expected 'to', 'between' or 'opens', each once");
    }
    return rc;
}

/* The rule without its first word, blanks made one: two rules that say this with different first
 * words contradict each other. */
static int check_contradiction(struct parser *parser, struct line *line, const char *text)
{
    char plain[SC_POLICY_LINE_MAX];
    size_t len = 0;
    bool blank = false;
    for (; *text != '\0'; text++) {
        if (*text == ' ' || *text == '\t') {
            blank = len > 0;
            continue;
        }
        if (blank)
            plain[len++] = ' ';
        blank = false;
        plain[len++] = *text;
    }
    plain[len] = '\0';
    const char *rest = strchr(plain, ' ');
    for (size_t i = 0; i < parser->said.count; i++) {
        const char *other = parser->said.items[i];
        if (!sc_str_equal(other, plain) && sc_str_equal(strchr(other, ' '), rest))
            return fail_at(line, line->text, "the opposite of an earlier rule");
    }
    return sc_strv_add(&parser->said, plain, line->err);
}

static int parse_line(struct parser *parser, struct line *line, const char *text, size_t len)
{
    if (len >= sizeof(line->text))
        return sc_fail(line->err, SC_E_TOOBIG, "'%s' line %u: longer than %d bytes", line->where,
                       line->number, SC_POLICY_LINE_MAX - 1);
    memcpy(line->text, text, len);
    line->text[len] = '\0';
    line->text[strcspn(line->text, "#\r")] = '\0';
    line->at = line->text;
    if (*peek(line) == '\0')
        return 0;
    char whole[SC_POLICY_LINE_MAX];
    memcpy(whole, line->text, strlen(line->text) + 1);
    struct sc_rule rule = {0};
    int rc = parse_rule(line, &rule);
    if (rc == 0)
        rc = check_contradiction(parser, line, whole);
    if (rc == 0 && ++*parser->rules > SC_POLICY_RULES_MAX)
        rc = sc_fail(line->err, SC_E_TOOBIG, "'%s': more than %d rules", line->where,
                     SC_POLICY_RULES_MAX);
    if (rc == 0)
        sc_policy_encode(parser->to, &rule);
    return rc == 0 ? sc_buf_status(parser->to, line->err) : rc;
}

int sc_policy_parse(const char *text, const char *where, struct sc_buf *to, unsigned *rules,
                    struct sc_error *err)
{
    struct parser parser = {.to = to, .rules = rules};
    struct line line = {.where = where, .err = err};
    int rc = 0;
    while (rc == 0 && *text != '\0') {
        size_t len = strcspn(text, "\n");
        line.number++;
        rc = parse_line(&parser, &line, text, len);
        text += len + (text[len] == '\n');
    }
    sc_strv_done(&parser.said);
    return rc;
}
