// The agent of qsh in a guest: runs commands and moves files for the host, over one port.
//
// As process 1 (`rdinit=/.qsh/agent`) it loads modules, leaves itself behind as a daemon and
// becomes the guest's own init. `agent --port-fd N` serves an open descriptor, for tests, with no
// view but its own. `agent` alone serves the port of a guest that somebody else has booted.
#include "command.h"
#include "init.h"
#include "link.h"
#include "places.h"
#include "text.h"

AGENT_ENTRY;

static int block_signals(void)
{
    // Whatever it inherited: handlers are the default for the children, and nothing but SIGKILL
    // reaches the agent. SIGPIPE becomes EPIPE this way.
    uint64_t action[4] = {0};
    struct signal_set all, children = {{1ull << (SIGCHLD - 1)}};
    memset(&all, 0xff, sizeof all);
    for (int signal = 1; signal <= SIGNAL_COUNT; signal++)
        SYS4(SYS_rt_sigaction, signal, action, 0, sizeof all);
    SYS4(SYS_rt_sigprocmask, SIG_SETMASK, &all, 0, sizeof all);
    return (int)SYS4(SYS_signalfd4, -1, &children, sizeof children, O_CLOEXEC | O_NONBLOCK);
}

/// Occupies descriptors 0 to 2, so that no pipe gets a number that a child must have.
static void occupy_standard_descriptors(void)
{
    long null = open_device("null", 1, 3, O_RDWR);
    int pipe[2] = {-1, -1};
    if (null < 0 && SYS2(SYS_pipe2, pipe, O_CLOEXEC) == 0) null = pipe[0];
    for (int fd = 0; fd < 3 && null >= 0; fd++)
        if (fd != null) SYS3(SYS_dup3, null, fd, 0);
    if (null > 2) sys_close((int)null);
}

__attribute__((noreturn)) static void serve(int port, bool end_is_final, unsigned page_size)
{
    static struct pollfd slots[2 + COMMAND_POLL_SLOTS];
    int signals = block_signals();
    enum { READY_PAUSE = 10 };
    bool is_ready = false;
    link_start(port, end_is_final, page_size);
    link_flush();
    for (;;) {
        if (!is_ready && (is_ready = end_is_final || root_is_ready())) {
            link_tell_ready();
            link_flush();
        }
        slots[0] = (struct pollfd){signals, POLLIN, 0};
        int limit = link_prepare(&slots[1]);
        // Looked at from time to time: not every kernel has inotify, and it is soon over.
        if (!is_ready && (limit < 0 || limit > READY_PAUSE)) limit = READY_PAUSE;
        unsigned count = 2 + commands_prepare(slots + 2);
        struct timespec time = {limit / 1000, (int64_t)(limit % 1000) * 1000000};
        long ready = SYS5(SYS_ppoll, slots, count, limit < 0 ? 0 : &time, 0, 0);
        if (ready < 0 && ready != -EINTR) sys_exit(1);
        if (ready < 0) continue;
        static uint8_t information[128 * 4];
        if (slots[0].revents) {
            while (sys_read(signals, information, sizeof information) > 0) continue;
            commands_reap();
        }
        link_serve(&slots[1]);
        commands_serve(slots + 2);
        link_flush();
    }
}

__attribute__((noreturn)) static void serve_guest(char *name, unsigned page_size)
{
    sys0(SYS_setsid);
    // systemd and dracut spare processes whose name starts so when they leave the initramfs.
    name[0] = '@';
    SYS2(SYS_prctl, PR_SET_NAME, "qsh-agent");
    SYS1(SYS_chdir, "/");
    places_open();
    occupy_standard_descriptors();
    long fd = sys_openat(places_proc(), "self/oom_score_adj", O_WRONLY, 0);
    if (fd >= 0) {
        sys_write((int)fd, "-1000", 5);
        sys_close((int)fd);
    }
    int port = find_port();
    if (port < 0) sys_exit(0);
    serve(port, false, page_size);
}

static unsigned find_page_size(char **environment)
{
    enum { AT_PAGESZ = 6 };
    while (*environment) environment++;
    for (unsigned long *entry = (unsigned long *)(environment + 1); entry[0]; entry += 2)
        if (entry[0] == AT_PAGESZ) return (unsigned)entry[1];
    return 4096;
}

__attribute__((noreturn, used)) void agent_main(long *stack)
{
    long count = stack[0];
    char **arguments = (char **)(stack + 1), **environment = arguments + count + 1;
    unsigned page_size = find_page_size(environment);
    if (sys0(SYS_getpid) == 1) {
        load_modules();
        if (sys_fork() == 0) serve_guest(arguments[0], page_size);
        become_init(arguments, environment);
    }
    if (count == 3 && text_equal(arguments[1], "--port-fd")) {
        const char *number = arguments[2];
        int port = (int)text_number(&number);
        SYS3(SYS_fcntl, port, F_SETFL, O_NONBLOCK);
        SYS3(SYS_fcntl, port, F_SETFD, FD_CLOEXEC);
        serve(port, true, page_size);
    }
    serve_guest(arguments[0], page_size);
}
