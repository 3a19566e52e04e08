/* SPDX-License-Identifier: Apache-2.0
 *
 * The shared store; see fuse/shared/store.h.
 */
#include "fuse/shared/store.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/fd.h"
#include "fuse/shared/node.h"

#include "core/banned.h"

#define STORE_MAGIC UINT64_C(0x31657a6f74734353) /* "SCstore1", little endian */

#if !defined(SYS_memfd_secret)
#define SYS_memfd_secret 447
#endif

struct store_head {
    uint64_t magic;
    uint64_t capacity;
    _Atomic uint64_t committed;
    uint64_t unused[5];
};

static struct store_head *head_of(const struct sc_store *store)
{
    return (struct store_head *)(void *)store->base;
}

static int open_memory(bool *ret_secret, struct sc_error *err)
{
    int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
    *ret_secret = fd >= 0;
    if (fd < 0)
        fd = memfd_create("secretsctl-store", MFD_CLOEXEC);
    if (fd < 0)
        sc_fail_errno(err, "cannot make shared memory");
    return fd;
}

int sc_store_create(size_t capacity, int *ret_fd, bool *ret_secret, struct sc_error *err)
{
    bool secret = false;
    if (capacity < SC_STORE_MIN || capacity > SC_STORE_MAX)
        return sc_fail(err, SC_E_USAGE, "the store's size must be between 2M and 3G");
    SC_CLEANUP(sc_fd_closep) int fd = open_memory(&secret, err);
    if (fd < 0)
        return err != NULL ? err->code : SC_E_IO;
    if (ftruncate(fd, (off_t)capacity) < 0)
        return sc_fail_errno(err, "cannot size shared memory");
    void *base = mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED)
        return sc_fail_errno(err, "cannot lock %zu bytes for values (see 'ulimit -l')", capacity);
    struct store_head *head = base;
    head->capacity = capacity;
    atomic_store(&head->committed, sizeof(*head));
    head->magic = STORE_MAGIC;
    munmap(base, capacity);
    *ret_fd = SC_TAKE_FD(fd);
    *ret_secret = secret;
    return 0;
}

int sc_store_map(int fd, bool writable, struct sc_store *ret, struct sc_error *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return sc_fail_errno(err, "cannot look at the store");
    if (st.st_size < (off_t)SC_STORE_MIN || st.st_size > (off_t)SC_STORE_MAX)
        return sc_fail(err, SC_E_FORMAT, "the store has an impossible size");
    size_t size = (size_t)st.st_size;
    int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
    void *base = mmap(NULL, size, protection, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED)
        return sc_fail_errno(err, "cannot map the store (see 'ulimit -l')");
    const struct store_head *head = base;
    if (head->magic != STORE_MAGIC || head->capacity != size) {
        munmap(base, size);
        return sc_fail(err, SC_E_FORMAT, "the store is damaged");
    }
    /* Both are without effect on a memfd_secret, which is locked and undumpable by nature. */
    SC_IGNORE(mlock2(base, size, MLOCK_ONFAULT));
    SC_IGNORE(madvise(base, size, MADV_DONTDUMP));
    *ret = (struct sc_store){.base = base, .capacity = size};
    return 0;
}

void sc_store_done(struct sc_store *store)
{
    if (store->base != NULL)
        munmap(store->base, store->capacity);
    *store = (struct sc_store){0};
}

/* A place of `size` bytes behind the last record, zeroed; it counts only after commit(). */
static void *reserve(struct sc_store *store, enum sc_store_type type, size_t size,
                     struct sc_error *err)
{
    uint64_t at = atomic_load(&head_of(store)->committed);
    size_t rounded = (size + 7) & ~(size_t)7;
    size_t kept = type == SC_STORE_VALUE ? store->capacity / SC_STORE_KEPT : 0;
    if (rounded + kept > store->capacity - at) {
        sc_fail(err, SC_E_TOOBIG, "what is to be served does not fit into %zu MiB; give scopes",
                store->capacity / ((size_t)1024 * 1024));
        return NULL;
    }
    struct sc_store_record *record = (void *)(store->base + at);
    memset(record, 0, rounded);
    record->type = type;
    record->size = (uint32_t)rounded;
    return record;
}

static int commit(struct sc_store *store, const struct sc_store_record *record)
{
    atomic_fetch_add_explicit(&head_of(store)->committed, record->size, memory_order_release);
    return 0;
}

int sc_store_put_entry(struct sc_store *store, const struct sc_source_entry *entry,
                       struct sc_error *err)
{
    size_t len = strlen(entry->name);
    struct sc_store_entry *to = reserve(store, SC_STORE_ENTRY, sizeof(*to) + len + 1, err);
    if (to == NULL)
        return SC_E_TOOBIG;
    to->id = sc_node_id(SC_NODE_FILE, entry->name, len);
    to->version = entry->version;
    to->size = entry->size;
    to->mtime = entry->mtime;
    to->uid = entry->uid;
    to->gid = entry->gid;
    to->mode = entry->mode;
    to->name_len = (uint32_t)len;
    memcpy(to->name, entry->name, len + 1);
    return commit(store, &to->record);
}

int sc_store_put_gone(struct sc_store *store, uint64_t id, struct sc_error *err)
{
    struct sc_store_gone *to = reserve(store, SC_STORE_GONE, sizeof(*to), err);
    if (to == NULL)
        return SC_E_TOOBIG;
    to->id = id;
    return commit(store, &to->record);
}

int sc_store_put_value(struct sc_store *store, uint64_t id, uint64_t version, struct sc_bytes value,
                       struct sc_error *err)
{
    if (value.len > SC_VALUE_MAX)
        return sc_fail(err, SC_E_TOOBIG, "the value is over the limit of 1 MiB");
    struct sc_store_value *to = reserve(store, SC_STORE_VALUE, sizeof(*to) + value.len, err);
    if (to == NULL)
        return SC_E_TOOBIG;
    to->id = id;
    to->version = version;
    to->len = (uint32_t)value.len;
    if (value.len > 0)
        memcpy(to->bytes, value.ptr, value.len);
    return commit(store, &to->record);
}

int sc_store_put_failure(struct sc_store *store, uint64_t id, uint64_t version, int error_number,
                         struct sc_error *err)
{
    struct sc_store_failure *to = reserve(store, SC_STORE_FAILURE, sizeof(*to), err);
    if (to == NULL)
        return SC_E_TOOBIG;
    to->id = id;
    to->version = version;
    to->error_number = error_number;
    return commit(store, &to->record);
}

int sc_store_put_container(struct sc_store *store, const struct sc_store_container *facts,
                           struct sc_error *err)
{
    struct sc_store_container *to = reserve(store, SC_STORE_CONTAINER, sizeof(*to), err);
    if (to == NULL)
        return SC_E_TOOBIG;
    struct sc_store_record record = to->record;
    *to = *facts;
    to->record = record;
    return commit(store, &to->record);
}

int sc_store_put_policy(struct sc_store *store, uint32_t rules, struct sc_bytes encoded,
                        struct sc_error *err)
{
    struct sc_store_policy *to = reserve(store, SC_STORE_POLICY, sizeof(*to) + encoded.len, err);
    if (to == NULL)
        return SC_E_TOOBIG;
    to->rules = rules;
    to->len = (uint32_t)encoded.len;
    if (encoded.len > 0)
        memcpy(to->bytes, encoded.ptr, encoded.len);
    return commit(store, &to->record);
}

void sc_store_wipe_value(struct sc_store_value *value)
{
    atomic_store(&value->dead, 1);
    atomic_thread_fence(memory_order_release); /* seen before the first byte that is wiped */
    sc_wipe(value->bytes, value->len);
}

uint64_t sc_store_committed(const struct sc_store *store)
{
    return atomic_load_explicit(&head_of(store)->committed, memory_order_acquire);
}

uint64_t sc_store_first(void)
{
    return sizeof(struct store_head);
}

struct sc_store_record *sc_store_next(const struct sc_store *store, uint64_t *offset)
{
    uint64_t end = SC_MIN(sc_store_committed(store), store->capacity);
    if (*offset >= end || end - *offset < sizeof(struct sc_store_record))
        return NULL;
    struct sc_store_record *record = (void *)(store->base + *offset);
    if (record->size < sizeof(*record) || record->size > end - *offset || record->size % 8 != 0)
        return NULL;
    *offset += record->size;
    return record;
}
