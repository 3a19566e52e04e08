/* SPDX-License-Identifier: Apache-2.0
 *
 * What containers have written to their logs, as far as the engine keeps it.
 *
 * Without a terminal the engine sends both streams in frames: 0, 1 or 2 for the stream, three NULs,
 * the length in four bytes, then the text. Frames cut lines anywhere, so each stream is searched as
 * one text.
 */
#include <string.h>

#include "audit/known/json_walk.h"
#include "audit/surface/surface.h"

#include "core/banned.h"

#define SURFACE    "log"
#define FRAME_SIZE 8
#define STREAMS    3

enum form { FORM_UNKNOWN, FORM_FRAMES, FORM_PLAIN };

struct log {
    struct sc_probe streams[STREAMS];
    struct sc_spot spot;
    enum form form;
    unsigned char frame[FRAME_SIZE];
    size_t frame_len;
    uint32_t left; /* bytes of the frame's text to come */
    unsigned at;   /* stream of the frame */
    uint64_t bytes;
};

static void log_done(struct log *log)
{
    for (size_t i = 0; i < STREAMS; i++)
        sc_probe_done(&log->streams[i]);
}

static int log_init(struct log *log, const struct sc_probe *probe, const char *title,
                    struct sc_error *err)
{
    *log = (struct log){.spot = {.place = "log", .file = title}};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < STREAMS; i++)
        rc = sc_probe_init(&log->streams[i], probe->searcher, probe->ledger, err);
    return rc;
}

static bool is_frame(const unsigned char frame[FRAME_SIZE])
{
    return frame[0] < STREAMS && frame[1] == 0 && frame[2] == 0 && frame[3] == 0;
}

static int search_text(struct log *log, struct sc_bytes text, struct sc_error *err)
{
    log->bytes += text.len;
    return sc_probe_write(&log->streams[log->at], &log->spot, text, err);
}

/* The head of a frame is complete. A terminal's output has none: then it was text. */
static int take_frame(struct log *log, struct sc_error *err)
{
    const unsigned char *frame = log->frame;
    if (log->form == FORM_UNKNOWN)
        log->form = is_frame(frame) ? FORM_FRAMES : FORM_PLAIN;
    log->frame_len = 0;
    if (log->form == FORM_PLAIN)
        return search_text(log, (struct sc_bytes){frame, FRAME_SIZE}, err);
    if (!is_frame(frame))
        return sc_fail(err, SC_E_FORMAT, "the engine's answer is not a log");
    log->at = frame[0];
    log->left = (uint32_t)frame[4] << 24 | (uint32_t)frame[5] << 16 | (uint32_t)frame[6] << 8 |
                (uint32_t)frame[7];
    return 0;
}

static int take_piece(struct sc_bytes piece, void *ctx, struct sc_error *err)
{
    struct log *log = ctx;
    int rc = 0;
    while (rc == 0 && piece.len > 0) {
        size_t n = piece.len;
        if (log->form == FORM_PLAIN) {
            rc = search_text(log, piece, err);
        } else if (log->left > 0) {
            n = SC_MIN(n, (size_t)log->left);
            rc = search_text(log, (struct sc_bytes){piece.ptr, n}, err);
            log->left -= (uint32_t)n;
        } else {
            n = SC_MIN(n, FRAME_SIZE - log->frame_len);
            memcpy(log->frame + log->frame_len, piece.ptr, n);
            log->frame_len += n;
            if (log->frame_len == FRAME_SIZE)
                rc = take_frame(log, err);
        }
        piece = (struct sc_bytes){piece.ptr + n, piece.len - n};
    }
    return rc;
}

static int end_log(struct log *log, struct sc_error *err)
{
    int rc = 0;
    bool cut = log->form == FORM_FRAMES && (log->left > 0 || log->frame_len > 0);
    /* A terminal's output of fewer bytes than a frame's head. */
    if (log->form == FORM_UNKNOWN && log->frame_len > 0)
        rc = search_text(log, (struct sc_bytes){log->frame, log->frame_len}, err);
    for (size_t i = 0; rc == 0 && i < STREAMS; i++)
        rc = sc_probe_end(&log->streams[i], err);
    return rc < 0 || !cut ? rc : sc_fail(err, SC_E_IO, "the log ended early");
}

static int search_log(struct sc_probe *probe, const struct sc_engine *engine, const char *name,
                      struct sc_error *err)
{
    SC_CLEANUP(sc_str_freep)
    char *path = sc_engine_path("/containers/", name, "/logs?stdout=1&stderr=1", err);
    SC_CLEANUP(sc_str_freep) char *title = sc_str_printf(err, "container %s", name);
    if (path == NULL || title == NULL)
        return SC_E_NOMEM;
    SC_CLEANUP(log_done) struct log log = {0};
    int rc = log_init(&log, probe, title, err);
    if (rc < 0)
        return rc;
    sc_ledger_object(probe->ledger);
    struct sc_error why = {0};
    rc = sc_engine_get(engine, path, take_piece, &log, &why);
    int ended = end_log(&log, rc < 0 ? NULL : &why);
    rc = rc < 0 ? rc : ended;
    if (rc == SC_E_NOMEM)
        return sc_fail_nomem(err);
    if (rc < 0)
        return sc_ledger_skip(probe->ledger, SURFACE, title, sc_error_message(&why), err);
    return sc_ledger_looked(probe->ledger, SURFACE, title, NULL, log.bytes, err);
}

/* "/web" out of "/0/Names/0". */
static int take_name(const struct sc_json_scalar *scalar, void *ctx, struct sc_error *err)
{
    bool first = scalar->type == SC_JSON_STRING && sc_str_has_suffix(scalar->pointer, "/Names/0");
    if (!first || scalar->text.len < 2)
        return 0;
    return sc_strv_take(
        ctx, sc_str_ndup((const char *)scalar->text.ptr + 1, scalar->text.len - 1, err), err);
}

static int list_containers(const struct sc_engine *engine, struct sc_strv *names,
                           struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret answer = {0};
    int rc =
        sc_engine_get_secret(engine, "/containers/json?all=1", SC_ENGINE_ANSWER_MAX, &answer, err);
    return rc < 0 ? rc : sc_json_walk(sc_secret_view(&answer), take_name, names, err);
}

int sc_surface_logs(struct sc_probe *probe, const struct sc_engine *engine,
                    const struct sc_strv *names, struct sc_error *err)
{
    SC_CLEANUP(sc_strv_done) struct sc_strv all = {0};
    struct sc_error why = {0};
    if (names->count == 0 && list_containers(engine, &all, &why) < 0)
        return sc_ledger_skip(probe->ledger, SURFACE, engine->host, sc_error_message(&why), err);
    const struct sc_strv *list = names->count > 0 ? names : &all;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < list->count; i++)
        rc = search_log(probe, engine, list->items[i], err);
    return rc;
}
