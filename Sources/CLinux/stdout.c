#include "qstdout.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

void q_stdout_write(const void *bytes, size_t count) {
    fwrite(bytes, 1, count, stdout);
    fflush(stdout);
}

int q_stdout_finish(void) {
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return 0;
    if (errno) return errno;
    // The error is from an earlier write, whose errno is gone; these tell the usual ones again.
    struct pollfd output = {.fd = 1, .events = POLLOUT};
    if (poll(&output, 1, 0) > 0 && output.revents & POLLERR) return EPIPE;
    return write(1, "", 0) < 0 ? errno : EIO;
}
