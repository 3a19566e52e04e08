/* SPDX-License-Identifier: Apache-2.0
 *
 * Waits for a file to change: watcher epoll|inotify FILE. Prints "ready" when it waits, then the
 * milliseconds since the epoch at which it was woken; exit status 1 after 10 seconds of nothing.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 60000

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int fd = -1;
    struct epoll_event event = {0};
    if (strcmp(argv[1], "epoll") == 0) {
        fd = open(argv[2], O_RDONLY | O_CLOEXEC);
        event.events = EPOLLPRI | EPOLLET;
    } else {
        fd = inotify_init1(IN_CLOEXEC);
        event.events = EPOLLIN;
        if (inotify_add_watch(fd, argv[2], IN_CLOSE_WRITE | IN_ATTRIB | IN_MODIFY) < 0)
            return 1;
    }
    if (fd < 0 || epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        return 1;
    puts("ready");
    fflush(stdout);
    if (epoll_wait(epoll, &event, 1, PATIENCE_MS) != 1)
        return 1;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    printf("%lld\n", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    return 0;
}
