/* SPDX-License-Identifier: Apache-2.0
 *
 * The keeper's clients: the agent, and commands that come and go; see fuse/hold/keeper.h.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/fd.h"
#include "fuse/hold/keeper.h"
#include "fuse/hold/mount.h"
#include "fuse/hold/notify.h"

#include "core/banned.h"

static void close_client(struct sc_keeper *keeper, struct sc_keeper_client *client)
{
    close(client->fd);
    if (client->agent)
        atomic_store(&keeper->journal->agent_pid, 0);
    *client = (struct sc_keeper_client){.fd = -1};
}

static void send_error(struct sc_keeper_client *client, const struct sc_error *err)
{
    struct sc_message message = {.kind = SC_MESSAGE_FAILED, .code = err->code};
    snprintf(message.text, sizeof(message.text), "%s", sc_error_message(err));
    SC_IGNORE(sc_message_send(client->fd, &message, NULL, NULL)); /* it has gone: nobody to tell */
}

static void send_kind(struct sc_keeper_client *client, enum sc_message_kind kind)
{
    const struct sc_message message = {.kind = kind};
    SC_IGNORE(sc_message_send(client->fd, &message, NULL, NULL));
}

void sc_keeper_add_client(struct sc_keeper *keeper, int fd, bool agent, bool waits)
{
    for (size_t i = 0; i < SC_KEEPER_CLIENTS; i++) {
        if (keeper->clients[i].fd >= 0)
            continue;
        keeper->clients[i] = (struct sc_keeper_client){.fd = fd, .agent = agent, .waits = waits};
        return;
    }
    close(fd);
}

void sc_keeper_answer(struct sc_keeper *keeper, const struct sc_error *err)
{
    for (size_t i = 0; i < SC_KEEPER_CLIENTS; i++) {
        struct sc_keeper_client *client = &keeper->clients[i];
        if (client->fd < 0 || !client->waits)
            continue;
        client->waits = false;
        if (err != NULL)
            send_error(client, err);
        else
            send_kind(client, SC_MESSAGE_READY);
    }
}

void sc_keeper_accept(struct sc_keeper *keeper)
{
    int fd = accept4(keeper->fds.fd[SC_HOLD_LISTEN], NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (sc_control_check_peer(fd, NULL) < 0)
        close(fd);
    else
        sc_keeper_add_client(keeper, fd, false, false);
}

static void hand_out(struct sc_keeper *keeper, struct sc_keeper_client *client)
{
    const int fds[SC_MESSAGE_FDS] = {keeper->fds.fd[SC_HOLD_JOURNAL], keeper->fds.fd[SC_HOLD_STORE],
                                     keeper->fds.fd[SC_HOLD_BELL]};
    const struct sc_message message = {.kind = SC_MESSAGE_READY, .fd_count = SC_MESSAGE_FDS};
    SC_IGNORE(sc_message_send(client->fd, &message, fds, NULL));
}

static void attach(struct sc_keeper *keeper, struct sc_keeper_client *client,
                   const struct sc_message *message)
{
    struct sc_error err = {0};
    for (size_t i = 0; i < SC_KEEPER_CLIENTS; i++) {
        if (keeper->clients[i].fd >= 0 && keeper->clients[i].agent &&
            &keeper->clients[i] != client) {
            SC_IGNORE(sc_fail(&err, SC_E_BUSY, "'%s' is mounted already; see: secretsctl umount",
                              keeper->journal->directory));
            send_error(client, &err);
            return;
        }
    }
    client->agent = true;
    atomic_store(&keeper->journal->agent_pid, message->value);
    hand_out(keeper, client);
}

/* A worker on other memory or of another program: the client hears when it serves. */
static void replace_worker(struct sc_keeper *keeper, struct sc_keeper_client *client)
{
    struct sc_error err = {0};
    client->waits = true;
    if (sc_keeper_start_worker(keeper, &err) == 0)
        return;
    keeper->next[0] = '\0';
    sc_keeper_answer(keeper, &err);
}

static void change_store(struct sc_keeper *keeper, int store_fd)
{
    struct sc_hold_fds old = SC_HOLD_FDS_NONE;
    old.fd[SC_HOLD_STORE] = keeper->fds.fd[SC_HOLD_STORE];
    keeper->fds.fd[SC_HOLD_STORE] = store_fd;
    sc_notify_store(&keeper->fds);
    if (!sc_fd_same_file(store_fd, old.fd[SC_HOLD_STORE])) /* not told a second time */
        sc_notify_forget(&old);
    close(old.fd[SC_HOLD_STORE]);
}

static void unmount(struct sc_keeper *keeper, struct sc_keeper_client *client, bool force)
{
    struct sc_error err = {0};
    bool was_ended = keeper->ended;
    keeper->ended = true; /* workers that leave now are not replaced */
    if (sc_mount_close(keeper->journal->directory, force, &err) < 0) {
        keeper->ended = was_ended;
        send_error(client, &err);
        return;
    }
    sc_keeper_stop_workers(keeper);
    send_kind(client, SC_MESSAGE_DONE);
}

void sc_keeper_client_message(struct sc_keeper *keeper, struct sc_keeper_client *client)
{
    struct sc_message message;
    int fds[SC_MESSAGE_FDS];
    if (sc_message_receive(client->fd, 0, &message, fds, NULL) < 0) {
        close_client(keeper, client);
        return;
    }
    switch (message.kind) {
    case SC_MESSAGE_ATTACH:
        attach(keeper, client, &message);
        break;
    case SC_MESSAGE_LOOK:
        hand_out(keeper, client);
        break;
    case SC_MESSAGE_STORE:
        if (client->agent && fds[0] >= 0) {
            change_store(keeper, SC_TAKE_FD(fds[0]));
            replace_worker(keeper, client);
        }
        break;
    case SC_MESSAGE_UPGRADE:
        snprintf(keeper->next, sizeof(keeper->next), "%s", message.text);
        replace_worker(keeper, client);
        break;
    case SC_MESSAGE_UNMOUNT:
        unmount(keeper, client, message.value != 0);
        break;
    default:
        close_client(keeper, client);
        break;
    }
    for (size_t i = 0; i < SC_MESSAGE_FDS; i++)
        sc_fd_closep(&fds[i]);
}
