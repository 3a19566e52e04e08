/* SPDX-License-Identifier: Apache-2.0
 *
 * Redaction of shown text; see audit/known/redact.h.
 */
#include "audit/known/redact.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/str.h"

#include "core/banned.h"

#define STARS "*****"
/* What divides words here; a short value may stand between any two of them. */
#define DIVIDERS " \t\r\n=:@/\"'`,;()[]{}|&"
#define TEXT_MAX ((size_t)16 * 1024 * 1024)

/* Which bytes of the text belong to a value. */
struct marks {
    bool *marked;
    size_t base; /* of the part being compared */
    bool any;
};

static int mark(const struct sc_known_hit *hit, void *ctx, struct sc_error *err)
{
    (void)err;
    struct marks *marks = ctx;
    memset(marks->marked + marks->base + hit->offset, true, hit->len);
    marks->any = true;
    return 0;
}

static int mark_words(const struct sc_searcher *searcher, const char *text, struct marks *marks,
                      struct sc_error *err)
{
    int rc = 0;
    for (const char *at = text; rc == 0 && *at != '\0';) {
        size_t n = strcspn(at, DIVIDERS);
        marks->base = (size_t)(at - text);
        if (n > 0)
            rc = searcher->compare(searcher->set, (struct sc_bytes){(const unsigned char *)at, n},
                                   mark, marks, err);
        at += n;
        at += strspn(at, DIVIDERS);
    }
    return rc;
}

static char *without_marked(const char *text, const struct marks *marks, struct sc_error *err)
{
    SC_CLEANUP(sc_buf_done) struct sc_buf out = SC_BUF_INIT(TEXT_MAX);
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (!marks->marked[i])
            sc_buf_putc(&out, text[i]);
        else if (i == 0 || !marks->marked[i - 1])
            sc_buf_puts(&out, STARS);
    }
    if (sc_buf_status(&out, err) < 0)
        return NULL;
    return sc_buf_take(&out);
}

char *sc_redact_text(const struct sc_searcher *searcher, const char *text, struct sc_error *err)
{
    size_t len = strlen(text);
    struct marks marks = {.marked = calloc(len + 1, sizeof(bool))};
    if (marks.marked == NULL) {
        SC_IGNORE(sc_fail_nomem(err)); /* the code is in err */
        return NULL;
    }
    struct sc_bytes bytes = {(const unsigned char *)text, len};
    int rc = searcher->scan(searcher->set, bytes, mark, &marks, err);
    if (rc == 0)
        rc = mark_words(searcher, text, &marks, err);
    char *made = NULL;
    if (rc == 0)
        made = marks.any ? without_marked(text, &marks, err) : sc_str_dup(text, err);
    free(marks.marked);
    return made;
}
