/* SPDX-License-Identifier: Apache-2.0
 *
 * Typing of any scalar, and what is printed for it: a number's text types as the same number again.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compose/form/words.h"
#include "compose/tree/clock.h"
#include "compose/tree/scalar.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_float(const struct sc_value *value)
{
    char text[SC_SCALAR_TEXT_SIZE];
    if (!isfinite(value->u.real))
        return;
    sc_scalar_float_text(text, value->u.real, false);
    if (strtod(text, NULL) != value->u.real)
        abort();
    sc_scalar_float_json(text, value->u.real, false);
    if (strtod(text, NULL) != value->u.real)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const tags[] = {NULL, "!!str", "!!int", "!!float", "!!binary", "!x"};
    struct sc_model_pool pool = {.stash.max = (size_t)64 * 1024 * 1024};
    const char *text = sc_model_pool_ndup(&pool, (const char *)data, size);
    if (text == NULL)
        abort();
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        struct sc_scalar_source source = {text, size, true, tags[i]};
        struct sc_value value = {.origin = sc_origin_implied()};
        struct sc_error err = {0};
        if (sc_scalar_resolve(&pool, &source, &value, &err) < 0)
            continue;
        if (value.kind == SC_VALUE_FLOAT)
            check_float(&value);
        if (sc_scalar_text(&pool, &value) == NULL)
            abort();
    }
    struct sc_value command = {
        .kind = SC_VALUE_STRING, .count = size, .origin = sc_origin_implied()};
    command.u.text = text;
    struct sc_value *words = NULL;
    struct sc_error err = {0};
    int64_t number = 0;
    char duration[SC_CLOCK_TEXT_SIZE];
    if (sc_words_split(&pool, &command, &words, &err) == 0 && words == NULL)
        abort();
    if (sc_duration_parse(text, &number))
        sc_duration_text(number, duration);
    if (sc_size_parse(text, &number) && number < -INT64_MAX)
        number = 0;
    sc_model_pool_done(&pool);
    return 0;
}
