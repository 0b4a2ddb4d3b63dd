#define _GNU_SOURCE
#include "qprompt_guard.h"

#include "qguard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

struct qprompt_guard {
    int descriptor;
    int pipe;
    struct termios saved;
};

enum { AWAY, COMING, EDITING, DISMISSED };

typedef struct {
    int state;
    struct termios saved;
    struct termios editing;
} report;

// Bracketed paste off, cursor shown, SGR 0: what the editor may have switched on.
static const char reset_text[] = "\033[?2004l\033[?25h\033[0m";

// The terminal is restored only where it still is as the editor left it: by now a shell may edit
// its own line. libedit leaves ICRNL on, which readline and zsh take away.
static int is_editors(const report *last, const struct termios *now) {
    if (last->state == COMING)
        return !(now->c_lflag & (ICANON | ECHO)) && now->c_iflag & ICRNL;
    return last->state == EDITING && now->c_iflag == last->editing.c_iflag &&
           now->c_oflag == last->editing.c_oflag && now->c_lflag == last->editing.c_lflag &&
           memcmp(now->c_cc, last->editing.c_cc, sizeof now->c_cc) == 0;
}

static void watch(const void *context) {
    const int *has_escapes = context;
    report last = {.state = AWAY}, next;
    for (;;) {
        ssize_t count = read(0, &next, sizeof next);
        if (count < 0 && errno == EINTR) continue;
        if (count != sizeof next) break;
        if (next.state == DISMISSED) return;
        last = next;
    }
    struct termios now;
    if (last.state == AWAY || tcgetattr(1, &now) < 0 || !is_editors(&last, &now)) return;
    while (tcsetattr(1, TCSAFLUSH, &last.saved) < 0 && errno == EINTR) {}
    if (!*has_escapes) return;
    ssize_t ignored = write(1, reset_text, sizeof reset_text - 1);
    (void)ignored;
}

qprompt_guard *qprompt_guard_open(int descriptor, int has_escapes) {
    qprompt_guard *guard = calloc(1, sizeof *guard);
    if (!guard) return NULL;
    guard->descriptor = descriptor;
    int pid;
    guard->pipe = qguard_start(descriptor, watch, &has_escapes, &pid);
    if (guard->pipe >= 0) return guard;
    free(guard);
    return NULL;
}

static void tell(qprompt_guard *guard, int state) {
    report message = {.state = state, .saved = guard->saved};
    if (state == EDITING && tcgetattr(guard->descriptor, &message.editing) < 0) return;
    qguard_tell(guard->pipe, &message, sizeof message);
}

void qprompt_guard_before(qprompt_guard *guard) {
    if (guard && tcgetattr(guard->descriptor, &guard->saved) == 0) tell(guard, COMING);
}

void qprompt_guard_editing(qprompt_guard *guard) {
    if (guard) tell(guard, EDITING);
}

void qprompt_guard_away(qprompt_guard *guard) {
    if (guard) tell(guard, AWAY);
}

void qprompt_guard_close(qprompt_guard *guard) {
    if (!guard) return;
    tell(guard, DISMISSED);
    close(guard->pipe);
    free(guard);
}
