/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a FUSE request, with /dev/null for the kernel: parsed, and served over an empty
 * store.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuse/serve/identity.h"
#include "fuse/serve/policy.h"
#include "fuse/serve/serve.h"

#include "core/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Made once: a worker with one entry. */
static struct sc_serve *worker(unsigned char **ret_reply)
{
    static struct sc_serve serve;
    static unsigned char *reply;
    int journal_fd = -1, store_fd = -1;
    bool secret = false;
    struct sc_journal *journal = NULL;
    struct sc_store store;
    const struct sc_source_entry entry = {.name = "shop/db", .version = 1, .size = 3, .mode = 0400};
    const struct sc_bytes value = {(const unsigned char *)"abc", 3};
    *ret_reply = reply;
    if (reply != NULL)
        return &serve;
    if (sc_journal_create(&journal_fd, NULL) < 0 ||
        sc_journal_map(journal_fd, &journal, NULL) < 0 ||
        sc_store_create(SC_STORE_MIN, &store_fd, &secret, NULL) < 0 ||
        sc_store_map(store_fd, true, &store, NULL) < 0 ||
        sc_store_put_entry(&store, &entry, NULL) < 0 ||
        sc_store_put_value(&store, UINT64_C(77), 1, value, NULL) < 0 ||
        sc_serve_init(&serve, open("/dev/null", O_WRONLY | O_CLOEXEC), store_fd, journal, NULL) < 0)
        abort();
    *ret_reply = reply = sc_serve_buffer_new(NULL);
    if (reply == NULL)
        abort();
    return &serve;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *reply = NULL;
    struct sc_serve *serve = worker(&reply);
    struct sc_turn turn = {.serve = serve, .reply = reply, .bytes = data, .len = size};
    SC_IGNORE(sc_serve_request(&turn));
    for (size_t i = 0; i < SC_JOURNAL_PARKED; i++)
        atomic_store(&serve->bank->parked[i].state, SC_PARKED_FREE);
    struct sc_policy policy = {0};
    SC_IGNORE(sc_policy_decode(&policy, data, size, NULL));
    sc_policy_done(&policy);
    char text[SC_CGROUP_FILE_MAX];
    struct sc_fuse_reader reader = {0};
    size_t len = SC_MIN(size, sizeof(text) - 1);
    if (len > 0)
        memcpy(text, data, len);
    text[len] = '\0';
    sc_reader_parse_cgroup(text, &reader);
    return 0;
}
