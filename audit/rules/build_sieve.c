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
#define ROUNDS      12
#define NOWHERE     GROUPS
/* Of meeting one of the frequent beginnings, beside the products of weights. */
#define OFTEN_COST 0.03

struct window {
    unsigned char bytes[SC_SIEVE_WINDOW];
    bool then[256]; /* what may stand behind them */
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
    const char *window = sc_token_rules[index].literal + offset;
    return (struct sc_sieve_entry){
        .window = sc_sieve_window((const unsigned char *)window),
        .rule = (uint16_t)index,
        .offset = (uint8_t)offset,
        .length = (uint8_t)len,
    };
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
    bool behind[256] = {false};
    sc_pattern_first(rule->rest, behind);
    unsigned char then = (unsigned char)rule->literal[offset + SC_SIEVE_WINDOW];
    if (then != '\0')
        made->then[then] = true;
    else
        memcpy(made->then, behind, sizeof(behind));
    made->entry = entry_of(index, offset);
    for (unsigned c = 0; c < 256; c++)
        made->entry.then[(c & 127) / 8] |= (uint8_t)(behind[c] << c % 8);
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
    bool in[SC_SIEVE_PLACES][256];
};

static void add_members(struct members *members, const struct window *window)
{
    for (size_t i = 0; i < SC_SIEVE_WINDOW; i++)
        members->in[i][window->bytes[i]] = true;
    for (size_t c = 0; c < 256; c++)
        members->in[SC_SIEVE_WINDOW][c] |= window->then[c];
}

static void collect(unsigned group, struct members *ret)
{
    *ret = (struct members){0};
    for (size_t i = 0; i < window_count; i++) {
        if (windows[i].group == group)
            add_members(ret, &windows[i]);
    }
}

static bool meets(const struct members *members, const char *text)
{
    bool all = true;
    for (size_t j = 0; j < SC_SIEVE_PLACES; j++)
        all = all && members->in[j][(unsigned char)text[j]];
    return all;
}

/* How often a group's windows are met, roughly: as they are, by halves of bytes, where a mixture of
 * two of them is met as well, and in what is often read in sources. */
static double cost(const struct members *members)
{
    static const char often[][SC_SIEVE_PLACES + 1] = {
        "----", "****", "====", "http", "node", "libs", "com/", "org/", "//gi", "//ww", "FUNC",
        "self", "incl", "boos", "_ZNS", "_ZNK", "test", "__bu", "__DE", "OPEN", "/var", "/etc",
        "/run", "/usr", "/hom", "/sys", "APIS", "ossl", "sk_O", "sk_X", "sk_t", "sk_f", "sk_n",
        "BIO_", "OBJE", "dock", "_mm2", "_mm_", "X509", "post", "POST", "conf", "DER_", "OSSL",
        "OCSP", "geom", "mpl/", "deta", "spir", "serv", "data", "DATA", "doc/", "exam", "asio",
        "secr", "PNG_", "DECL", "AUTO", "MYSQ", "prom", "inte", "comp", "cryp", "_lib", "shar",
        "prep", "src/", "lib/", "comm", "cont", "meta", "html", "file", "type", "loca", "pyth",
        "priv", "arch", "llvm", "LLVM", "std:", "sele", "get_", "set_", "api.", "plat", "code",
        "pars", "warn", "seri", "chec", "coll", "dist", "stat", "stru", "desc", "defa", "requ",
        "resp", "regi", "oper", "pack", "para", "pref", "targ", "sche", "vers", "vali", "erro",
        "SQL_", "CK_M", "GTK_", "PyAr", "PyUn", "linu", "nvvm", "xcb_", "Plat", "Pars", "Serv",
        "Cont", "Conf", "the_", "chil", "odic", "://w", "://g", "omin", "chin", "://s", "Keys",
        "KeyE", "Key_", "KeyC"};
    double exact = 1, by_halves = 1;
    for (size_t j = 0; j < SC_SIEVE_PLACES; j++) {
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

/* What a group costs more with some members more. */
static double cost_of(unsigned group, const struct members *added)
{
    struct members members;
    collect(group, &members);
    double before = cost(&members);
    for (size_t i = 0; i < sizeof(members.in); i++)
        (&members.in[0][0])[i] |= (&added->in[0][0])[i];
    return cost(&members) - before;
}

/* Moves a window, with those of its group that begin like it. */
static void move_to_cheapest(const struct window *like, size_t shared)
{
    struct members moved = {0};
    bool bound = like->bound;
    unsigned from = like->group, best = 0;
    for (size_t i = 0; i < window_count; i++) {
        struct window *window = &windows[i];
        if (window->group == from && memcmp(window->bytes, like->bytes, shared) == 0) {
            add_members(&moved, window);
            window->group = NOWHERE;
        }
    }
    double least = 1e9;
    for (unsigned group = bound ? 0 : BOUND_COUNT; group < (bound ? BOUND_COUNT : GROUPS);
         group++) {
        double more = cost_of(group, &moved);
        if (more < least) {
            least = more;
            best = group;
        }
    }
    for (size_t i = 0; i < window_count; i++) {
        if (windows[i].group == NOWHERE)
            windows[i].group = best;
    }
}

static int compare_windows(const void *left, const void *right)
{
    return memcmp(((const struct window *)left)->bytes, ((const struct window *)right)->bytes,
                  SC_SIEVE_WINDOW);
}

static void fill_windows(unsigned group)
{
    struct members members;
    collect(group, &members);
    uint8_t bit = (uint8_t)(1U << group);
    for (size_t i = 0; i < SC_SIEVE_PLACES; i++) {
        for (unsigned c = 0; c < 256; c++) {
            if (members.in[i][c]) {
                table.windows[i][c & 127] |= bit;
                table.low_windows[i][c & 15] |= bit;
                table.high_windows[i][c >> 4] |= bit;
            }
        }
    }
}

/* Neighbours of the alphabet first; then each where it costs least, alone and with those that begin
 * like it. */
static void make_groups(void)
{
    qsort(windows, window_count, sizeof(windows[0]), compare_windows);
    for (size_t i = 0; i < window_count; i++)
        windows[i].group = windows[i].bound ? (unsigned)(i * BOUND_COUNT / window_count)
                                            : BOUND_COUNT + (unsigned)(i % (GROUPS - BOUND_COUNT));
    for (size_t i = 0; i < window_count * ROUNDS; i++)
        move_to_cheapest(&windows[i % window_count],
                         SC_SIEVE_WINDOW - i / window_count % (SC_SIEVE_WINDOW + 1));
    for (unsigned group = 0; group < GROUPS; group++)
        fill_windows(group);
}

/* ---- the indexes ---- */

struct index_maker {
    struct sc_sieve_index *index;
    unsigned hashes[SC_SIEVE_ENTRIES];
    struct sc_sieve_entry entries[SC_SIEVE_ENTRIES];
    size_t count;
};

static void add_entry(struct index_maker *maker, struct sc_sieve_entry entry)
{
    if (maker->count == SC_SIEVE_ENTRIES)
        fail("too many rules for the table", sc_token_rules[entry.rule].id);
    maker->hashes[maker->count] = sc_sieve_hash(entry.window);
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
            struct sc_sieve_entry entry = entry_of(i, 0);
            memset(entry.then, UINT8_MAX, sizeof(entry.then)); /* the name may go on */
            add_entry(&names, entry);
        } else {
            add_token(i);
        }
    }
    make_groups();
    for (size_t i = 0; i < window_count; i++)
        add_entry(windows[i].bound ? &bound : &free, windows[i].entry);
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
    for (size_t i = 0; i < index->first[SC_SIEVE_HASHES]; i++) {
        const struct sc_sieve_entry *entry = &index->entries[i];
        printf("{%u,%u,%u,%u,{", entry->window, entry->rule, entry->offset, entry->length);
        for (size_t j = 0; j < sizeof(entry->then); j++)
            printf("%u,", entry->then[j]);
        printf("}},\n");
    }
    printf("}},\n");
}

int main(void)
{
    fill_classes();
    fill_indexes();
    printf("/* Generated by build_sieve.c. */\n#include \"audit/rules/sieve_table.h\"\n"
           "const struct sc_sieve_table sc_sieve_table = {\n");
    print_bytes("classes", table.classes, 1, sizeof(table.classes));
    print_bytes("windows", table.windows[0], SC_SIEVE_PLACES, sizeof(table.windows[0]));
    print_bytes("low_windows", table.low_windows[0], SC_SIEVE_PLACES, 16);
    print_bytes("high_windows", table.high_windows[0], SC_SIEVE_PLACES, 16);
    print_bytes("low_classes", table.low_classes[0], SC_SIEVE_CLASSES, 16);
    print_index("bound", &table.bound);
    print_index("free", &table.free);
    print_index("names", &table.names);
    printf("};\n");
    return 0;
}
