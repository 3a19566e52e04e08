/* SPDX-License-Identifier: Apache-2.0
 *
 * The locked arena; see core/arena.h.
 *
 * A chunk is: guard page | blocks | guard page. A block is [struct block][payload rounded to 16]
 * [canary]. Free blocks are found by a first-fit walk and merged with their right neighbour on the
 * way: a process holds few secrets at a time, so the walk is short and the code stays checkable.
 */
#include "core/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/random.h"
#include "core/vector/registers.h"

#include "core/banned.h"

#define CHUNK_SIZE      ((size_t)256 * 1024)
#define SMALL_MAX       ((size_t)32 * 1024)
#define ALIGNMENT       ((size_t)16)
#define CANARY_SIZE     ((size_t)16)
#define LARGE_PAGES_MAX (SC_ARENA_BLOCK_MAX / 4096 + 2)

enum block_state { BLOCK_IN_USE = 0x55534544, BLOCK_FREE = 0x46524545 };

/* Stands before each payload, whose alignment it has; size covers header, payload and canary. */
struct block {
    _Alignas(ALIGNMENT) uint32_t state;
    size_t size;
};

struct chunk {
    struct chunk *next;
    unsigned char *base; /* first usable byte, after the guard page */
    size_t size;         /* usable bytes */
    size_t first_free;   /* no block before this offset is free */
    bool locked;         /* never leaves memory */
};

/* Process-wide like malloc's own state: a secret must not depend on who allocated it. */
static struct {
    pthread_mutex_t mutex;
    struct chunk *chunks;
    struct sc_arena_policy policy;
    bool require_lock;
    bool mapped;    /* the policy says something: pages were handed out */
    bool inherited; /* a child of a process with chunks: blocks may come along that are not ours */
    pid_t owner;    /* process that made the chunks; 0 before the first use */
    volatile unsigned char *alive; /* zero in a forked child; NULL where the kernel cannot do it */
    unsigned char canary[CANARY_SIZE];
} arena = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* Puts memfd_secret pages over the reserved range: absent from the kernel's direct map, never
 * swapped, unreadable by ptrace. False where the kernel has none or the lock limit is reached. */
static bool cover_with_memfd_secret(unsigned char *at, size_t size)
{
#ifdef SYS_memfd_secret
    int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = ftruncate(fd, (off_t)size) == 0 &&
              mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED;
    close(fd);
    return ok;
#else
    (void)at;
    (void)size;
    return false;
#endif
}

/* Maps usable pages between two guard pages and locks them; NULL with errno set. */
static unsigned char *map_pages(size_t size, bool *ret_locked)
{
    size_t page = page_size();
    unsigned char *range =
        mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (range == MAP_FAILED)
        return NULL;
    unsigned char *base = range + page;
    bool secret = cover_with_memfd_secret(base, size);
    bool locked = secret;
    if (!secret) {
        if (mmap(base, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                 0) == MAP_FAILED) {
            munmap(range, size + 2 * page);
            return NULL;
        }
        locked = mlock(base, size) == 0;
        if (!locked && arena.require_lock) {
            munmap(range, size + 2 * page);
            errno = EPERM;
            return NULL;
        }
    }
    struct sc_arena_policy *policy = &arena.policy;
    bool first = !arena.mapped;
    bool nodump = madvise(base, size, MADV_DONTDUMP) == 0;
    bool nofork = madvise(base, size, secret ? MADV_DONTFORK : MADV_WIPEONFORK) == 0;
    policy->locked = locked && (first || policy->locked);
    policy->memfd_secret = secret && (first || policy->memfd_secret);
    policy->dump_excluded = nodump && (first || policy->dump_excluded);
    policy->fork_wiped = nofork && (first || policy->fork_wiped);
    policy->bytes += size;
    arena.mapped = true;
    *ret_locked = locked;
    return base;
}

static void unmap_chunk(struct chunk *chunk)
{
    size_t page = page_size();
    munmap(chunk->base - page, chunk->size + 2 * page);
    arena.policy.bytes -= chunk->size;
    free(chunk);
}

static struct block *block_at(const struct chunk *chunk, size_t offset)
{
    return (struct block *)(void *)(chunk->base + offset);
}

static struct chunk *add_chunk(size_t size)
{
    struct chunk *chunk = malloc(sizeof(*chunk));
    if (chunk == NULL)
        return NULL;
    chunk->base = map_pages(size, &chunk->locked);
    if (chunk->base == NULL) {
        free(chunk);
        return NULL;
    }
    chunk->size = size;
    chunk->first_free = 0;
    chunk->next = arena.chunks;
    arena.chunks = chunk;
    *block_at(chunk, 0) = (struct block){.state = BLOCK_FREE, .size = size};
    return chunk;
}

/* Secrets are gone and memory is not what it should be: nothing safe is left to do. */
static _Noreturn void die_of_corruption(void)
{
    abort();
}

static void merge_free_neighbours(const struct chunk *chunk, size_t offset)
{
    struct block *block = block_at(chunk, offset);
    while (offset + block->size < chunk->size) {
        struct block *right = block_at(chunk, offset + block->size);
        if (right->state != BLOCK_FREE)
            return;
        block->size += right->size;
        memset(right, 0, sizeof(*right));
    }
}

/* Takes `need` bytes from the free block at offset, leaving the rest free. */
static void *carve(const struct chunk *chunk, size_t offset, size_t need)
{
    struct block *block = block_at(chunk, offset);
    if (block->size - need >= sizeof(struct block) + ALIGNMENT + CANARY_SIZE) {
        *block_at(chunk, offset + need) =
            (struct block){.state = BLOCK_FREE, .size = block->size - need};
        block->size = need;
    }
    block->state = BLOCK_IN_USE;
    unsigned char *end = (unsigned char *)block + block->size;
    memcpy(end - CANARY_SIZE, arena.canary, CANARY_SIZE);
    return block + 1;
}

static void *carve_first_fit(struct chunk *chunk, size_t need)
{
    bool passed = false; /* a free block that is too small */
    for (size_t offset = chunk->first_free; offset < chunk->size;) {
        struct block *block = block_at(chunk, offset);
        if (block->state == BLOCK_FREE) {
            merge_free_neighbours(chunk, offset);
            if (!passed)
                chunk->first_free = offset;
            if (block->size >= need)
                return carve(chunk, offset, need);
            passed = true;
        } else if (block->state != BLOCK_IN_USE) {
            die_of_corruption();
        }
        offset += block->size;
    }
    if (!passed)
        chunk->first_free = chunk->size;
    return NULL;
}

/* A page that the kernel empties in a child tells one from the other without a system call. */
static volatile unsigned char *map_alive(void)
{
    size_t page = page_size();
    unsigned char *map =
        mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return NULL;
    if (madvise(map, page, MADV_WIPEONFORK) == 0)
        return map;
    munmap(map, page);
    return NULL;
}

static bool is_of_this_process(void)
{
    return arena.alive != NULL ? *arena.alive != 0 : arena.owner == getpid();
}

/* First use in this process, or in a forked child: the parent's chunks are not ours. */
static int prepare_for_this_process(struct sc_error *err)
{
    if (is_of_this_process())
        return 0;
    int rc = sc_random_bytes(arena.canary, sizeof(arena.canary), err);
    if (rc < 0)
        return rc;
    arena.inherited = arena.owner != 0;
    /* The pages are wiped or gone already; where they were, something else may be by now. */
    while (arena.chunks != NULL) {
        struct chunk *next = arena.chunks->next;
        free(arena.chunks);
        arena.chunks = next;
    }
    arena.policy = (struct sc_arena_policy){0};
    arena.mapped = false;
    arena.owner = getpid();
    if (arena.alive == NULL)
        arena.alive = map_alive();
    if (arena.alive != NULL)
        *arena.alive = 1;
    return 0;
}

static bool may_serve(const struct chunk *chunk)
{
    return chunk->size == CHUNK_SIZE && (chunk->locked || !arena.require_lock);
}

static void *allocate_locked(size_t size, struct sc_error *err)
{
    if (prepare_for_this_process(err) < 0)
        return NULL;
    size_t need = round_up(sizeof(struct block) + size, ALIGNMENT) + CANARY_SIZE;
    if (size <= SMALL_MAX) {
        for (struct chunk *chunk = arena.chunks; chunk != NULL; chunk = chunk->next) {
            void *payload = may_serve(chunk) ? carve_first_fit(chunk, need) : NULL;
            if (payload != NULL)
                return payload;
        }
    }
    struct chunk *chunk = add_chunk(size <= SMALL_MAX ? CHUNK_SIZE : round_up(need, page_size()));
    if (chunk == NULL) {
        if (errno == EPERM)
            (void)sc_fail(err, SC_E_PERM,
                          "cannot lock memory for secrets; raise the limit (ulimit -l)");
        else
            (void)sc_fail_nomem(err);
        return NULL;
    }
    return carve(chunk, 0, need);
}

void *sc_arena_alloc(size_t size, struct sc_error *err)
{
    if (size == 0 || size > SC_ARENA_BLOCK_MAX) {
        (void)sc_fail(err, SC_E_TOOBIG, "a secret buffer of %zu bytes is over the limit", size);
        return NULL;
    }
    pthread_mutex_lock(&arena.mutex);
    void *payload = allocate_locked(size, err);
    pthread_mutex_unlock(&arena.mutex);
    return payload;
}

static struct chunk **find_chunk(const unsigned char *address)
{
    struct chunk **link = &arena.chunks;
    while (*link != NULL && (address < (*link)->base || address >= (*link)->base + (*link)->size))
        link = &(*link)->next;
    return link;
}

/* Wipes what was ever touched of a chunk that goes. Of a large buffer that is often little, and the
 * first touch of a page is dear with memfd_secret: each takes one out of the kernel's own map. */
static void wipe_pages(const struct chunk *chunk)
{
    unsigned char touched[LARGE_PAGES_MAX];
    size_t page = page_size();
    size_t pages = chunk->size / page;
    bool known = chunk->locked && pages <= sizeof(touched) &&
                 mincore(chunk->base, chunk->size, touched) == 0;
    for (size_t i = 0; i < pages; i++)
        if (!known || (touched[i] & 1) != 0)
            explicit_bzero(chunk->base + i * page, page);
}

static void release(struct chunk **link, struct block *block)
{
    struct chunk *chunk = *link;
    unsigned char *end = (unsigned char *)block + block->size;
    if (block->state != BLOCK_IN_USE || end > chunk->base + chunk->size ||
        memcmp(end - CANARY_SIZE, arena.canary, CANARY_SIZE) != 0)
        die_of_corruption();
    if (chunk->size != CHUNK_SIZE) {
        wipe_pages(chunk);
        *link = chunk->next;
        unmap_chunk(chunk);
    } else {
        explicit_bzero(block + 1, block->size - sizeof(*block));
        block->state = BLOCK_FREE;
        size_t offset = (size_t)((unsigned char *)block - chunk->base);
        chunk->first_free = SC_MIN(chunk->first_free, offset);
        merge_free_neighbours(chunk, offset);
    }
}

void sc_arena_free(void *payload)
{
    if (payload == NULL)
        return;
    pthread_mutex_lock(&arena.mutex);
    /* Before a forked child's first allocation every block is its parent's: zero, or not even
     * there. */
    if (is_of_this_process()) {
        struct block *block = (struct block *)payload - 1;
        struct chunk **link = find_chunk((unsigned char *)block);
        if (*link != NULL)
            release(link, block);
        else if (!arena.inherited)
            die_of_corruption();
    }
    pthread_mutex_unlock(&arena.mutex);
    sc_registers_wipe();
}

void sc_arena_require_lock(void)
{
    pthread_mutex_lock(&arena.mutex);
    arena.require_lock = true;
    pthread_mutex_unlock(&arena.mutex);
}

struct sc_arena_policy sc_arena_policy(void)
{
    void *probe = sc_arena_alloc(1, NULL);
    pthread_mutex_lock(&arena.mutex);
    struct sc_arena_policy policy = arena.policy;
    pthread_mutex_unlock(&arena.mutex);
    sc_arena_free(probe);
    return policy;
}

void *sc_arena_pages_get(size_t size, enum sc_arena_fork fork, struct sc_error *err)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
        sc_fail_nomem(err);
        return NULL;
    }
    /* Locked as they are used; whoever must be told of a refusal is told of the arena's. */
    SC_IGNORE(mlock2(pages, size, MLOCK_ONFAULT));
    SC_IGNORE(madvise(pages, size, MADV_DONTDUMP));
    if (fork == SC_ARENA_FORK_WIPES)
        SC_IGNORE(madvise(pages, size, MADV_WIPEONFORK));
    return pages;
}

void sc_arena_pages_release(void *pages, size_t size)
{
    if (pages == NULL)
        return;
    explicit_bzero(pages, size);
    munmap(pages, size);
    sc_registers_wipe();
}
