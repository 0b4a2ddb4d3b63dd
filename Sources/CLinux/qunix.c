#define _GNU_SOURCE
#include "qunix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

// An address holds 107 bytes, and a run folder may be longer; through /proc it is always short.
static int address(const char *folder, const char *name, struct sockaddr_un *out) {
    int descriptor = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return -1;
    memset(out, 0, sizeof *out);
    out->sun_family = AF_UNIX;
    snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/%s", descriptor, name);
    return descriptor;
}

static int failed(int first, int second) {
    int code = errno;
    if (first >= 0) close(first);
    if (second >= 0) close(second);
    errno = code;
    return -1;
}

static int open_socket(void) {
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int qunix_listen(const char *folder, const char *name) {
    struct sockaddr_un to;
    int place = address(folder, name, &to);
    if (place < 0) return -1;
    int descriptor = open_socket();
    if (descriptor < 0 || bind(descriptor, (struct sockaddr *)&to, sizeof to) < 0 ||
        listen(descriptor, 16) < 0)
        return failed(descriptor, place);
    close(place);
    return descriptor;
}

int qunix_connect(const char *folder, const char *name) {
    struct sockaddr_un to;
    int place = address(folder, name, &to);
    if (place < 0) return -1;
    int descriptor = open_socket();
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&to, sizeof to) < 0)
        return failed(descriptor, place);
    close(place);
    return descriptor;
}

int qunix_accept(int listener) {
    int descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0) return -1;
    struct ucred peer;
    socklen_t size = sizeof peer;
    // The folder's mode 0700 says the same; this holds where somebody opened it up.
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ||
        (peer.uid != geteuid() && peer.uid != 0)) {
        errno = EPERM;
        return failed(descriptor, -1);
    }
    return descriptor;
}

int qunix_pidfd(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

// A process number may have been given to somebody else; a pidfd cannot, once it is open.
int qunix_signal_child(pid_t pid, pid_t parent, int number) {
    int descriptor = qunix_pidfd(pid);
    if (descriptor < 0) return -1;
    char path[32], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    size_t count = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file) fclose(file);
    text[count] = 0;
    // The name in brackets may hold anything, brackets too.
    char *end = strrchr(text, ')');
    int found = 0;
    char state = 0;
    if (!end || sscanf(end + 1, " %c %d", &state, &found) != 2 || found != parent ||
        state == 'Z') {
        errno = ESRCH;
        return failed(descriptor, -1);
    }
    int result = (int)syscall(SYS_pidfd_send_signal, descriptor, number, NULL, 0);
    if (result < 0) return failed(descriptor, -1);
    close(descriptor);
    return 0;
}
