/* SPDX-License-Identifier: Apache-2.0
 *
 * Responses of an engine: lengths, chunks, statuses, and everything that is not HTTP.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "audit/surface/http.h"

#include "core/banned.h"

static int append(struct sc_bytes piece, void *ctx, struct sc_error *err)
{
    (void)err;
    sc_buf_append(ctx, piece.ptr, piece.len);
    return 0;
}

static int parse(const char *response, struct sc_buf *body, struct sc_error *err)
{
    struct sc_bytes bytes = {(const unsigned char *)response, strlen(response)};
    return sc_http_parse(bytes, append, body, err);
}

static void test_answers(void **state)
{
    (void)state;
    static const struct {
        const char *response;
        int rc;
        const char *body;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef", 0, "abc"},
        {"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 0, ""},
        {"HTTP/1.0 200 OK\n\nto the end", 0, "to the end"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: "
         "chunked\r\n\r\n3\r\nabc\r\nA;x=1\r\n0123456789\r\n0\r\n",
         0, "abc0123456789"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", SC_E_IO, "ab"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", SC_E_IO, "abc"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", SC_E_FORMAT, ""},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", SC_E_FORMAT,
         ""},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", SC_E_IO, "abc"},
        {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc", SC_E_FORMAT, ""},
        {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", SC_E_FORMAT, ""},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc", SC_E_NOTFOUND, ""},
        {"HTTP/1.1 403 Forbidden\r\n\r\n", SC_E_PERM, ""},
        {"HTTP/1.1 500 Oops\r\n\r\n", SC_E_FAILED, ""},
        {"HTTP/1.1 20x OK\r\n\r\n", SC_E_FORMAT, ""},
        {"SSH-2.0-x\r\n", SC_E_FORMAT, ""},
        {"HTTP/1.1 200 OK\r\n", SC_E_IO, ""},
        {"", SC_E_IO, ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        SC_CLEANUP(sc_buf_done) struct sc_buf body = SC_BUF_INIT(4096);
        struct sc_error err = {0};
        int rc = parse(cases[i].response, &body, &err);
        if (rc != cases[i].rc || strcmp(sc_buf_text(&body), cases[i].body) != 0)
            fail_msg("case %zu: %d, '%s'", i, rc, sc_buf_text(&body));
    }
}

static void test_endless_headers(void **state)
{
    (void)state;
    SC_CLEANUP(sc_buf_done) struct sc_buf text = SC_BUF_INIT(1024 * 1024);
    SC_CLEANUP(sc_buf_done) struct sc_buf body = SC_BUF_INIT(4096);
    sc_buf_puts(&text, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 5000; i++)
        sc_buf_puts(&text, "X-Header: value\r\n");
    struct sc_error err = {0};
    assert_int_equal(parse(sc_buf_text(&text), &body, &err), SC_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_endless_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
