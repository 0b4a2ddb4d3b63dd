#define _GNU_SOURCE
#include "qguard.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void guard(
    int terminal, int pipe, int report, void (*watch)(const void *), const void *context
) {
    setsid();
    // No signal is taken, so only SIGKILL ends a guard before its time.
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    // Only now: whoever kills this process's group, as a parent does that sweeps up after it, would
    // take along a guard that is still in it.
    pid_t self = getpid();
    if (write(report, &self, sizeof self) != sizeof self) _exit(1);
    // Above the two targets first, so that neither move overwrites the other.
    int tty = fcntl(terminal, F_DUPFD, 3);
    int end = fcntl(pipe, F_DUPFD, 3);
    if (tty < 0 || end < 0 || dup2(end, 0) < 0 || dup2(tty, 1) < 0) _exit(1);
    syscall(SYS_close_range, 2, ~0U, 0);
    prctl(PR_SET_NAME, "qsh-terminal");
    if (chdir("/") < 0) _exit(1);
    watch(context);
    _exit(0);
}

// Forks twice: init reaps the guard, so that no wait of this process can meet it.
int qguard_start(
    int terminal, void (*watch)(const void *), const void *context, int *pid
) {
    int ends[2], report[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -1;
    if (pipe2(report, O_CLOEXEC) < 0) {
        close(ends[0]);
        close(ends[1]);
        return -1;
    }
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pid_t middle = fork();
    if (middle == 0) {
        if (fork() == 0) guard(terminal, ends[0], report[1], watch, context);
        _exit(0);
    }
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    close(ends[0]);
    close(report[1]);
    pid_t started = -1;
    if (middle > 0) {
        ssize_t count;
        do count = read(report[0], &started, sizeof started);
        while (count < 0 && errno == EINTR);
        while (waitpid(middle, NULL, 0) < 0 && errno == EINTR) {}
        error = EAGAIN;
    }
    close(report[0]);
    if (started > 0) {
        *pid = started;
        return ends[1];
    }
    close(ends[1]);
    errno = error;
    return -1;
}

int qguard_tell(int pipe, const void *message, unsigned long size) {
    // The guard lives as long as the pipe, so SIGPIPE means that somebody killed it.
    sigset_t broken, old;
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken, &old);
    ssize_t written;
    do written = write(pipe, message, size);
    while (written < 0 && errno == EINTR);
    int error = errno;
    if (written < 0 && error == EPIPE) {
        struct timespec now = {0};
        sigtimedwait(&broken, NULL, &now);
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = error;
    return written < 0 ? -1 : 0;
}
