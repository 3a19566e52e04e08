/* SPDX-License-Identifier: Apache-2.0
 *
 * See cli/nearest.h.
 */
#include "cli/nearest.h"

#include <string.h>

#include "core/macros.h"

#include "core/banned.h"

#define LETTERS_MAX 32
#define FAR         (LETTERS_MAX + 1)

/* How many letters have to be changed, added or left out. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t row[LETTERS_MAX + 1];
    if (a_len > LETTERS_MAX || b_len > LETTERS_MAX)
        return FAR;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = SC_MIN(change, SC_MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[b_len];
}

void sc_nearest_offer(struct sc_nearest *nearest, const char *name)
{
    size_t limit = nearest->word_len < 3 ? 0 : nearest->word_len < 6 ? 1 : 2;
    size_t found = distance(nearest->word, nearest->word_len, name, strlen(name));
    if (found <= limit && (nearest->name == NULL || found < nearest->distance)) {
        nearest->name = name;
        nearest->distance = found;
    }
}
