/* SPDX-License-Identifier: Apache-2.0
 *
 * The error object; see core/error.h for the contract.
 */
#include "core/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/banned.h"

struct error_entry {
    const char *text;
    int exit_status;
};

static const struct error_entry error_table[SC_ERROR_INDEX_MAX] = {
    [SC_ERROR_INDEX_OK] = {"", 0},
#define SC_ERROR(code_name, status, default_text)                                                  \
    [SC_ERROR_INDEX_##code_name] = {default_text, status},
#include "core/error.def"
#undef SC_ERROR
};

static const struct error_entry *entry_of(int code)
{
    if (code > 0 || code <= -SC_ERROR_INDEX_MAX)
        code = SC_E_BUG;
    return &error_table[-code];
}

/* Marks text that did not fit, so that a cut message is seen to be cut. */
static void mark_truncation(char *text, size_t size, int wanted)
{
    if (wanted >= 0 && (size_t)wanted >= size)
        memcpy(text + size - 4, "...", 4);
}

SC_PRINTF(2, 0)
static void format_message(struct sc_error *err, const char *fmt, va_list args)
{
    int wanted = vsnprintf(err->message, sizeof(err->message), fmt, args);
    mark_truncation(err->message, sizeof(err->message), wanted);
}

int sc_fail(struct sc_error *err, int code, const char *fmt, ...)
{
    if (err == NULL)
        return code;
    err->code = code;
    err->saved_errno = 0;
    va_list args;
    va_start(args, fmt);
    format_message(err, fmt, args);
    va_end(args);
    return code;
}

static int code_of_errno(int saved)
{
    switch (saved) {
    case EACCES:
    case EPERM:
    case EROFS:
        return SC_E_PERM;
    case ENOENT:
    case ENOTDIR:
        return SC_E_NOTFOUND;
    case EEXIST:
        return SC_E_EXISTS;
    case ENOMEM:
        return SC_E_NOMEM;
    case ENOSPC:
    case EDQUOT:
        return SC_E_NOSPACE;
    case ENOSYS:
    case EOPNOTSUPP:
        return SC_E_UNSUPPORTED;
    default:
        return SC_E_IO;
    }
}

int sc_fail_errno(struct sc_error *err, const char *fmt, ...)
{
    int saved = errno;
    int code = code_of_errno(saved);
    if (err == NULL)
        return code;
    err->code = code;
    err->saved_errno = saved;
    va_list args;
    va_start(args, fmt);
    format_message(err, fmt, args);
    va_end(args);
    size_t used = strlen(err->message);
    if (sizeof(err->message) - used <= 4)
        return code;
    /* The same words wherever memory is wanting. */
    const char *reason = saved == ENOMEM ? "out of memory" : strerrordesc_np(saved);
    int wanted = snprintf(err->message + used, sizeof(err->message) - used, ": %s",
                          reason != NULL ? reason : "unknown error");
    mark_truncation(err->message + used, sizeof(err->message) - used, wanted);
    return code;
}

int sc_wrap(struct sc_error *err, int code, const char *fmt, ...)
{
    if (err == NULL)
        return code;
    char inner[SC_ERROR_MESSAGE_MAX];
    const char *message = sc_error_message(err);
    memcpy(inner, message, strlen(message) + 1);
    err->code = code;
    va_list args;
    va_start(args, fmt);
    format_message(err, fmt, args);
    va_end(args);
    size_t used = strlen(err->message);
    size_t room = sizeof(err->message) - used;
    if (room > 4) {
        int wanted = snprintf(err->message + used, room, ": %s", inner);
        mark_truncation(err->message + used, room, wanted);
    }
    return code;
}

int sc_fail_nomem(struct sc_error *err)
{
    return sc_fail(err, SC_E_NOMEM, "out of memory");
}

void sc_error_clear(struct sc_error *err)
{
    if (err != NULL)
        *err = (struct sc_error){0};
}

int sc_error_exit_status(int code)
{
    return entry_of(code)->exit_status;
}

static const char *text_of(int code)
{
    return entry_of(code)->text;
}

const char *sc_error_message(const struct sc_error *err)
{
    return err->message[0] != '\0' ? err->message : text_of(err->code);
}
