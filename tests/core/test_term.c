/* SPDX-License-Identifier: Apache-2.0
 *
 * The prompt on a pseudo-terminal: nothing typed is echoed, and echo is on again however it ends.
 */
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/term.h"

#include "core/banned.h"

#define OUTPUT_MAX 8192
#define STEP_MS    20000

/* A child that asks on a terminal of its own, and what its terminal showed. */
struct session {
    pid_t pid;
    int master;
    char output[OUTPUT_MAX];
    size_t len;
};

/* In the child: exit status 0 and the value checked, or the code negated. */
static int ask(bool twice, const char *expected)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret line = {0};
    int rc = twice ? sc_term_read_new_secret("New: ", &line, NULL)
                   : sc_term_read_secret("Pass: ", &line, NULL);
    if (rc < 0)
        return -rc;
    return line.len == strlen(expected) && memcmp(line.ptr, expected, line.len) == 0 ? 0 : 99;
}

static struct session start(bool twice, const char *expected)
{
    struct session session = {0};
    session.pid = forkpty(&session.master, NULL, NULL, NULL);
    if (session.pid == 0) {
        signal(SIGINT, SIG_DFL); /* ignored where the tests run in the background */
        signal(SIGQUIT, SIG_DFL);
        _exit(ask(twice, expected));
    }
    assert_true(session.pid > 0);
    return session;
}

static bool has_echo(const struct session *session)
{
    struct termios settings;
    assert_int_equal(tcgetattr(session->master, &settings), 0);
    return (settings.c_lflag & ECHO) != 0;
}

/* Reads until the text was shown. */
static void expect(struct session *session, const char *text)
{
    alarm(STEP_MS / 1000);
    while (memmem(session->output, session->len, text, strlen(text)) == NULL) {
        ssize_t got = read(session->master, session->output + session->len,
                           sizeof(session->output) - session->len);
        if (got <= 0)
            fail_msg("the terminal never showed '%s'", text);
        session->len += (size_t)got;
    }
    alarm(0);
}

static void type(const struct session *session, const char *text)
{
    assert_int_equal(write(session->master, text, strlen(text)), strlen(text));
}

/* Reads to the end of the terminal, which is the end of the child, and returns its wait status. */
static int finish(struct session *session)
{
    for (ssize_t got = 1; got > 0 && session->len < sizeof(session->output);) {
        got = read(session->master, session->output + session->len,
                   sizeof(session->output) - session->len);
        session->len += got > 0 ? (size_t)got : 0;
    }
    int status = 0;
    assert_int_equal(waitpid(session->pid, &status, 0), session->pid);
    assert_true(has_echo(session));
    close(session->master);
    return status;
}

static bool showed(const struct session *session, const char *text)
{
    return memmem(session->output, session->len, text, strlen(text)) != NULL;
}

/* The line discipline flushes typed text when echo changes: wait until the prompt is silent. */
static void wait_until_silent(const struct session *session)
{
    for (int i = 0; has_echo(session); i++) {
        assert_in_range(i, 0, STEP_MS);
        usleep(1000);
    }
}

static void test_a_line_is_read_and_not_shown(void **state)
{
    (void)state;
    struct session session = start(false, "correct horse");
    expect(&session, "Pass: ");
    wait_until_silent(&session);
    type(&session, "correct horse\n");
    assert_int_equal(finish(&session), 0);
    assert_false(showed(&session, "correct"));
}

static void test_twice_and_different(void **state)
{
    (void)state;
    struct session session = start(true, "abc");
    expect(&session, "New: ");
    type(&session, "abc\n");
    expect(&session, "Once more: ");
    type(&session, "abd\n");
    int status = finish(&session);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), -SC_E_FAILED);
    assert_false(showed(&session, "ab"));
}

static void test_end_of_file_cancels(void **state)
{
    (void)state;
    struct session session = start(false, "");
    expect(&session, "Pass: ");
    wait_until_silent(&session);
    type(&session, "\x04");
    int status = finish(&session);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), -SC_E_CANCELLED);
}

/* The settings outlive the child because the test keeps the other side open. */
static void test_interrupt_restores_echo_and_kills(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        int number;
    } keys[] = {{"\x03", SIGINT}, {"\x1c", SIGQUIT}};
    for (size_t i = 0; i < SC_ARRAY_SIZE(keys); i++) {
        struct session session = start(false, "");
        expect(&session, "Pass: ");
        wait_until_silent(&session);
        type(&session, "half a pass");
        type(&session, keys[i].key);
        int status = 0;
        assert_int_equal(waitpid(session.pid, &status, 0), session.pid);
        assert_true(has_echo(&session));
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), keys[i].number);
        close(session.master);
    }
}

static void test_terminate_restores_echo(void **state)
{
    (void)state;
    struct session session = start(false, "");
    expect(&session, "Pass: ");
    wait_until_silent(&session);
    assert_int_equal(kill(session.pid, SIGTERM), 0);
    int status = 0;
    assert_int_equal(waitpid(session.pid, &status, 0), session.pid);
    assert_true(has_echo(&session));
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    close(session.master);
}

/* ^Z: echo on while stopped, and the prompt again afterwards. */
static void test_stop_and_continue(void **state)
{
    (void)state;
    struct session session = start(false, "after the break");
    expect(&session, "Pass: ");
    wait_until_silent(&session);
    /* The child leads an orphaned process group, where the terminal's own ^Z is ignored. */
    assert_int_equal(kill(session.pid, SIGSTOP), 0);
    int status = 0;
    assert_int_equal(waitpid(session.pid, &status, WUNTRACED), session.pid);
    assert_true(WIFSTOPPED(status));
    assert_int_equal(kill(session.pid, SIGCONT), 0);
    type(&session, "after the break\n");
    assert_int_equal(finish(&session), 0);
    assert_false(showed(&session, "after"));
}

static void test_without_a_terminal(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        setsid(); /* a new session has no terminal */
        struct sc_error err = {0};
        SC_CLEANUP(sc_secret_done) struct sc_secret line = {0};
        bool right = !sc_term_available() &&
                     sc_term_read_secret("Pass: ", &line, &err) == SC_E_UNSUPPORTED &&
                     strcmp(err.message, "there is no terminal to ask on") == 0;
        _exit(right ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_is_read_and_not_shown),
        cmocka_unit_test(test_twice_and_different),
        cmocka_unit_test(test_end_of_file_cancels),
        cmocka_unit_test(test_interrupt_restores_echo_and_kills),
        cmocka_unit_test(test_terminate_restores_echo),
        cmocka_unit_test(test_stop_and_continue),
        cmocka_unit_test(test_without_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
