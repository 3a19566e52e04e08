/* SPDX-License-Identifier: Apache-2.0
 *
 * The terminal prompt; see core/term.h. The way with signals is OpenBSD's readpassphrase(3): note
 * what arrives, restore the terminal, restore the handlers, then raise the signal again.
 */
#include "core/term.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "core/fd.h"

#include "core/banned.h"

/* What every terminal since xterm understands; the caller looks at TERM. */
#define ALTERNATE_SCREEN "\033[?1049h"
#define NORMAL_SCREEN    "\033[?1049l"
#define CLEAR_SCREEN     "\033[H\033[2J"

static const int caught_signals[] = {SIGALRM, SIGHUP,  SIGINT,  SIGPIPE, SIGQUIT,
                                     SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU};

/* A signal handler can reach nothing but a static variable. */
static volatile sig_atomic_t pending[NSIG];

static void note_signal(int number)
{
    pending[number] = 1;
}

bool sc_term_available(void)
{
    SC_CLEANUP(sc_fd_closep) int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    return tty >= 0;
}

/* What install_handlers() changed. */
struct signals {
    struct sigaction actions[SC_ARRAY_SIZE(caught_signals)];
    sigset_t mask;
};

/* Signals are let in only while waiting for input, so that none slips in just before the wait and
 * is forgotten by it. Those the terminal sends to the background stay open: they stop reads and
 * settings. */
static void install_handlers(struct signals *saved)
{
    struct sigaction action = {.sa_handler = note_signal}; /* no SA_RESTART: read(2) must return */
    sigset_t blocked;
    sigemptyset(&action.sa_mask);
    sigemptyset(&blocked);
    for (size_t i = 0; i < SC_ARRAY_SIZE(caught_signals); i++) {
        int number = caught_signals[i];
        if (number != SIGTTIN && number != SIGTTOU)
            sigaddset(&blocked, number);
    }
    pthread_sigmask(SIG_BLOCK, &blocked, &saved->mask);
    for (size_t i = 0; i < SC_ARRAY_SIZE(caught_signals); i++) {
        pending[caught_signals[i]] = 0;
        sigaction(caught_signals[i], &action, &saved->actions[i]);
    }
}

/* Puts the handlers back and delivers what came meanwhile. True if the process was stopped by it.
 */
static bool restore_handlers(const struct signals *saved)
{
    bool stopped = false;
    for (size_t i = 0; i < SC_ARRAY_SIZE(caught_signals); i++)
        sigaction(caught_signals[i], &saved->actions[i], NULL);
    pthread_sigmask(SIG_SETMASK, &saved->mask, NULL);
    for (size_t i = 0; i < SC_ARRAY_SIZE(caught_signals); i++) {
        int number = caught_signals[i];
        if (!pending[number])
            continue;
        kill(getpid(), number);
        stopped = stopped || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
    }
    return stopped;
}

/* One byte, *ret_got 0 at the end of file. */
static int read_byte(int tty, const sigset_t *mask, unsigned char *ret, size_t *ret_got,
                     struct sc_error *err)
{
    struct pollfd wait = {.fd = tty, .events = POLLIN};
    ssize_t got = ppoll(&wait, 1, NULL, mask);
    if (got >= 0)
        got = read(tty, ret, 1);
    if (got < 0 && errno == EINTR)
        return sc_fail(err, SC_E_CANCELLED, "cancelled");
    if (got < 0)
        return sc_fail_errno(err, "cannot read from the terminal");
    *ret_got = (size_t)got;
    return 0;
}

/* Byte by byte, so that nothing after the line end is swallowed. */
static int read_line(int tty, const sigset_t *mask, struct sc_secret *ret, struct sc_error *err)
{
    unsigned char *line = NULL;
    int rc = sc_secret_resize(ret, SC_TERM_LINE_MAX, &line, err);
    if (rc < 0)
        return rc;
    size_t len = 0;
    for (;;) {
        unsigned char c = 0;
        size_t got = 0;
        rc = read_byte(tty, mask, &c, &got, err);
        if (rc < 0)
            return rc;
        if (got == 0 && len == 0)
            return sc_fail(err, SC_E_CANCELLED, "nothing was entered");
        if (got == 0 || c == '\n' || c == '\r')
            break;
        if (len == SC_TERM_LINE_MAX)
            return sc_fail(err, SC_E_TOOBIG, "the line is longer than %zu bytes", SC_TERM_LINE_MAX);
        line[len++] = c;
        sc_wipe(&c, 1);
    }
    sc_secret_truncate(ret, len);
    return 0;
}

/* What is written before the line is read, in this order, and after it. */
struct question {
    const char *before;
    const struct sc_secret *shown; /* or NULL */
    const char *prompt;
    const char *after;
};

static int write_question(int tty, const struct question *question, struct sc_error *err)
{
    int rc = sc_fd_write_all(tty, question->before, strlen(question->before), err);
    if (rc == 0 && question->shown != NULL)
        rc = sc_secret_write_fd(question->shown, tty, err);
    return rc < 0 ? rc : sc_fd_write_all(tty, question->prompt, strlen(question->prompt), err);
}

/* One attempt; *ret_again when the process was stopped and continued, and the prompt must return.
 */
static int ask_once(int tty, const struct question *question, struct sc_secret *ret,
                    bool *ret_again, struct sc_error *err)
{
    struct termios before;
    if (tcgetattr(tty, &before) < 0)
        return sc_fail_errno(err, "cannot control the terminal");
    struct signals saved;
    install_handlers(&saved);
    struct termios silent = before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    int rc = 0;
    if (tcsetattr(tty, TCSAFLUSH, &silent) < 0)
        rc = errno == EINTR ? sc_fail(err, SC_E_CANCELLED, "cancelled") /* in the background */
                            : sc_fail_errno(err, "cannot switch the terminal's echo off");
    if (rc == 0) {
        rc = write_question(tty, question, err);
        if (rc == 0)
            rc = read_line(tty, &saved.mask, ret, err);
        SC_IGNORE(sc_fd_write_all(tty, question->after, strlen(question->after), NULL) < 0);
    }
    while (tcsetattr(tty, TCSAFLUSH, &before) < 0 && errno == EINTR && !pending[SIGTTOU])
        ;
    *ret_again = restore_handlers(&saved);
    return rc;
}

static int ask(const struct question *question, struct sc_secret *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0)
        return sc_fail(err, SC_E_UNSUPPORTED, "there is no terminal to ask on");
    SC_CLEANUP(sc_secret_done) struct sc_secret line = {0};
    bool again = false;
    int rc = 0;
    do {
        rc = ask_once(tty, question, &line, &again, err);
    } while (rc == SC_E_CANCELLED && again);
    if (rc == 0)
        sc_secret_move(ret, &line);
    return rc;
}

int sc_term_read_secret(const char *prompt, struct sc_secret *ret, struct sc_error *err)
{
    const struct question question = {.before = "", .prompt = prompt, .after = "\n"};
    return ask(&question, ret, err);
}

int sc_term_show_secret(const struct sc_secret *value, const char *prompt, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret answer = {0};
    const struct question question = {.before = ALTERNATE_SCREEN CLEAR_SCREEN,
                                      .shown = value,
                                      .prompt = prompt,
                                      .after = CLEAR_SCREEN NORMAL_SCREEN};
    int rc = ask(&question, &answer, err);
    /* End of file is as good as Enter; a signal was delivered again and ended the program. */
    return rc == SC_E_CANCELLED ? 0 : rc;
}

int sc_term_read_new_secret(const char *prompt, struct sc_secret *ret, struct sc_error *err)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret first = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret second = {0};
    int rc = sc_term_read_secret(prompt, &first, err);
    if (rc == 0)
        rc = sc_term_read_secret("Once more: ", &second, err);
    if (rc < 0)
        return rc;
    if (!sc_secret_equal(&first, &second))
        return sc_fail(err, SC_E_FAILED, "the two entries differ");
    sc_secret_move(ret, &first);
    return 0;
}
