/* SPDX-License-Identifier: Apache-2.0
 *
 * The agent: what it holds and for how long, on a clock of the test's own; what it answers to
 * nonsense; and how its messages are read.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/fd.h"
#include "tests/support/fail_alloc.h"
#include "vault/agent/client.h"
#include "vault/agent/ring.h"
#include "vault/agent/server.h"

#include "core/banned.h"

/* Seconds the clocks are ahead; shared with the agent's process. */
static volatile struct {
    int64_t awake, asleep;
} * shift;

/* The C library's name of the function; another one where its first had too few bits for a time. */
#if __SIZEOF_LONG__ == 4
#define CLOCK "__clock_gettime64"
#else
#define CLOCK "clock_gettime"
#endif
int __real_clock_gettime(clockid_t clock, struct timespec *now) __asm__("__real_" CLOCK);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now) __asm__("__wrap_" CLOCK);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    int rc = __real_clock_gettime(clock, now);
    if (shift != NULL && (clock == CLOCK_BOOTTIME || clock == CLOCK_MONOTONIC))
        now->tv_sec += (time_t)(shift->awake + (clock == CLOCK_BOOTTIME ? shift->asleep : 0));
    return rc;
}

static const unsigned char id_a[SC_AGENT_ID_SIZE] = "vault a", id_b[SC_AGENT_ID_SIZE] = "vault b";

static struct {
    char folder[64];
    char path[128];
    pid_t pid;
} server;

static int start_server(void **state)
{
    (void)state;
    struct sc_error err = {0};
    const struct sc_agent_limits limits = {.seconds = 100, .allow_unlocked = true};
    int fd = -1;
    void *page =
        mmap(NULL, sizeof(*shift), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    snprintf(server.folder, sizeof(server.folder), "/tmp/secretsctl-agent-XXXXXX");
    if (page == MAP_FAILED || mkdtemp(server.folder) == NULL)
        return -1;
    shift = page;
    snprintf(server.path, sizeof(server.path), "%s/d/agent.sock", server.folder);
    if (sc_agent_listen(server.path, &fd, &err) < 0)
        return -1;
    server.pid = fork();
    if (server.pid == 0)
        _exit(sc_error_exit_status(sc_agent_serve(fd, &limits, &err)));
    close(fd);
    return server.pid > 0 ? 0 : -1;
}

static int stop_server(void **state)
{
    (void)state;
    int status = -1;
    char folder[128];
    kill(server.pid, SIGTERM);
    waitpid(server.pid, &status, 0);
    unlink(server.path);
    snprintf(folder, sizeof(folder), "%s/d", server.folder);
    return status == 0 && rmdir(folder) == 0 && rmdir(server.folder) == 0 ? 0 : -1;
}

static int put(const unsigned char *id, const char *text, uint32_t seconds)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret secret = {0};
    assert_int_equal(sc_secret_append(&secret, text, strlen(text), NULL), 0);
    return sc_agent_put(server.path, id, &secret, seconds, NULL);
}

static bool holds(const unsigned char *id, const char *text)
{
    SC_CLEANUP(sc_secret_done) struct sc_secret secret = {0};
    int rc = sc_agent_get(server.path, id, &secret, NULL);
    assert_true(rc == 0 || rc == SC_E_NOTFOUND);
    return rc == 0 && secret.len == strlen(text) && memcmp(secret.ptr, text, secret.len) == 0;
}

static void test_put_get_lock(void **state)
{
    (void)state;
    struct sc_agent_list list;
    struct stat st;
    assert_int_equal(stat(server.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_false(holds(id_a, "A"));
    assert_int_equal(put(id_a, "A", 0), 0);
    assert_int_equal(put(id_b, "B", 10), 0);
    assert_true(holds(id_a, "A") && holds(id_b, "B"));
    assert_int_equal(put(id_a, "another A", 0), 0);
    assert_true(holds(id_a, "another A"));
    assert_int_equal(sc_agent_list(server.path, &list, NULL), 0);
    assert_int_equal(list.count, 2);
    assert_in_range(list.items[0].seconds, 98, 100);
    assert_in_range(list.items[1].seconds, 8, 10);
    assert_int_equal(sc_agent_lock(server.path, id_a, NULL), 0);
    assert_int_equal(sc_agent_lock(server.path, id_a, NULL), 0);
    assert_false(holds(id_a, "another A"));
    assert_true(holds(id_b, "B"));
    assert_int_equal(sc_agent_lock(server.path, NULL, NULL), 0);
    assert_false(holds(id_b, "B"));
}

static void test_time_is_over(void **state)
{
    (void)state;
    assert_int_equal(put(id_a, "A", 10), 0);
    assert_int_equal(put(id_b, "B", 100000), 0); /* more than the agent allows */
    shift->awake += 8;
    assert_true(holds(id_a, "A"));
    shift->awake += 3;
    assert_false(holds(id_a, "A"));
    assert_true(holds(id_b, "B"));
    shift->awake += 100;
    assert_false(holds(id_b, "B"));
}

static void test_suspended_machine(void **state)
{
    (void)state;
    assert_int_equal(put(id_a, "A", 0), 0);
    shift->asleep += 1;
    assert_false(holds(id_a, "A"));
    assert_int_equal(put(id_a, "A", 0), 0);
    assert_true(holds(id_a, "A"));
    assert_int_equal(sc_agent_lock(server.path, NULL, NULL), 0);
}

static void test_signal_locks(void **state)
{
    (void)state;
    assert_int_equal(put(id_a, "A", 0), 0);
    assert_int_equal(kill(server.pid, SIGUSR1), 0);
    for (int i = 0; holds(id_a, "A"); i++) {
        assert_in_range(i, 0, 1000);
        usleep(1000);
    }
}

static void test_full(void **state)
{
    (void)state;
    unsigned char id[SC_AGENT_ID_SIZE] = {0};
    for (unsigned char i = 0; i < SC_AGENT_VAULTS_MAX; i++) {
        id[0] = i;
        assert_int_equal(put(id, "x", 0), 0);
    }
    assert_int_equal(put(id_a, "A", 0), SC_E_FAILED);
    assert_int_equal(put(id, "y", 0), 0); /* replacing needs no room */
    SC_CLEANUP(sc_secret_done) struct sc_secret big = {0};
    unsigned char *bytes = NULL;
    assert_int_equal(sc_secret_resize(&big, SC_AGENT_IDENTITY_MAX, &bytes, NULL), 0);
    assert_int_equal(sc_agent_put(server.path, id, &big, 0, NULL), 0);
    assert_int_equal(sc_secret_resize(&big, SC_AGENT_IDENTITY_MAX + 1, &bytes, NULL), 0);
    assert_int_equal(sc_agent_put(server.path, id, &big, 0, NULL), SC_E_TOOBIG);
    assert_int_equal(sc_agent_lock(server.path, NULL, NULL), 0);
}

/* Connects, sends what is given (or only looks) and returns the status of the reply, -1 for none.
 */
static int talk(const void *data, size_t len)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    unsigned char reply[64];
    memcpy(address.sun_path, server.path, strlen(server.path) + 1);
    SC_CLEANUP(sc_fd_closep) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    if (len == 0)
        return -1;
    assert_int_equal(send(fd, data, len, MSG_NOSIGNAL), len);
    return recv(fd, reply, sizeof(reply), 0) >= 8 ? reply[4] : -1;
}

static void test_nonsense(void **state)
{
    (void)state;
    static unsigned char message[SC_AGENT_MESSAGE_MAX + 100] = "SCQ1";
    assert_int_equal(put(id_a, "A", 0), 0);
    assert_int_equal(talk("x", 1), SC_AGENT_REFUSED);
    assert_int_equal(talk(message, 27), SC_AGENT_REFUSED); /* cut */
    assert_int_equal(talk(message, 28), SC_AGENT_REFUSED); /* no operation */
    message[4] = SC_AGENT_READ + 1;
    assert_int_equal(talk(message, 28), SC_AGENT_REFUSED);
    message[4] = SC_AGENT_GET;
    assert_int_equal(talk(message, 28), SC_AGENT_ABSENT);
    assert_int_equal(talk(message, 29), SC_AGENT_REFUSED); /* a payload where none belongs */
    message[4] = SC_AGENT_PUT;
    assert_int_equal(talk(message, 28), SC_AGENT_REFUSED);
    assert_int_equal(talk(message, sizeof(message)), SC_AGENT_REFUSED);
    message[4] = SC_AGENT_READ;
    assert_int_equal(talk(message, 28), SC_AGENT_REFUSED);
    assert_int_equal(talk(message, 28 + 24 + 2), SC_AGENT_REFUSED); /* no path */
    message[28 + 24] = '/';
    assert_int_equal(talk(message, 28 + 24 + 2), SC_AGENT_REFUSED);   /* no name */
    assert_int_equal(talk(message, 28 + 24 + 4), SC_AGENT_REFUSED);   /* and something more */
    assert_int_equal(talk(message, 28 + 24 + 3), SC_AGENT_ELSEWHERE); /* "/" is no vault */
    message[7] = 1;
    assert_int_equal(talk(message, 29), SC_AGENT_REFUSED);
    assert_int_equal(talk(NULL, 0), -1); /* connects and goes away */
    assert_true(holds(id_a, "A"));
    assert_int_equal(sc_agent_lock(server.path, NULL, NULL), 0);
}

static void test_wanted_and_value(void **state)
{
    (void)state;
    SC_CLEANUP(sc_secret_done) struct sc_secret bytes = {0};
    const struct sc_agent_wanted wanted = {
        .dev = 1, .ino = UINT64_MAX, .version = 3, .path = "/v.db", .name = "shop/db"};
    struct sc_agent_wanted got;
    assert_int_equal(sc_agent_wanted_write(&wanted, &bytes, NULL), 0);
    assert_true(sc_agent_wanted_read(sc_secret_view(&bytes), &got));
    assert_true(got.dev == 1 && got.ino == UINT64_MAX && got.version == 3);
    assert_string_equal(got.path, "/v.db");
    assert_string_equal(got.name, "shop/db");
    for (size_t len = 0; len < bytes.len; len++)
        assert_false(sc_agent_wanted_read((struct sc_bytes){bytes.ptr, len}, &got));

    const struct sc_agent_value value = {
        .id = "id", .seq = 7, .kind = 2, .value = {(const unsigned char *)"v", 1}};
    struct sc_agent_value read;
    sc_secret_truncate(&bytes, 0);
    assert_int_equal(sc_agent_value_write(&value, &bytes, NULL), 0);
    assert_true(sc_agent_value_read(sc_secret_view(&bytes), &read));
    assert_true(read.seq == 7 && read.kind == 2 && read.value.len == 1 && read.value.ptr[0] == 'v');
    assert_memory_equal(read.id, value.id, sizeof(read.id));
    assert_false(sc_agent_value_read((struct sc_bytes){bytes.ptr, bytes.len - 2}, &read));
}

static void test_second_agent_is_refused(void **state)
{
    (void)state;
    struct sc_error err = {0};
    int fd = -1;
    assert_int_equal(sc_agent_listen(server.path, &fd, &err), SC_E_BUSY);
    assert_int_equal(fd, -1);
}

static void test_no_agent(void **state)
{
    (void)state;
    struct sc_error err = {0};
    SC_CLEANUP(sc_secret_done) struct sc_secret secret = {0};
    assert_int_equal(sc_agent_get("/tmp/none/agent.sock", id_a, &secret, &err), SC_E_NOTFOUND);
    assert_string_equal(err.message, "no agent is running");
    /* A socket left behind by a dead agent is replaced. */
    char path[160];
    int fd = -1;
    snprintf(path, sizeof(path), "%s/d/dead.sock", server.folder);
    assert_int_equal(sc_agent_listen(path, &fd, &err), 0);
    close(fd);
    assert_int_equal(sc_agent_get(path, id_a, &secret, &err), SC_E_NOTFOUND);
    assert_int_equal(sc_agent_listen(path, &fd, &err), 0);
    close(fd);
    assert_int_equal(unlink(path), 0);
}

static void test_directory_of_others(void **state)
{
    (void)state;
    struct sc_error err = {0};
    char folder[160], path[160];
    int fd = -1;
    snprintf(folder, sizeof(folder), "%s/d", server.folder);
    snprintf(path, sizeof(path), "%s/d/x.sock", server.folder);
    assert_int_equal(chmod(folder, 0750), 0);
    assert_int_equal(sc_agent_listen(path, &fd, &err), SC_E_PERM);
    assert_int_equal(chmod(folder, 0700), 0);
    if (geteuid() != 0)
        return;
    char message[256];
    assert_int_equal(chown(folder, 65534, (gid_t)-1), 0);
    assert_int_equal(sc_agent_listen(path, &fd, &err), SC_E_PERM);
    snprintf(message, sizeof(message), "'%s' must be a directory of your own with mode 0700",
             folder);
    assert_string_equal(sc_error_message(&err), message);
    assert_int_equal(chown(folder, 0, (gid_t)-1), 0);
}

static int fill_ring(void *ctx)
{
    (void)ctx;
    static struct sc_agent_ring ring;
    struct sc_bytes text = {(const unsigned char *)"text", 4};
    int rc = sc_agent_ring_put(&ring, id_a, text, 10, NULL);
    if (rc == 0)
        rc = sc_agent_ring_put(&ring, id_b, text, 20, NULL);
    if (rc == 0) {
        assert_int_equal(sc_agent_ring_next(&ring), 10);
        sc_agent_ring_expire(&ring, 10);
        assert_null(sc_agent_ring_get(&ring, id_a));
        assert_non_null(sc_agent_ring_get(&ring, id_b));
        assert_true(sc_agent_ring_remove(&ring, id_b));
        assert_false(sc_agent_ring_remove(&ring, id_b));
        assert_int_equal(sc_agent_ring_next(&ring), -1);
    }
    sc_agent_ring_clear(&ring);
    assert_int_equal(ring.count, 0);
    return rc;
}

static void test_ring(void **state)
{
    (void)state;
    assert_in_range(sc_fail_alloc_each(fill_ring, NULL), 1, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_get_lock),
        cmocka_unit_test(test_time_is_over),
        cmocka_unit_test(test_suspended_machine),
        cmocka_unit_test(test_signal_locks),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_wanted_and_value),
        cmocka_unit_test(test_second_agent_is_refused),
        cmocka_unit_test(test_no_agent),
        cmocka_unit_test(test_directory_of_others),
        cmocka_unit_test(test_ring),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
