/* SPDX-License-Identifier: Apache-2.0
 *
 * A terminal handed through and nothing else: what any program costs that stands between a terminal
 * and a command, before it looks at a byte.
 *
 *   bench_relay COMMAND...
 */
#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "core/banned.h"

#define PIECE 4096

/* False at the end of either side. */
static int pass(int from, int to)
{
    char piece[PIECE];
    ssize_t got = read(from, piece, sizeof(piece));
    return got > 0 && write(to, piece, (size_t)got) == got;
}

int main(int argc, char **argv)
{
    struct termios outer, raw;
    struct winsize size;
    int inner = -1;
    if (argc < 2 || tcgetattr(STDIN_FILENO, &outer) < 0 ||
        ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0)
        return 2;
    pid_t child = forkpty(&inner, NULL, &outer, &size);
    if (child < 0)
        return 1;
    if (child == 0) {
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    raw = outer;
    cfmakeraw(&raw);
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0)
        return 1;
    struct pollfd ends[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                            {.fd = inner, .events = POLLIN}};
    int going = 1;
    while (going && poll(ends, 2, -1) > 0) {
        if (ends[0].revents != 0)
            going = pass(STDIN_FILENO, inner);
        if (going && ends[1].revents != 0)
            going = pass(inner, STDOUT_FILENO);
    }
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &outer);
    close(inner);
    return waitpid(child, NULL, 0) == child ? 0 : 1;
}
