/* SPDX-License-Identifier: Apache-2.0
 *
 * Literals by Vectorscan's runtime; see audit/rules/matcher.h. The database comes from
 * build_database.c and must be of the same Vectorscan version as the runtime linked here.
 */
#include "audit/rules/matcher.h"

#include <stdbool.h>
#include <stdlib.h>

#if SC_HAVE_VECTORSCAN
#include <hs/hs_runtime.h>
#endif

#include "core/banned.h"

#if SC_HAVE_VECTORSCAN

/* One scan call takes a length of 32 bits. */
#define SCAN_MAX ((size_t)1 << 30)

extern const unsigned char sc_rules_database[];
extern const size_t sc_rules_database_size;

struct sc_vectorscan {
    hs_database_t *database;
    hs_scratch_t *scratch;
};

struct call {
    sc_matcher_hit *hit;
    void *ctx;
    int rc;
};

/* The runtime library has no hs_valid_platform() of its own; this is what that one asks. */
static bool platform_fits(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
#else
    return true;
#endif
}

int sc_vectorscan_open(struct sc_vectorscan **ret, struct sc_error *err)
{
    if (!platform_fits())
        return sc_fail(err, SC_E_UNSUPPORTED, "this processor lacks what Vectorscan needs");
    struct sc_vectorscan *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return sc_fail_nomem(err);
    if (hs_deserialize_database((const char *)sc_rules_database, sc_rules_database_size,
                                &made->database) != HS_SUCCESS ||
        hs_alloc_scratch(made->database, &made->scratch) != HS_SUCCESS) {
        sc_vectorscan_freep(&made);
        return sc_fail(err, SC_E_UNSUPPORTED, "the rule database does not fit this Vectorscan");
    }
    *ret = made;
    return 0;
}

void sc_vectorscan_freep(struct sc_vectorscan **matcher)
{
    if (*matcher == NULL)
        return;
    hs_free_scratch((*matcher)->scratch);
    hs_free_database((*matcher)->database);
    free(*matcher);
    *matcher = NULL;
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                    void *ctx)
{
    (void)from;
    (void)flags;
    struct call *call = ctx;
    call->rc = call->hit(call->ctx, id, (size_t)to);
    return call->rc < 0;
}

int sc_vectorscan_search(struct sc_vectorscan *matcher, struct sc_bytes text, sc_matcher_hit *hit,
                         void *ctx)
{
    struct call call = {hit, ctx, 0};
    if (text.len > SCAN_MAX)
        return SC_E_TOOBIG;
    hs_error_t rc = hs_scan(matcher->database, (const char *)text.ptr, (unsigned)text.len, 0,
                            matcher->scratch, on_match, &call);
    if (call.rc < 0)
        return call.rc;
    return rc == HS_SUCCESS ? 0 : SC_E_BUG;
}

#else

int sc_vectorscan_open(struct sc_vectorscan **ret, struct sc_error *err)
{
    (void)ret;
    return sc_fail(err, SC_E_UNSUPPORTED, "built without Vectorscan");
}

void sc_vectorscan_freep(struct sc_vectorscan **matcher)
{
    (void)matcher;
}

int sc_vectorscan_search(struct sc_vectorscan *matcher, struct sc_bytes text, sc_matcher_hit *hit,
                         void *ctx)
{
    (void)matcher;
    (void)text;
    (void)hit;
    (void)ctx;
    return SC_E_UNSUPPORTED;
}

#endif
