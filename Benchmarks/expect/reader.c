// The least that can be done: poll, read, memmem, with a carry of the needle's length.
// usage: reader NEEDLE < stream; prints seconds, bytes, peak memory in KiB.
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
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
    static char buffer[1 << 18];
    const char *needle = argc > 1 ? argv[1] : "needle";
    size_t length = strlen(needle), kept = 0, total = 0;
    double start = now();
    for (;;) {
        struct pollfd wait = {.fd = 0, .events = POLLIN};
        poll(&wait, 1, -1);
        ssize_t count = read(0, buffer + kept, sizeof buffer - kept);
        if (count <= 0)
            break;
        total += count;
        size_t held = kept + count;
        if (memmem(buffer, held, needle, length))
            break;
        kept = held < length - 1 ? held : length - 1;
        memmove(buffer, buffer + held - kept, kept);
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%f %zu %ld\n", now() - start, total, usage.ru_maxrss);
}
