/* SPDX-License-Identifier: Apache-2.0
 *
 * The socket between the processes of a mount: who may connect, where it lies, and what is no
 * message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/fd.h"
#include "core/macros.h"
#include "fuse/hold/process.h"
#include "tests/support/scratch.h"

#include "core/banned.h"

#define OTHER 65534

static int enter(void **state)
{
    (void)state;
    return sc_scratch_enter();
}

static int leave(void **state)
{
    (void)state;
    return sc_scratch_leave();
}

/* Connects as that user; what the other end says of it. */
static int says_of(uid_t user, struct sc_error *err)
{
    SC_CLEANUP(sc_fd_closep) int listening = -1;
    assert_int_equal(sc_control_listen("socket", &listening, NULL), 0);
    assert_int_equal(chmod("socket", 0777), 0);
    assert_int_equal(chmod(".", 0711), 0);
    pid_t child = fork();
    if (child == 0) {
        int fd = -1;
        _exit(setuid(user) < 0 || sc_control_connect("socket", &fd, NULL) < 0);
    }
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    SC_CLEANUP(sc_fd_closep) int fd = accept(listening, NULL, NULL);
    assert_true(fd >= 0);
    int rc = sc_control_check_peer(fd, err);
    return rc;
}

static void test_peers(void **state)
{
    (void)state;
    struct sc_error err = {0};
    assert_int_equal(says_of(geteuid(), &err), 0);
    if (geteuid() != 0)
        skip();
    assert_int_equal(says_of(OTHER, &err), SC_E_PERM);
    assert_string_equal(sc_error_message(&err), "only root and the mounting user may do that");
}

/* Of an ordinary user; root's place is a fixed one. */
static void test_place(void **state)
{
    (void)state;
    struct sc_error err = {0};
    char here[256], path[512], message[512];
    if (geteuid() != 0)
        skip();
    assert_non_null(getcwd(here, sizeof(here)));
    assert_int_equal(chown(".", OTHER, (gid_t)-1), 0);
    assert_int_equal(setenv("XDG_RUNTIME_DIR", here, 1), 0);
    assert_int_equal(seteuid(OTHER), 0);
    int made = sc_control_path("/mnt", path, sizeof(path), &err);
    int changed = chmod("secretsctl-mounts", 0710);
    int refused = sc_control_path("/mnt", path, sizeof(path), &err);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(made, 0);
    assert_int_equal(changed, 0);
    assert_int_equal(refused, SC_E_PERM);
    snprintf(message, sizeof(message),
             "'%s/secretsctl-mounts' must be a directory of this user with mode 0700", here);
    assert_string_equal(sc_error_message(&err), message);
}

static void test_no_message(void **state)
{
    (void)state;
    struct sc_error err = {0};
    struct sc_message message = {0}, got;
    SC_CLEANUP(sc_fd_closep) int from = -1;
    SC_CLEANUP(sc_fd_closep) int to = -1;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    from = ends[0];
    to = ends[1];
    assert_int_equal(send(from, &message, sizeof(message), 0), sizeof(message));
    assert_int_equal(sc_message_receive(to, 1000, &got, NULL, &err), 0);
    assert_int_equal(send(from, &message, sizeof(message) - 1, 0), sizeof(message) - 1);
    assert_int_equal(sc_message_receive(to, 1000, &got, NULL, &err), SC_E_FORMAT);
    memset(message.text, 'x', sizeof(message.text)); /* without an end */
    assert_int_equal(send(from, &message, sizeof(message), 0), sizeof(message));
    assert_int_equal(sc_message_receive(to, 1000, &got, NULL, &err), SC_E_FORMAT);
    assert_string_equal(sc_error_message(&err), "a message of another version of this program");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_peers, enter, leave),
        cmocka_unit_test_setup_teardown(test_place, enter, leave),
        cmocka_unit_test_setup_teardown(test_no_message, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
