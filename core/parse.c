/* SPDX-License-Identifier: Apache-2.0
 *
 * Strict parsing; see core/parse.h.
 */
#include "core/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/banned.h"

/* Decimal digits up to the first other byte; false if there are none or the number overflows. */
static bool leading_number(const char **text, uint64_t *ret)
{
    const char *at = *text;
    uint64_t value = 0;
    while (*at >= '0' && *at <= '9') {
        uint64_t digit = (uint64_t)(*at - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
        at++;
    }
    if (at == *text)
        return false;
    *text = at;
    *ret = value;
    return true;
}

int sc_parse_u64(const char *text, uint64_t max, const char *what, uint64_t *ret,
                 struct sc_error *err)
{
    uint64_t value = 0;
    if (!leading_number(&text, &value) || *text != '\0')
        return sc_fail(err, SC_E_USAGE, "%s must be a whole number", what);
    if (value > max)
        return sc_fail(err, SC_E_USAGE, "%s must be at most %llu", what, (unsigned long long)max);
    *ret = value;
    return 0;
}

struct unit {
    char suffix;
    uint64_t factor;
};

/* A number with one optional unit letter out of the table, which ends with suffix 0. */
static bool number_with_unit(const char *text, const struct unit *units, uint64_t *ret)
{
    uint64_t value = 0;
    if (!leading_number(&text, &value))
        return false;
    if (*text == '\0') {
        *ret = value;
        return true;
    }
    for (; units->suffix != '\0'; units++) {
        if (*text == units->suffix && text[1] == '\0' && value <= UINT64_MAX / units->factor) {
            *ret = value * units->factor;
            return true;
        }
    }
    return false;
}

int sc_parse_size(const char *text, const char *what, uint64_t *ret, struct sc_error *err)
{
    static const struct unit units[] = {
        {'K', UINT64_C(1) << 10}, {'M', UINT64_C(1) << 20}, {'G', UINT64_C(1) << 30}, {'\0', 0}};
    if (!number_with_unit(text, units, ret))
        return sc_fail(err, SC_E_USAGE, "%s must be a size such as 4096, 64K or 1M", what);
    return 0;
}

int sc_parse_duration(const char *text, const char *what, uint64_t *ret, struct sc_error *err)
{
    static const struct unit units[] = {{'s', 1},     {'m', 60},     {'h', 3600},
                                        {'d', 86400}, {'w', 604800}, {'\0', 0}};
    uint64_t seconds = 0;
    bool valid = number_with_unit(text, units, &seconds);
    /* 90 of what? Seconds are hardly ever meant; nothing needs no unit. */
    if (text[0] != '\0' && text[strspn(text, "0123456789")] == '\0' && strcmp(text, "0") != 0)
        return sc_fail(err, SC_E_USAGE, "%s needs a unit, as in 90s, 15m, 8h or 30d", what);
    if (!valid)
        return sc_fail(err, SC_E_USAGE, "%s must be a duration such as 90s, 15m, 8h or 30d", what);
    *ret = seconds;
    return 0;
}

/* The date, and then the time or nothing; what strptime(3) would skip or correct is refused by
 * printing it again. */
static bool parse_date(const char *text, int64_t *ret)
{
    struct tm utc = {0};
    bool day_only = strlen(text) == 10;
    const char *end = strptime(text, day_only ? "%Y-%m-%d" : "%Y-%m-%dT%H:%M:%SZ", &utc);
    if (end == NULL || *end != '\0')
        return false;
    char again[SC_TIME_TEXT_SIZE];
    int64_t moment = (int64_t)timegm(&utc);
    sc_time_text(again, moment);
    if (strncmp(again, text, strlen(text)) != 0)
        return false;
    *ret = moment;
    return true;
}

int sc_parse_moment(const char *text, const char *what, int64_t *ret, struct sc_error *err)
{
    uint64_t seconds = 0;
    if (parse_date(text, ret))
        return 0;
    if (sc_parse_duration(text, what, &seconds, NULL) < 0)
        return sc_fail(err, SC_E_USAGE,
                       "%s must be a date such as 2026-01-31 or 2026-01-31T12:00:00Z, or how long "
                       "ago, such as 12h or 30d",
                       what);
    *ret = (int64_t)time(NULL) - (int64_t)SC_MIN(seconds, (uint64_t)1 << 40);
    return 0;
}

int sc_parse_mode(const char *text, const char *what, uint32_t *ret, struct sc_error *err)
{
    uint32_t mode = 0;
    size_t len = strlen(text);
    bool valid = len > 0 && len <= 5;
    for (size_t i = 0; valid && i < len; i++) {
        valid = text[i] >= '0' && text[i] <= '7';
        mode = mode * 8 + (uint32_t)(text[i] - '0');
    }
    if (!valid || mode > 07777)
        return sc_fail(err, SC_E_USAGE, "%s must be an octal mode such as 0400", what);
    *ret = mode;
    return 0;
}

const char *sc_env_demand(const char *name)
{
    return secure_getenv(name);
}

const char *sc_env(const char *name)
{
    const char *value = sc_env_demand(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

const char *sc_env_directory(const char *name)
{
    const char *value = sc_env(name);
    return value != NULL && value[0] == '/' ? value : NULL;
}

/* The last `count` digits. */
static void put_digits(char *out, uint64_t value, size_t count)
{
    while (count-- > 0) {
        out[count] = (char)('0' + value % 10);
        value /= 10;
    }
}

size_t sc_u64_text(char out[SC_U64_TEXT_SIZE], uint64_t value)
{
    size_t count = 1;
    for (uint64_t rest = value / 10; rest > 0; rest /= 10)
        count++;
    put_digits(out, value, count);
    out[count] = '\0';
    return count;
}

/* By hand: a listing prints tens of thousands, and strftime(3) takes as long as opening a record.
 */
void sc_time_text(char out[SC_TIME_TEXT_SIZE], int64_t seconds)
{
    time_t when = (time_t)seconds;
    struct tm utc;
    if (gmtime_r(&when, &utc) == NULL || utc.tm_year < -1900 || utc.tm_year > 9999 - 1900) {
        snprintf(out, SC_TIME_TEXT_SIZE, "@%lld", (long long)seconds);
        return;
    }
    const struct {
        size_t at, digits;
        int value;
    } parts[] = {{0, 4, utc.tm_year + 1900}, {5, 2, utc.tm_mon + 1}, {8, 2, utc.tm_mday},
                 {11, 2, utc.tm_hour},       {14, 2, utc.tm_min},    {17, 2, utc.tm_sec}};
    memcpy(out, "0000-00-00T00:00:00Z", 21);
    for (size_t i = 0; i < SC_ARRAY_SIZE(parts); i++)
        put_digits(out + parts[i].at, (uint64_t)parts[i].value, parts[i].digits);
}
