/* SPDX-License-Identifier: Apache-2.0
 *
 * Run at build time: makes the table of audit/rules/sieve_table.h from the rules and prints it as
 * C. Not part of the program.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/rules/build_pattern.h"
#include "audit/rules/sieve_table.h"
#include "audit/rules/table.h"
#include "core/macros.h"

#include "core/banned.h"

#define GROUPS      8
#define BOUND_COUNT 5
#define ROUNDS      6
/* Of meeting one of the frequent beginnings, beside the products of weights. */
#define OFTEN_COST 0.002

struct window {
    unsigned char bytes[SC_SIEVE_WINDOW];
    struct sc_sieve_entry entry;
    bool bound;
    unsigned group;
};

static struct sc_sieve_table table;
static struct window windows[SC_SIEVE_ENTRIES];
static size_t window_count;

static void fail(const char *what, const char *rule)
{
    fprintf(stderr, "build_sieve: rule '%s': %s\n", rule, what);
    exit(1);
}

static void fill_classes(void)
{
    static const struct {
        enum sc_sieve_class class;
        const char *members;
    } extra[] = {
        {SC_SIEVE_VALUE, "_.+/=~:!@%^&*-"}, {SC_SIEVE_WORD, "_"},           {SC_SIEVE_OP, "=:>"},
        {SC_SIEVE_GAP, " \t\"'`"},          {SC_SIEVE_DIGIT, "0123456789"},
    };
    for (unsigned c = 0; c < 128; c++) {
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (alnum)
            table.classes[c] = 1U << SC_SIEVE_VALUE | 1U << SC_SIEVE_WORD;
    }
    for (size_t i = 0; i < SC_ARRAY_SIZE(extra); i++) {
        for (const char *c = extra[i].members; *c != '\0'; c++)
            table.classes[(unsigned char)*c] |= (uint8_t)(1U << extra[i].class);
    }
    for (unsigned c = 0; c < 128; c++) {
        for (unsigned class = 0; class < SC_SIEVE_CLASSES; class ++) {
            if ((table.classes[c] >> class & 1) != 0)
                table.low_classes[class][c & 15] |= (uint8_t)(1U << (c >> 4));
        }
    }
}

/* ---- which windows stand for the tokens ---- */

/* How often a byte stands in texts that are audited, roughly; only the order of sizes matters. */
static double weight(unsigned char c)
{
    static const char common[] = " etaoinsr_lcdpumf-/gh.:y\"(=,)b*v;w'kx";
    const char *at = strchr(common, c);
    if (c < 128 && at != NULL && c != '\0')
        return 0.06 / (1.0 + 0.15 * (double)(at - common));
    return c >= ' ' && c < 127 ? 0.005 : 0.0005;
}

static size_t rarest_offset(const char *literal)
{
    size_t best = 0;
    double least = 1;
    for (size_t i = 0; i + SC_SIEVE_WINDOW <= strlen(literal); i++) {
        double product = 1;
        for (size_t j = 0; j < SC_SIEVE_WINDOW; j++)
            product *= weight((unsigned char)literal[i + j]);
        if (product < least) {
            least = product;
            best = i;
        }
    }
    return best;
}

static bool is_value(unsigned char c)
{
    return c < 128 && (table.classes[c] >> SC_SIEVE_VALUE & 1) != 0;
}

static struct sc_sieve_entry entry_of(size_t index, size_t offset)
{
    size_t len = strlen(sc_token_rules[index].literal);
    if (len < SC_SIEVE_WINDOW || len > UINT8_MAX)
        fail("a literal of less than three characters, or of too many", sc_token_rules[index].id);
    return (struct sc_sieve_entry){(uint16_t)index, (uint8_t)offset, (uint8_t)len};
}

static void add_token(size_t index)
{
    const struct sc_token_rule *rule = &sc_token_rules[index];
    struct sc_pattern_run literal = {strlen(rule->literal), true};
    for (size_t i = strlen(rule->literal); i-- > 0;) {
        if (!is_value((unsigned char)rule->literal[i]))
            literal = (struct sc_pattern_run){i, false};
    }
    size_t run = literal.least;
    if (literal.whole)
        run += sc_pattern_run(rule->rest, is_value).least;
    struct window *made = &windows[window_count++];
    made->bound = run >= SC_SIEVE_TOKEN_RUN && !sc_token_may_join_word(rule);
    size_t offset = made->bound ? 0 : rarest_offset(rule->literal);
    memcpy(made->bytes, rule->literal + offset, SC_SIEVE_WINDOW);
    made->entry = entry_of(index, offset);
}

/* Of the generic ones the check of randomness asks for value characters only. */
static void check_name(const struct sc_token_rule *rule)
{
    struct sc_pattern_run run = sc_pattern_run(rule->rest, is_value);
    if (rule->check != SC_CHECK_RANDOM)
        fail("a named value must contain a digit", rule->id);
    if (rule->kind == SC_TOKEN_KEYED && (run.least < SC_SIEVE_VALUE_RUN || !run.whole))
        fail("the value is too short, or holds other than value characters", rule->id);
}

/* ---- groups of windows that look alike ---- */

struct members {
    bool in[SC_SIEVE_WINDOW][256];
};

static void collect(unsigned group, const struct window *besides, const struct window *with,
                    struct members *ret)
{
    *ret = (struct members){0};
    for (size_t i = 0; i < window_count; i++) {
        if (windows[i].group != group || &windows[i] == besides)
            continue;
        for (size_t j = 0; j < SC_SIEVE_WINDOW; j++)
            ret->in[j][windows[i].bytes[j]] = true;
    }
    for (size_t j = 0; with != NULL && j < SC_SIEVE_WINDOW; j++)
        ret->in[j][with->bytes[j]] = true;
}

static bool meets(const struct members *members, const char *text)
{
    bool all = true;
    for (size_t j = 0; j < SC_SIEVE_WINDOW; j++)
        all = all && members->in[j][(unsigned char)text[j]];
    return all;
}

/* How often a group's windows are met, roughly: as they are, by halves of bytes, where a mixture of
 * two of them is met as well, and in what is often read in sources. */
static double cost(const struct members *members)
{
    static const char often[][SC_SIEVE_WINDOW + 1] = {
        "app", "arc", "cha", "chi", "cod", "com", "con", "cor", "cur", "cus", "dat", "dec", "def",
        "dis", "doc", "ext", "fil", "fin", "for", "get", "git", "hos", "htt", "imp", "inc", "ing",
        "ion", "int", "key", "Key", "lib", "lin", "llv", "mac", "mat", "mod", "ope", "org", "oss",
        "par", "pos", "pro", "rec", "reg", "rep", "res", "ret", "sel", "set", "sta", "std", "str",
        "sup", "sys", "tar", "tes", "the", "The", "typ", "usr", "val", "var", "www", "xml"};
    double exact = 1, by_halves = 1;
    for (size_t j = 0; j < SC_SIEVE_WINDOW; j++) {
        bool low[16] = {false}, high[16] = {false};
        double sum = 0, sum_by_halves = 0;
        for (unsigned c = 0; c < 128; c++) {
            low[c & 15] |= members->in[j][c];
            high[c >> 4] |= members->in[j][c];
        }
        for (unsigned c = 0; c < 128; c++) {
            sum += members->in[j][c] ? weight((unsigned char)c) : 0;
            sum_by_halves += low[c & 15] && high[c >> 4] ? weight((unsigned char)c) : 0;
        }
        exact *= sum;
        by_halves *= sum_by_halves;
    }
    double sum = exact + by_halves;
    for (size_t i = 0; i < SC_ARRAY_SIZE(often); i++)
        sum += meets(members, often[i]) ? OFTEN_COST : 0;
    return sum;
}

static double cost_of(unsigned group, const struct window *besides, const struct window *with)
{
    struct members members;
    collect(group, besides, with, &members);
    return cost(&members);
}

static void move_to_cheapest(struct window *window)
{
    unsigned best = window->group;
    double least = 1e9;
    unsigned first = window->bound ? 0 : BOUND_COUNT;
    unsigned end = window->bound ? BOUND_COUNT : GROUPS;
    for (unsigned group = first; group < end; group++) {
        double more = cost_of(group, window, window) - cost_of(group, window, NULL);
        if (more < least) {
            least = more;
            best = group;
        }
    }
    window->group = best;
}

static int compare_windows(const void *left, const void *right)
{
    return memcmp(((const struct window *)left)->bytes, ((const struct window *)right)->bytes,
                  SC_SIEVE_WINDOW);
}

/* Neighbours of the alphabet first, then each where it costs least. */
static void make_groups(void)
{
    qsort(windows, window_count, sizeof(windows[0]), compare_windows);
    for (size_t i = 0; i < window_count; i++)
        windows[i].group = windows[i].bound ? (unsigned)(i * BOUND_COUNT / window_count)
                                            : BOUND_COUNT + (unsigned)(i % (GROUPS - BOUND_COUNT));
    for (size_t i = 0; i < window_count * ROUNDS; i++)
        move_to_cheapest(&windows[i % window_count]);
    for (size_t i = 0; i < window_count; i++) {
        for (size_t j = 0; j < SC_SIEVE_WINDOW; j++) {
            unsigned char byte = windows[i].bytes[j];
            uint8_t bit = (uint8_t)(1U << windows[i].group);
            table.windows[j][byte] |= bit;
            table.low_windows[j][byte & 15] |= bit;
            table.high_windows[j][byte >> 4] |= bit;
        }
    }
}

/* ---- the indexes ---- */

struct index_maker {
    struct sc_sieve_index *index;
    unsigned hashes[SC_SIEVE_ENTRIES];
    struct sc_sieve_entry entries[SC_SIEVE_ENTRIES];
    size_t count;
};

static void add_entry(struct index_maker *maker, const char *window, struct sc_sieve_entry entry)
{
    if (maker->count == SC_SIEVE_ENTRIES)
        fail("too many rules for the table", sc_token_rules[entry.rule].id);
    maker->hashes[maker->count] = sc_sieve_hash((const unsigned char *)window);
    maker->entries[maker->count++] = entry;
}

static void fill_index(struct index_maker *maker)
{
    size_t used = 0;
    for (unsigned hash = 0; hash < SC_SIEVE_HASHES; hash++) {
        maker->index->first[hash] = (uint16_t)used;
        for (size_t i = 0; i < maker->count; i++) {
            if (maker->hashes[i] == hash)
                maker->index->entries[used++] = maker->entries[i];
        }
    }
    maker->index->first[SC_SIEVE_HASHES] = (uint16_t)used;
}

static void fill_indexes(void)
{
    static struct index_maker bound = {.index = &table.bound}, free = {.index = &table.free},
                              names = {.index = &table.names};
    for (size_t i = 0; i < sc_token_rule_count; i++) {
        const struct sc_token_rule *rule = &sc_token_rules[i];
        if (sc_token_is_named(rule)) {
            check_name(rule);
            add_entry(&names, rule->literal, entry_of(i, 0));
        } else {
            add_token(i);
        }
    }
    make_groups();
    for (size_t i = 0; i < window_count; i++)
        add_entry(windows[i].bound ? &bound : &free, (const char *)windows[i].bytes,
                  windows[i].entry);
    fill_index(&bound);
    fill_index(&free);
    fill_index(&names);
}

/* ---- C ---- */

static void print_bytes(const char *name, const uint8_t *bytes, size_t rows, size_t columns)
{
    printf("    .%s = {\n", name);
    for (size_t i = 0; i < rows; i++) {
        printf(rows > 1 ? "{" : "");
        for (size_t j = 0; j < columns; j++)
            printf("%u,%s", bytes[i * columns + j], j % 32 == 31 ? "\n" : "");
        printf(rows > 1 ? "},\n" : "");
    }
    printf("    },\n");
}

static void print_index(const char *name, const struct sc_sieve_index *index)
{
    printf("    .%s = {\n.first = {", name);
    for (size_t i = 0; i <= SC_SIEVE_HASHES; i++)
        printf("%u,%s", index->first[i], i % 32 == 31 ? "\n" : "");
    printf("},\n.entries = {");
    for (size_t i = 0; i < index->first[SC_SIEVE_HASHES]; i++)
        printf("{%u,%u,%u},%s", index->entries[i].rule, index->entries[i].offset,
               index->entries[i].length, i % 16 == 15 ? "\n" : "");
    printf("}},\n");
}

int main(void)
{
    fill_classes();
    fill_indexes();
    printf("/* Generated by build_sieve.c. */\n#include \"audit/rules/sieve_table.h\"\n"
           "const struct sc_sieve_table sc_sieve_table = {\n");
    print_bytes("classes", table.classes, 1, sizeof(table.classes));
    print_bytes("windows", table.windows[0], SC_SIEVE_WINDOW, sizeof(table.windows[0]));
    print_bytes("low_windows", table.low_windows[0], SC_SIEVE_WINDOW, 16);
    print_bytes("high_windows", table.high_windows[0], SC_SIEVE_WINDOW, 16);
    print_bytes("low_classes", table.low_classes[0], SC_SIEVE_CLASSES, 16);
    print_index("bound", &table.bound);
    print_index("free", &table.free);
    print_index("names", &table.names);
    printf("};\n");
    return 0;
}
