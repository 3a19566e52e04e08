/* SPDX-License-Identifier: Apache-2.0
 *
 * Times and durations; see compose/tree/clock.h.
 */
#include "compose/tree/clock.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/banned.h"

/* One or two digits (or exactly `width`), at most `max`. */
static bool take_number(const char **text, int width, unsigned max, unsigned *ret)
{
    unsigned value = 0;
    int used = 0;
    while (used < (width > 0 ? width : 2) && **text >= '0' && **text <= '9') {
        value = value * 10 + (unsigned)(**text - '0');
        (*text)++;
        used++;
    }
    if (used == 0 || (width > 0 && used != width) || value > max)
        return false;
    *ret = value;
    return true;
}

static bool take_char(const char **text, char c)
{
    if (**text != c)
        return false;
    (*text)++;
    return true;
}

static unsigned days_in(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap ? 1U : 0U);
}

struct clock {
    unsigned year, month, day, hour, minute, second;
    char fraction[12]; /* ".5", without zeros at its end */
    char zone[16];     /* "+0000 UTC" */
};

static bool take_fraction(const char **text, struct clock *clock)
{
    clock->fraction[0] = '\0';
    if (**text != '.' && **text != ',')
        return true;
    size_t digits = strspn(*text + 1, "0123456789");
    if (digits == 0)
        return false;
    size_t kept = digits > 9 ? 9 : digits;
    memcpy(clock->fraction + 1, *text + 1, kept);
    clock->fraction[0] = '.';
    while (kept > 0 && clock->fraction[kept] == '0')
        kept--;
    clock->fraction[kept > 0 ? kept + 1 : 0] = '\0';
    *text += 1 + digits;
    return true;
}

static bool take_zone(const char **text, struct clock *clock)
{
    if (take_char(text, 'Z'))
        return true;
    char sign = **text;
    if (sign != '+' && sign != '-')
        return false;
    (*text)++;
    unsigned hours = 0;
    unsigned minutes = 0;
    if (!take_number(text, 2, 24, &hours) || !take_char(text, ':') ||
        !take_number(text, 2, 60, &minutes))
        return false;
    if (hours != 0 || minutes != 0)
        snprintf(clock->zone, sizeof(clock->zone), "%c%02u%02u %c%02u%02u", sign, hours % 100,
                 minutes % 100, sign, hours % 100, minutes % 100);
    return true;
}

static bool take_time(const char **text, struct clock *clock)
{
    bool zoned = **text == 'T' || **text == 't';
    if (!zoned && **text != ' ')
        return false;
    (*text)++;
    if (!take_number(text, 0, 23, &clock->hour) || !take_char(text, ':') ||
        !take_number(text, 0, 59, &clock->minute) || !take_char(text, ':') ||
        !take_number(text, 0, 59, &clock->second) || !take_fraction(text, clock))
        return false;
    return !zoned || take_zone(text, clock);
}

bool sc_clock_text(const char *text, char out[SC_CLOCK_TEXT_SIZE])
{
    struct clock clock = {.zone = "+0000 UTC"};
    if (!take_number(&text, 4, 9999, &clock.year) || !take_char(&text, '-') ||
        !take_number(&text, 0, 12, &clock.month) || clock.month == 0 || !take_char(&text, '-') ||
        !take_number(&text, 0, 31, &clock.day) || clock.day == 0 ||
        clock.day > days_in(clock.year, clock.month))
        return false;
    if (*text != '\0' && !take_time(&text, &clock))
        return false;
    if (*text != '\0')
        return false;
    snprintf(out, SC_CLOCK_TEXT_SIZE, "%04u-%02u-%02u %02u:%02u:%02u%s %s", clock.year % 10000,
             clock.month % 100, clock.day % 100, clock.hour % 100, clock.minute % 100,
             clock.second % 100, clock.fraction, clock.zone);
    return true;
}

/* ---- durations ---- */

#define SECOND INT64_C(1000000000)

static bool take_unit(const char **text, int64_t *ret)
{
    static const struct {
        const char *name;
        int64_t nanoseconds;
    } units[] = {
        {"ns", 1},
        {"us", 1000},
        {"\xc2\xb5s", 1000},
        {"\xce\xbcs", 1000},
        {"ms", 1000000},
        {"s", SECOND},
        {"m", 60 * SECOND},
        {"h", 3600 * SECOND},
        {"d", 86400 * SECOND},
        {"w", 7 * 86400 * SECOND},
    };
    size_t len = strcspn(*text, "0123456789.");
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strlen(units[i].name) == len && memcmp(units[i].name, *text, len) == 0) {
            *ret = units[i].nanoseconds;
            *text += len;
            return true;
        }
    }
    return false;
}

/* digits [. digits] unit */
static bool take_part(const char **text, int64_t *total)
{
    int64_t whole = 0;
    const char *start = *text;
    for (; **text >= '0' && **text <= '9'; (*text)++) {
        if (__builtin_mul_overflow(whole, INT64_C(10), &whole) ||
            __builtin_add_overflow(whole, (int64_t)(**text - '0'), &whole))
            return false;
    }
    size_t digits = (size_t)(*text - start);
    int64_t fraction = 0;
    double scale = 1;
    if (**text == '.') {
        (*text)++;
        for (; **text >= '0' && **text <= '9'; (*text)++, digits++) {
            if (fraction < INT64_MAX / 100) {
                fraction = fraction * 10 + (**text - '0');
                scale *= 10;
            }
        }
    }
    int64_t unit = 0;
    if (digits == 0 || !take_unit(text, &unit) || __builtin_mul_overflow(whole, unit, &whole) ||
        __builtin_add_overflow(whole, (int64_t)((double)fraction * ((double)unit / scale)), &whole))
        return false;
    return !__builtin_add_overflow(*total, whole, total);
}

bool sc_duration_parse(const char *text, int64_t *ret)
{
    bool negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    if (strcmp(text, "0") == 0) {
        *ret = 0;
        return true;
    }
    int64_t total = 0;
    if (*text == '\0')
        return false;
    while (*text != '\0') {
        if (!take_part(&text, &total))
            return false;
    }
    *ret = negative ? -total : total;
    return true;
}

/* `value` in `unit` (a power of ten), with the decimals it needs: "1.5". */
static void print_decimal(uint64_t value, uint64_t unit, char *out, size_t size)
{
    char fraction[16] = "";
    size_t len = 0;
    uint64_t rest = value % unit;
    for (uint64_t u = unit / 10; rest != 0 && u > 0 && len + 2 < sizeof(fraction); u /= 10) {
        if (len == 0)
            fraction[len++] = '.';
        fraction[len++] = (char)('0' + rest / u);
        rest %= u;
    }
    snprintf(out, size, "%" PRIu64 "%s", value / unit, fraction);
}

void sc_duration_text(int64_t nanoseconds, char out[SC_CLOCK_TEXT_SIZE])
{
    const char *sign = nanoseconds < 0 ? "-" : "";
    uint64_t value = nanoseconds < 0 ? 0 - (uint64_t)nanoseconds : (uint64_t)nanoseconds;
    char decimal[32];
    if (value == 0) {
        snprintf(out, SC_CLOCK_TEXT_SIZE, "0s");
        return;
    }
    if (value < (uint64_t)SECOND) {
        uint64_t unit = value < 1000 ? 1 : value < 1000000 ? 1000 : 1000000;
        const char *name = unit == 1 ? "ns" : unit == 1000 ? "\xc2\xb5s" : "ms";
        print_decimal(value, unit, decimal, sizeof(decimal));
        snprintf(out, SC_CLOCK_TEXT_SIZE, "%s%s%s", sign, decimal, name);
        return;
    }
    uint64_t minutes = value / (uint64_t)SECOND / 60;
    print_decimal(value - minutes * 60 * (uint64_t)SECOND, (uint64_t)SECOND, decimal,
                  sizeof(decimal));
    if (minutes >= 60)
        snprintf(out, SC_CLOCK_TEXT_SIZE, "%s%" PRIu64 "h%" PRIu64 "m%ss", sign, minutes / 60,
                 minutes % 60, decimal);
    else if (minutes > 0)
        snprintf(out, SC_CLOCK_TEXT_SIZE, "%s%" PRIu64 "m%ss", sign, minutes, decimal);
    else
        snprintf(out, SC_CLOCK_TEXT_SIZE, "%s%ss", sign, decimal);
}
