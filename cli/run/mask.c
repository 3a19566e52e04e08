/* SPDX-License-Identifier: Apache-2.0
 *
 * mask: a filter from standard input to standard output.
 */
#include "cli/run/run.h"

#include <string.h>
#include <unistd.h>

#include "cli/run/channel.h"

#include "core/banned.h"

#define MASK_TEXT "***"

struct names {
    const struct sc_run_values *values;
    char text[SC_NAME_PART_MAX + 3];
};

static const char *name_text(uint32_t value, void *ctx)
{
    struct names *names = ctx;
    const char *leaf = sc_name_leaf(names->values->items[value].name);
    size_t len = strlen(leaf);
    names->text[0] = '[';
    memcpy(names->text + 1, leaf, len);
    memcpy(names->text + 1 + len, "]", 2);
    return names->text;
}

int sc_cmd_mask(struct sc_cli *cli, const void *options, int count, char **operands,
                struct sc_error *err)
{
    (void)count;
    (void)operands;
    const struct sc_mask_options *opt = options;
    const struct sc_run_choice choice = {&opt->scopes, &opt->only, NULL, NULL, false};
    struct sc_run_values values = {0};
    struct sc_mask_patterns patterns = {0};
    struct sc_channel channel = {.fd = -1};
    int rc = sc_run_values_read(cli, &choice, &values, err);
    if (rc == 0)
        rc = sc_run_patterns(cli, &values, &patterns, err);
    const struct sc_channel_options to = {
        .target = STDOUT_FILENO,
        .patterns = &patterns,
        .mask_text = opt->mask_with != NULL ? opt->mask_with : MASK_TEXT,
    };
    if (rc == 0)
        rc = sc_channel_attach(&channel, STDIN_FILENO, &to, err);
    struct names names = {.values = &values};
    if (rc == 0 && opt->name) {
        channel.stream.text_of = name_text;
        channel.stream.text_ctx = &names;
    }
    if (rc == 0)
        rc = sc_channel_copy(&channel, err);
    sc_channel_done(&channel);
    sc_mask_patterns_done(&patterns);
    sc_run_values_done(&values);
    return rc;
}
