#define _GNU_SOURCE
#include "qterminal.h"

#include "qguard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

struct qterminal {
    int descriptor;
    int guard; // the pipe's write end
    int guard_pid;
    atomic_int is_raw;
    struct termios saved;
    struct termios raw;
};

static qterminal *_Atomic active;

// xterm's control sequences: bracketed paste (2004), mouse reports (1000, 1002, 1003, 1006), focus
// reports (1004) off, cursor shown (25), SGR 0, normal keypad and cursor keys. Nothing that moves
// the cursor: no RIS, no scroll region.
static const char reset_text[] =
    "\033[?2004l\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?1004l"
    "\033[?25h\033[0m\033>\033[?1l";

static void write_reset(int descriptor) {
    // A terminal that takes nothing must not hold up the end.
    struct pollfd writable = {.fd = descriptor, .events = POLLOUT};
    if (poll(&writable, 1, 0) <= 0) return;
    ssize_t ignored = write(descriptor, reset_text, sizeof reset_text - 1);
    (void)ignored;
}

static int set_attributes(int descriptor, int when, const struct termios *mode) {
    int result;
    do result = tcsetattr(descriptor, when, mode);
    while (result < 0 && errno == EINTR);
    return result;
}

// Whether the terminal is as qterminal_raw left it; a line editor keeps OPOST or ISIG.
static int is_still_raw(int descriptor) {
    struct termios now;
    return tcgetattr(descriptor, &now) == 0 && !(now.c_lflag & (ICANON | ECHO | ISIG | IEXTEN)) &&
           !(now.c_oflag & OPOST);
}

// A job that was put into the background must not touch what its shell uses by now. ENOTTY: not
// this session's terminal, so there are no jobs on it.
static int is_foreground(int descriptor) {
    pid_t group = tcgetpgrp(descriptor);
    return group < 0 || group == getpgrp();
}

static void watch(const void *context) {
    const qterminal *terminal = context;
    char byte;
    ssize_t count;
    do count = read(0, &byte, 1);
    while (count < 0 && errno == EINTR);
    if (count == 0 && is_still_raw(1)) {
        set_attributes(1, TCSAFLUSH, &terminal->saved);
        write_reset(1);
    }
}

static int start_guard(qterminal *terminal) {
    terminal->guard = qguard_start(
        terminal->descriptor, watch, terminal, &terminal->guard_pid);
    return terminal->guard < 0 ? -1 : 0;
}

qterminal *qterminal_open(int descriptor) {
    qterminal *terminal = calloc(1, sizeof *terminal);
    if (!terminal) return NULL;
    terminal->descriptor = descriptor;
    qterminal *none = NULL;
    if (tcgetattr(descriptor, &terminal->saved) < 0) goto fail;
    terminal->raw = terminal->saved;
    cfmakeraw(&terminal->raw);
    terminal->raw.c_cc[VMIN] = 1;
    terminal->raw.c_cc[VTIME] = 0;
    if (active) {
        errno = EBUSY;
        goto fail;
    }
    if (start_guard(terminal) < 0) goto fail;
    atomic_compare_exchange_strong(&active, &none, terminal);
    return terminal;
fail:
    free(terminal);
    return NULL;
}

int qterminal_raw(qterminal *terminal) {
    // Before the change, so that a handler in between restores.
    terminal->is_raw = 1;
    if (set_attributes(terminal->descriptor, TCSANOW, &terminal->raw) == 0) return 0;
    terminal->is_raw = 0;
    return -1;
}

void qterminal_restore(qterminal *terminal) {
    if (!terminal->is_raw) return;
    if (is_foreground(terminal->descriptor)) {
        write_reset(terminal->descriptor);
        set_attributes(terminal->descriptor, TCSAFLUSH, &terminal->saved);
    }
    // Last, so that a handler in between does it once more instead of not at all.
    terminal->is_raw = 0;
}

static void dismiss_guard(qterminal *terminal) {
    qguard_tell(terminal->guard, "c", 1);
    close(terminal->guard);
}

void qterminal_close(qterminal *terminal) {
    qterminal_restore(terminal);
    active = NULL;
    dismiss_guard(terminal);
    free(terminal);
}

void qterminal_restore_active(void) {
    qterminal *terminal = active;
    if (!terminal) return;
    qterminal_restore(terminal);
    ssize_t ignored = write(terminal->guard, "c", 1);
    (void)ignored;
}

int qterminal_guard_pid(const qterminal *terminal) { return terminal->guard_pid; }

static int open_terminal(const char *path, const struct stat *wanted) {
    int descriptor = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0) return -1;
    struct stat found;
    // /dev/tty keeps its own number, so only its TIOCGDEV names the device behind it.
    unsigned device = 0;
    if (fstat(descriptor, &found) == 0 &&
        (found.st_rdev == wanted->st_rdev ||
         (ioctl(descriptor, TIOCGDEV, &device) == 0 && device == wanted->st_rdev)))
        return descriptor;
    close(descriptor);
    errno = ENXIO;
    return -1;
}

int qterminal_reopen(int descriptor) {
    struct stat wanted;
    if (fstat(descriptor, &wanted) < 0) return -1;
    if (!isatty(descriptor)) return -1;
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    int own = open_terminal(path, &wanted);
    if (own >= 0) return own;
    int error = errno;
    // After su(1) the device belongs to another user; the controlling terminal opens for anybody.
    own = open_terminal("/dev/tty", &wanted);
    if (own < 0) errno = error;
    return own;
}

int qterminal_size(int descriptor, int *rows, int *columns) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) < 0) return -1;
    *rows = size.ws_row;
    *columns = size.ws_col;
    return 0;
}

int qterminal_set_size(int descriptor, int rows, int columns) {
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    return ioctl(descriptor, TIOCSWINSZ, &size);
}

int qterminal_pseudo(char *path, unsigned long size) {
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0) return -1;
    if (grantpt(master) < 0 || unlockpt(master) < 0 || ptsname_r(master, path, size) != 0) {
        close(master);
        return -1;
    }
    return master;
}
