/* SPDX-License-Identifier: Apache-2.0
 *
 * secretsctl-shim: the first word of an entrypoint. It renders placeholders in the environment from
 * files, and becomes the program (or, with --init, stays as its parent).
 *
 * It runs in images that hold nothing else, as any user, read-only, without capabilities: so it is
 * static, has no stdio, no heap and no locale, and starts no slower than the exec it adds. Values
 * lie in one anonymous mapping that is kept out of core dumps and that the exec (or, with --init, a
 * wipe) ends. Messages name variables and secrets, never a value.
 *
 * Each fallible function has printed its one line when it returns false. Threads: none.
 */
#ifndef SC_SHIM_SHIM_H
#define SC_SHIM_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define SHIM_OWN_FAILURE    125
#define SHIM_CANNOT_EXECUTE 126
#define SHIM_NOT_FOUND      127
#define SHIM_SIGNAL_BASE    128

#define SHIM_DIR_DEFAULT   "/run/secrets"
#define SHIM_FILE_ROOT     "/dev/shm"
#define SHIM_WATCH_DEFAULT 2
#define SHIM_SECONDS_MAX   86400u
#define SHIM_VALUE_MAX     ((size_t)1024 * 1024)
/* The kernel's limit for one string of the environment, its NUL included (MAX_ARG_STRLEN). */
#define SHIM_STRING_MAX  ((size_t)131072)
#define SHIM_PATH_MAX    ((size_t)4096)
#define SHIM_ITEMS_MAX   64
#define SHIM_SOURCES_MAX 256
#define SHIM_PARTS_MAX   64

/* A bump allocator on one mapping; what it hands out lives until the arena is reset. */
struct shim_arena {
    char *base;
    size_t size, used;
};

/* NAME=TEMPLATE of --env and --file; name is not terminated. */
struct shim_item {
    const char *name;
    size_t name_len;
    const char *template;
};

enum shim_change { SHIM_CHANGE_IGNORE, SHIM_CHANGE_SIGNAL, SHIM_CHANGE_RESTART, SHIM_CHANGE_EXIT };

struct shim_options {
    const char *dir;
    struct shim_item env[SHIM_ITEMS_MAX];
    size_t env_count;
    struct shim_item files[SHIM_ITEMS_MAX];
    size_t file_count;
    struct shim_item from_file[SHIM_ITEMS_MAX]; /* without template */
    size_t from_file_count;
    unsigned wait, watch; /* seconds */
    bool strip_newline, allow_empty, init, check;
    enum shim_change change;
    int change_signal;
    const char *user; /* UID[:GID] as given, or NULL */
    char **command;
};

/* A file a value came from, as it was then. */
struct shim_source {
    const char *path;
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec mtime;
    nlink_t links;
    uint64_t hash;
};

enum shim_news {
    SHIM_NEWS_NONE,
    SHIM_NEWS_CHANGED,  /* the content differs */
    SHIM_NEWS_DETACHED, /* the file was replaced outside, and this container keeps the old one */
};

struct shim {
    struct shim_options options;
    char **environment;       /* as given to us */
    struct shim_arena text;   /* paths and the like */
    struct shim_arena values; /* secret */
    struct shim_source sources[SHIM_SOURCES_MAX];
    size_t source_count;
    bool change_user;
    uid_t uid;
    gid_t gid;
    char *file_dir; /* of --file; NULL until it is made */
};

/* A borrowed run of bytes. */
struct shim_bytes {
    const char *ptr;
    size_t len;
};

/* Who asks for a value, for messages: "variable 'NAME'". */
struct shim_asker {
    const char *name;
    size_t name_len;
};

/* ---- message.c ---- */

/* "secretsctl-shim: " and the texts up to a NULL, as one line on standard error. */
void shim_say(const char *first, ...) __attribute__((sentinel));
/* The same about a variable: "secretsctl-shim: variable 'NAME': ..." */
void shim_say_of(struct shim_asker asker, const char *first, ...) __attribute__((sentinel));
/* Plain text on standard output. */
void shim_print(const char *first, ...) __attribute__((sentinel));
/* A number as text in the buffer; base 8 or 10. */
const char *shim_number(char buffer[24], unsigned long value, unsigned base);
/* What an errno means, for the few that matter here. */
const char *shim_errno_text(int number);

/* ---- memory.c ---- */

bool shim_arena_init(struct shim_arena *arena, size_t size);
/* NULL, with a line printed, when it is full. */
void *shim_alloc(struct shim_arena *arena, size_t size);
/* Gives the pages back to the kernel, which hands out zeroes later. */
void shim_arena_wipe(struct shim_arena *arena);
/* Gives back what the newest block did not need. */
void shim_shrink(struct shim_arena *arena, void *newest, size_t size);
/* A terminated copy. */
char *shim_copy(struct shim_arena *arena, const char *text, size_t len);
/* NAME's value among "NAME=value" strings, or NULL. */
const char *shim_lookup(char *const *environment, const char *name, size_t name_len);

/* ---- options.c ---- */

/* False: exit with *ret_status (0 after --help). */
bool shim_options_parse(struct shim_options *options, int argc, char **argv, char **environment,
                        int *ret_status);

/* ---- value.c ---- */

/* The content of a file, waiting for it if that was asked; noted among the sources. */
bool shim_read_value(struct shim *shim, struct shim_asker asker, const char *path,
                     struct shim_bytes *ret);
/* What became of a source since it was read or last asked for; each news is told once. */
enum shim_news shim_source_news(struct shim_source *source);

/* ---- render.c ---- */

/* The child's environment; in --check mode it prints what it found and goes on after a failure.
 * Files of --file are written. */
bool shim_build_environment(struct shim *shim, char ***ret);

/* ---- user.c ---- */

bool shim_find_user(struct shim *shim);
bool shim_become_user(const struct shim *shim);

/* ---- exec.c ---- */

/* Returns only on failure, with the exit status. */
int shim_exec(char **command, char **environment);

/* ---- init.c ---- */

/* Runs the command as a child; the exit status of the shim. */
int shim_run_init(struct shim *shim, char **environment);

#endif
