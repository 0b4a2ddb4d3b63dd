// Answers each line "ask N" with "answer ask N", as a guest at the other end of a console would.
// usage: echo        on standard input and output
//        echo COUNT  on the sockets 3, 4, ...
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct line {
    char bytes[256];
    size_t count;
};

static int serve(int in, int out, struct line *line)
{
    char buffer[4096], answer[512];
    ssize_t count = read(in, buffer, sizeof buffer);
    if (count <= 0)
        return 0;
    for (ssize_t at = 0; at < count; at++) {
        if (buffer[at] != '\n' && buffer[at] != '\r') {
            if (line->count < sizeof line->bytes)
                line->bytes[line->count++] = buffer[at];
            continue;
        }
        int length = snprintf(
            answer, sizeof answer, "answer %.*s\r\n", (int)line->count, line->bytes);
        line->count = 0;
        if (write(out, answer, length) != length)
            return 0;
    }
    return 1;
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 1, left = count;
    struct pollfd *waits = calloc(count, sizeof *waits);
    struct line *lines = calloc(count, sizeof *lines);
    for (int index = 0; index < count; index++)
        waits[index] = (struct pollfd){.fd = argc > 1 ? 3 + index : 0, .events = POLLIN};
    while (left > 0 && poll(waits, count, -1) > 0)
        for (int index = 0; index < count; index++)
            if (waits[index].revents) {
                int out = argc > 1 ? waits[index].fd : 1;
                if (!serve(waits[index].fd, out, &lines[index])) {
                    waits[index].fd = -1;
                    left--;
                }
            }
}
