/* SPDX-License-Identifier: Apache-2.0
 *
 * mask: a filter from standard input to standard output.
 */
#include "cli/run/run.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "core/fd.h"

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

static int flush(struct sc_buf *out, struct sc_error *err)
{
    int rc = sc_buf_status(out, err);
    if (rc == 0 && out->len > 0)
        rc = sc_fd_write_all(STDOUT_FILENO, out->data, out->len, err);
    sc_buf_clear(out);
    return rc;
}

static int copy(struct sc_mask_stream *stream, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(SC_MASK_OUT_MAX);
    char *room = malloc(SC_MASK_FEED_MAX);
    size_t got = 1;
    int rc = room == NULL ? sc_fail_nomem(err) : 0;
    while (rc == 0 && got > 0) {
        rc = sc_fd_read_some(STDIN_FILENO, room, SC_MASK_FEED_MAX, &got, err);
        if (rc == 0)
            rc = got > 0 ? sc_mask_stream_feed(stream, room, got, &out, err)
                         : sc_mask_stream_end(stream, &out, err);
        if (rc == 0)
            rc = flush(&out, err);
    }
    if (room != NULL)
        sc_wipe(room, SC_MASK_FEED_MAX);
    free(room);
    return rc;
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
    struct sc_mask_stream stream = {0};
    int rc = sc_run_values_read(cli, &choice, &values, err);
    if (rc == 0)
        rc = sc_run_patterns(cli, &values, &patterns, err);
    if (rc == 0)
        rc = sc_mask_stream_init(&stream, &patterns,
                                 opt->mask_with != NULL ? opt->mask_with : MASK_TEXT, err);
    struct names names = {.values = &values};
    if (rc == 0 && opt->name) {
        stream.text_of = name_text;
        stream.text_ctx = &names;
    }
    if (rc == 0)
        rc = copy(&stream, err);
    sc_mask_stream_done(&stream);
    sc_mask_patterns_done(&patterns);
    sc_run_values_done(&values);
    return rc;
}
