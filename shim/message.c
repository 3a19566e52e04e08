/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines of text without stdio, which would add 30 kB; see shim/shim.h.
 */
#include "shim/shim.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "core/macros.h"

#include "core/banned.h"

/* Longer lines are cut. */
#define LINE_MAX_BYTES 2048

struct line {
    char text[LINE_MAX_BYTES];
    size_t len;
};

static void add(struct line *line, const char *text, size_t n)
{
    n = SC_MIN(n, sizeof(line->text) - 1 - line->len); /* one byte stays for the line end */
    memcpy(line->text + line->len, text, n);
    line->len += n;
}

static void add_all(struct line *line, const char *first, va_list args)
{
    for (const char *text = first; text != NULL; text = va_arg(args, const char *))
        add(line, text, strlen(text));
}

static void flush(struct line *line, int fd, const char *end)
{
    add(line, end, strlen(end));
    for (size_t done = 0; done < line->len;) {
        ssize_t put = write(fd, line->text + done, line->len - done);
        if (put < 0 && errno != EINTR)
            return; /* nobody to tell */
        done += put > 0 ? (size_t)put : 0;
    }
}

void shim_say(const char *first, ...)
{
    struct line line = {.len = 0};
    va_list args;
    add(&line, "secretsctl-shim: ", 17);
    va_start(args, first);
    add_all(&line, first, args);
    va_end(args);
    flush(&line, STDERR_FILENO, "\n");
}

void shim_say_of(struct shim_asker asker, const char *first, ...)
{
    struct line line = {.len = 0};
    va_list args;
    add(&line, "secretsctl-shim: variable '", 27);
    add(&line, asker.name, asker.name_len);
    add(&line, "': ", 3);
    va_start(args, first);
    add_all(&line, first, args);
    va_end(args);
    flush(&line, STDERR_FILENO, "\n");
}

void shim_print(const char *first, ...)
{
    struct line line = {.len = 0};
    va_list args;
    va_start(args, first);
    add_all(&line, first, args);
    va_end(args);
    flush(&line, STDOUT_FILENO, "");
}

const char *shim_number(char buffer[24], unsigned long value, unsigned base)
{
    char *at = buffer + 23;
    *at = '\0';
    do {
        *--at = (char)('0' + value % base);
        value /= base;
    } while (value > 0);
    return at;
}

const char *shim_errno_text(int number)
{
    switch (number) {
    case EACCES:
    case EPERM:
        return "permission denied";
    case ENOENT:
        return "no such file or directory";
    case ENOEXEC:
        return "not a program this kernel can run";
    case E2BIG:
        return "arguments and environment are too long together";
    case ENOTDIR:
        return "a part of the path is not a directory";
    case ELOOP:
        return "too many symbolic links";
    case ENOMEM:
        return "out of memory";
    case ENOSPC:
        return "no space left";
    case EROFS:
        return "the file system is read-only";
    case ETXTBSY:
        return "the file is being written";
    case EISDIR:
        return "it is a directory";
    case EIO:
        return "input/output error";
    case EAGAIN:
        return "too many processes";
    default:
        return "the system refused";
    }
}
