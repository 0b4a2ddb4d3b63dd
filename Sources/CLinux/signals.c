#define _GNU_SOURCE
#include "qsignals.h"
#include "qterminal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static int ready = -1;
static pthread_t loop_thread;
static atomic_int pending[NSIG];
static struct sigaction before[NSIG];
static atomic_int watched[NSIG];

static void (*_Atomic immediate)(void *);
static void *_Atomic immediate_context;
static _Atomic int64_t last_interrupt;

static int64_t milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void call_immediate(void) {
    void (*function)(void *) = immediate;
    if (function) function(immediate_context);
}

static void interrupt(void) {
    int64_t now = milliseconds();
    int64_t since = now - last_interrupt;
    if (pending[SIGINT] > 0 && since >= 100 && since < 2000) {
        qterminal_restore_active();
        _exit(130);
    }
    // A burst counts from its first signal, else a held key would never get out.
    if (pending[SIGINT] == 0 || since >= 100) last_interrupt = now;
    call_immediate();
}

static void handle(int number) {
    int error = errno;
    if (!pthread_equal(pthread_self(), loop_thread)) {
        pthread_kill(loop_thread, number);
    } else {
        if (number == SIGINT) interrupt();
        // A request to end must reach a program that keeps the loop from running, too.
        if (number == SIGTERM || number == SIGHUP || number == SIGQUIT) call_immediate();
        pending[number]++;
        uint64_t one = 1;
        ssize_t ignored = write(ready, &one, sizeof one);
        (void)ignored;
    }
    errno = error;
}

int qsignal_open(void) {
    loop_thread = pthread_self();
    if (ready < 0) ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return ready;
}

int qsignal_watch(int number) {
    if (number <= 0 || number >= NSIG) {
        errno = EINVAL;
        return -1;
    }
    if (watched[number]) return 0;
    if (sigaction(number, NULL, &before[number]) < 0) return -1;
    int may_be_ignored = number == SIGCONT || number == SIGWINCH;
    if (before[number].sa_handler == SIG_IGN && !may_be_ignored) return 0;
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    sigfillset(&action.sa_mask);
    pending[number] = 0;
    if (sigaction(number, &action, NULL) < 0) return -1;
    watched[number] = 1;
    // A thread made by libdispatch's workers starts with all signals blocked.
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, number);
    pthread_sigmask(SIG_UNBLOCK, &wanted, NULL);
    return 0;
}

void qsignal_unwatch(int number) {
    if (number <= 0 || number >= NSIG || !watched[number]) return;
    sigaction(number, &before[number], NULL);
    watched[number] = 0;
}

int qsignal_take(int number) {
    return number > 0 && number < NSIG ? atomic_exchange(&pending[number], 0) : 0;
}

int qsignal_is_pending(int number) {
    return number > 0 && number < NSIG && pending[number] > 0;
}

void qsignal_drain(void) {
    uint64_t count;
    ssize_t ignored = read(ready, &count, sizeof count);
    (void)ignored;
}

void qsignal_set_immediate(void (*function)(void *), void *context) {
    // The handler runs on this thread, so it cannot see the two apart while this is blocked.
    sigset_t interrupts, old;
    sigemptyset(&interrupts);
    sigaddset(&interrupts, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interrupts, &old);
    immediate_context = context;
    immediate = function;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void qsignal_stop_self(void) {
    struct sigaction stop = {.sa_handler = SIG_DFL}, old;
    sigaction(SIGTSTP, &stop, &old);
    // To this very thread, so that the stop has happened when the call returns.
    pthread_kill(pthread_self(), SIGTSTP);
    sigaction(SIGTSTP, &old, NULL);
}
