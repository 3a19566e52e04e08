/* SPDX-License-Identifier: Apache-2.0
 *
 * What a core dump of a process would show of values, without the dump: the registers of all its
 * threads, and all of its memory that is not kept out of dumps.
 *
 *     residue [--hidden] [--writable] PIECE_SIZE PID... <VALUES
 *
 * A line of VALUES is NAME TEXT, and the value that text, once or over and over. Looked for is each
 * piece of it, of 4 to 8 bytes, and backwards; with 8 also of its base64 and hexadecimal forms.
 * Prints where each find lies, never what; status 1 with finds, 0 without, 2 if it could not look.
 *
 * --hidden looks at memory that is kept out of dumps, too, --writable only at what the process
 * itself has written (short pieces stand in a library by chance). Memory of memfd_secret(2) nobody
 * can read.
 */
#include <ctype.h>
#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIECE_MIN     4
#define PIECE_MAX     8
#define PIECES_MAX    ((size_t)1 << 16)
#define TEXT_MAX      256
#define THREADS_MAX   256
#define BLOCK         ((size_t)1 << 20)
#define REGISTERS_MAX 16384 /* XSTATE with AVX-512 and AMX */

#if defined(__x86_64__)
#define VECTOR_REGISTERS NT_X86_XSTATE
#else
#define VECTOR_REGISTERS NT_PRFPREG
#endif

struct piece {
    unsigned char bytes[PIECE_MAX];
    char name[32];
};

static struct piece pieces[PIECES_MAX];
static unsigned short chains[PIECES_MAX], heads[PIECES_MAX]; /* numbers of pieces; 0 = none */
static size_t piece_count = 1, piece_size;
static bool hidden, writable;
static size_t finds;

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(2);
}

/* ---- what is looked for ---- */

static unsigned short *head_of(const unsigned char *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof(word));
    return &heads[word * 0x9e3779b1u >> 16];
}

static const struct piece *find_piece(const unsigned char *bytes)
{
    for (unsigned short at = *head_of(bytes); at != 0; at = chains[at])
        if (memcmp(pieces[at].bytes, bytes, piece_size) == 0)
            return &pieces[at];
    return NULL;
}

static void add_piece(const char *name, const char *form, const unsigned char *bytes)
{
    if (find_piece(bytes) != NULL)
        return;
    if (piece_count == PIECES_MAX) {
        fprintf(stderr, "residue: too many values\n");
        exit(2);
    }
    struct piece *piece = &pieces[piece_count];
    memcpy(piece->bytes, bytes, piece_size);
    snprintf(piece->name, sizeof(piece->name), "%.20s (%s)", name, form);
    unsigned short *head = head_of(bytes);
    chains[piece_count] = *head;
    *head = (unsigned short)piece_count++;
}

static void add_all(const char *name, const char *form, const char *text, size_t len)
{
    for (size_t at = 0; at + piece_size <= len; at++)
        add_piece(name, form, (const unsigned char *)text + at);
}

static void add_base64(const char *name, const char *text, size_t len, const char *last)
{
    static const char common[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    char form[4 * TEXT_MAX];
    size_t n = 0;
    for (size_t at = 0; at + 3 <= len; at += 3) {
        const unsigned char *in = (const unsigned char *)text + at;
        uint32_t bits = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
        for (int shift = 18; shift >= 0; shift -= 6) {
            uint32_t digit = bits >> shift & 63;
            form[n++] = digit < 62 ? common[digit] : last[digit - 62];
        }
    }
    add_all(name, "base64", form, n);
}

/* Three times over, so that each piece of base64 stands there whatever comes before. */
static void add_value(const char *name, const char *once)
{
    char text[3 * TEXT_MAX + 1];
    char form[6 * TEXT_MAX + 1];
    size_t len = 3 * strlen(once);
    snprintf(text, sizeof(text), "%s%s%s", once, once, once);
    add_all(name, "as it is", text, len);
    for (size_t i = 0; i < len; i++)
        form[i] = text[len - 1 - i];
    add_all(name, "backwards", form, len);
    if (piece_size < PIECE_MAX)
        return;
    for (size_t from = 0; from < 3; from++) {
        add_base64(name, text + from, len - from, "+/");
        add_base64(name, text + from, len - from, "-_");
    }
    for (size_t i = 0; i < len; i++)
        snprintf(form + 2 * i, 3, "%02x", (unsigned char)text[i]);
    add_all(name, "hex", form, 2 * len);
    for (size_t i = 0; i < 2 * len; i++)
        form[i] = (char)toupper(form[i]);
    add_all(name, "hex", form, 2 * len);
}

static void read_values(void)
{
    char name[64];
    char text[TEXT_MAX];
    while (scanf("%63s %255s", name, text) == 2)
        add_value(name, text);
    if (piece_count == 1) {
        fprintf(stderr, "residue: no values\n");
        exit(2);
    }
}

/* ---- where ---- */

/* Finds that follow each other are one. */
static void look(const unsigned char *bytes, size_t len, const char *where)
{
    const struct piece *last = NULL;
    size_t until = 0, from = 0;
    for (size_t at = 0; at + piece_size <= len; at++) {
        const struct piece *piece = find_piece(bytes + at);
        if (piece == NULL)
            continue;
        if (last == NULL || at > until) {
            if (last != NULL)
                printf("%s: %zu bytes in %s\n", last->name, until - from, where);
            from = at;
            last = piece;
            finds++;
        }
        until = at + piece_size;
    }
    if (last != NULL)
        printf("%s: %zu bytes in %s\n", last->name, until - from, where);
}

static void look_at_registers(pid_t thread)
{
    static const int kinds[] = {NT_PRSTATUS, VECTOR_REGISTERS};
    static unsigned char registers[REGISTERS_MAX];
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct iovec room = {registers, sizeof(registers)};
        if (ptrace(PTRACE_GETREGSET, thread, (void *)(uintptr_t)kinds[i], (void *)&room) < 0)
            die("registers");
        look(registers, room.iov_len, "registers");
    }
}

static void look_at_mapping(int memory, uint64_t from, uint64_t to, const char *where)
{
    static unsigned char block[BLOCK];
    uint64_t step = BLOCK - PIECE_MAX; /* a piece may lie across two blocks */
    for (uint64_t at = from; at < to && to - at >= piece_size; at += step) {
        size_t len = to - at < BLOCK ? (size_t)(to - at) : BLOCK;
        ssize_t got = pread(memory, block, len, (off_t)at);
        if (got > 0)
            look(block, (size_t)got, where);
    }
}

static void look_at_memory(pid_t pid)
{
    char path[64], line[4096 + 256], where[128] = "";
    char may[8] = "";
    uint64_t from = 0, to = 0;
    snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
    int memory = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof(path), "/proc/%d/smaps", (int)pid);
    FILE *maps = fopen(path, "re");
    if (memory < 0 || maps == NULL)
        die(path);
    while (fgets(line, sizeof(line), maps) != NULL) {
        unsigned long first = 0, end = 0;
        int name = 0;
        char rights[8];
        if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %n", &first, &end, rights, &name) == 3) {
            from = first;
            to = end;
            memcpy(may, rights, sizeof(may));
            snprintf(where, sizeof(where), "%s%.*s", line[name] == '\0' ? "heap" : "",
                     (int)strcspn(line + name, "\n"), line + name);
        } else if (strncmp(line, "VmFlags:", 8) == 0 && may[0] == 'r' && from < INT64_MAX) {
            bool is_hidden = strstr(line, " dd") != NULL;
            if ((hidden || !is_hidden) && (!writable || may[1] == 'w'))
                look_at_mapping(memory, from, to, is_hidden ? "hidden memory" : where);
        }
    }
    fclose(maps);
    close(memory);
}

static size_t stop_threads(pid_t pid, pid_t threads[THREADS_MAX])
{
    char path[64];
    size_t count = 0;
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    if (tasks == NULL)
        die(path);
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL && count < THREADS_MAX;) {
        pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
        int status;
        if (thread == 0)
            continue;
        if (ptrace(PTRACE_SEIZE, thread, NULL, NULL) < 0 ||
            ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) < 0 ||
            waitpid(thread, &status, __WALL) != thread)
            die("cannot stop a thread");
        threads[count++] = thread;
    }
    closedir(tasks);
    return count;
}

static void look_at_process(pid_t pid)
{
    pid_t threads[THREADS_MAX];
    size_t count = stop_threads(pid, threads);
    for (size_t i = 0; i < count; i++)
        look_at_registers(threads[i]);
    look_at_memory(pid);
    for (size_t i = 0; i < count; i++)
        ptrace(PTRACE_DETACH, threads[i], NULL, NULL);
}

int main(int argc, char **argv)
{
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        hidden = hidden || strcmp(argv[at], "--hidden") == 0;
        writable = writable || strcmp(argv[at], "--writable") == 0;
    }
    piece_size = at < argc ? strtoul(argv[at++], NULL, 10) : 0;
    if (piece_size < PIECE_MIN || piece_size > PIECE_MAX || at == argc) {
        fprintf(stderr, "usage: residue [--hidden] [--writable] PIECE_SIZE PID... <VALUES\n");
        return 2;
    }
    read_values();
    for (; at < argc; at++) {
        long pid = strtol(argv[at], NULL, 10);
        if (pid <= 1)
            return 2;
        look_at_process((pid_t)pid);
    }
    return finds > 0;
}
