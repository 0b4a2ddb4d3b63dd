#define _GNU_SOURCE
#include "qspawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_DESCRIPTORS = 64 };

// From here to the exec the child shares nothing but must call async-signal-safe functions only,
// since another thread may hold the allocator's lock at the fork.

static void reset_signals(void) {
    // The kernel's own call, since glibc's leaves out the two signals that it keeps for threads,
    // and
    // they may be inherited as ignored. All zero is the default in every architecture's layout.
    unsigned long action[8] = {0};
    for (int number = 1; number < NSIG; number++)
        syscall(SYS_rt_sigaction, number, action, NULL, (NSIG - 1) / 8);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

// Moves each descriptor above all targets first, so that no move overwrites one still needed.
static int place_descriptors(const qspawn_request *request, int *error_pipe) {
    int top = 3;
    for (size_t i = 0; i < request->descriptor_count; i++)
        if (request->descriptors[i].child >= top) top = request->descriptors[i].child + 1;
    int moved[MAX_DESCRIPTORS];
    int pipe = fcntl(*error_pipe, F_DUPFD_CLOEXEC, top);
    if (pipe < 0) return -1;
    *error_pipe = pipe;
    for (size_t i = 0; i < request->descriptor_count; i++) {
        moved[i] = fcntl(request->descriptors[i].host, F_DUPFD_CLOEXEC, top);
        if (moved[i] < 0) return -1;
    }
    for (size_t i = 0; i < request->descriptor_count; i++)
        if (dup2(moved[i], request->descriptors[i].child) < 0) return -1;
    return 0;
}

// Marks them instead of closing them, since the error pipe is among them. The call is of Linux 5.9,
// the flag of 5.11.
static void close_on_exec(unsigned first, unsigned last) {
    if (syscall(SYS_close_range, first, last, 4 /* CLOSE_RANGE_CLOEXEC */) == 0) return;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
    for (unsigned number = first; number <= last && number < limit.rlim_cur; number++)
        fcntl((int)number, F_SETFD, FD_CLOEXEC);
}

static void close_others(const qspawn_request *request) {
    for (int number = 0;; number++) {
        int next = INT32_MAX;
        for (size_t i = 0; i < request->descriptor_count; i++) {
            int child = request->descriptors[i].child;
            if (child >= number && child < next) next = child;
        }
        if (next > number)
            close_on_exec((unsigned)number, next == INT32_MAX ? UINT32_MAX : (unsigned)next - 1);
        if (next == INT32_MAX) return;
        number = next;
    }
}

static int run_child(const qspawn_request *request, int error_pipe, pid_t parent) {
    qspawn_failure failure = {.stage = QSPAWN_SETUP};
    if (request->new_session ? setsid() < 0 : setpgid(0, 0) < 0) goto fail;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) goto fail;
    // The parent may have died before the call above.
    if (getppid() != parent) _exit(127);
    if (place_descriptors(request, &error_pipe) < 0) goto fail;
    close_others(request);
    failure.stage = QSPAWN_DIRECTORY;
    if (request->directory && chdir(request->directory) < 0) goto fail;
    reset_signals();
    failure.stage = QSPAWN_EXEC;
    execve(request->path, request->arguments, request->environment);
fail:
    failure.error = errno;
    ssize_t ignored = write(error_pipe, &failure, sizeof failure);
    (void)ignored;
    _exit(127);
}

static pid_t fork_with_pidfd(int *pidfd) {
    struct clone_args args = {
        .flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)pidfd, .exit_signal = SIGCHLD};
    pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
    if (pid >= 0 || (errno != ENOSYS && errno != EPERM)) return pid;
    // Some sandboxes refuse clone3.
    pid = fork();
    if (pid > 0) {
        *pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
        if (*pidfd < 0) {
            int error = errno;
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
            errno = error;
            return -1;
        }
        fcntl(*pidfd, F_SETFD, FD_CLOEXEC);
    }
    return pid;
}

// An end of file means that the exec closed the pipe.
static qspawn_failure read_failure(int pipe) {
    qspawn_failure failure = {0};
    ssize_t count;
    do count = read(pipe, &failure, sizeof failure);
    while (count < 0 && errno == EINTR);
    return count == sizeof failure ? failure : (qspawn_failure){0};
}

qspawn_failure qspawn(const qspawn_request *request, qspawn_child *child) {
    if (request->descriptor_count > MAX_DESCRIPTORS)
        return (qspawn_failure){.stage = QSPAWN_SETUP, .error = E2BIG};
    int pipe[2];
    if (pipe2(pipe, O_CLOEXEC) < 0)
        return (qspawn_failure){.stage = QSPAWN_SETUP, .error = errno};
    pid_t parent = getpid();
    // A handler of the parent must not run in the child.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int pidfd = -1;
    pid_t pid = fork_with_pidfd(&pidfd);
    if (pid == 0) run_child(request, pipe[1], parent);
    qspawn_failure failure = {.stage = QSPAWN_SETUP, .error = pid < 0 ? errno : 0};
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(pipe[1]);
    if (pid > 0) {
        failure = read_failure(pipe[0]);
        if (failure.error) {
            waitpid(pid, NULL, 0);
            close(pidfd);
        }
    }
    close(pipe[0]);
    if (!failure.error) *child = (qspawn_child){.pid = pid, .pidfd = pidfd};
    return failure;
}
