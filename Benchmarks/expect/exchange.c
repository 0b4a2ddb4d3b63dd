// The least that a client of an echo peer can do: write, poll, read, memmem.
// usage: exchange PEER COUNT; prints seconds, CPU seconds, exchanges.
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    int ends[2], count = argc > 2 ? atoi(argv[2]) : 1000;
    if (argc < 2 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return 2;
    if (fork() == 0) {
        dup2(ends[1], 3);
        if (ends[0] != 3)
            close(ends[0]);
        execl(argv[1], argv[1], "1", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    char buffer[4096], line[64], needle[64];
    double start = 0;
    for (int number = -1; number < count; number++) {
        // The first one waits for the peer to start.
        if (number == 0)
            start = now();
        int length = snprintf(line, sizeof line, "ask %d\n", number);
        int wanted = snprintf(needle, sizeof needle, "answer ask %d\r\n", number);
        if (write(ends[0], line, length) != length)
            return 1;
        size_t held = 0;
        do {
            struct pollfd wait = {.fd = ends[0], .events = POLLIN};
            poll(&wait, 1, -1);
            ssize_t got = read(ends[0], buffer + held, sizeof buffer - held);
            if (got <= 0)
                return 1;
            held += got;
        } while (!memmem(buffer, held, needle, wanted));
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%f %f %d\n", now() - start,
           usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
               (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
           count);
}
