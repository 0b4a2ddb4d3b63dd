/* Interrupts. A signal handler finds here which coroutine runs on its thread. */
#include "internal.h"

#include <time.h>

/* States nest where a primitive of one runs another. All of them live on one thread. */
static qlua_state *volatile active;

qactive qlua_enter(qlua_state *Q, lua_State *L) {
    qactive saved = {Q->running, Q->running == NULL};
    if (saved.entered) {
        Q->outer = active;
        Q->running = L;
        active = Q;
    } else {
        Q->running = L;
    }
    qlua_check_interrupt(L);
    return saved;
}

void qlua_leave(qlua_state *Q, qactive saved) {
    if (saved.entered) active = Q->outer;
    Q->running = saved.running;
}

static int decode_interrupt(lua_State *L) {
    qlua_decode(L, lua_touserdata(L, 1), 0);
    return 1;
}

static _Noreturn void raise_interrupt(lua_State *L, qlua_state *Q) {
    qlua_reply reply = {0};
    Q->host.interrupted(Q->context, &reply);
    qcursor cursor = {Q, reply.bytes, reply.bytes + reply.length};
    lua_pushcfunction(L, decode_interrupt);
    lua_pushlightuserdata(L, &cursor);
    int status = lua_pcall(L, 1, 1, 0);
    qlua_release_rest(&cursor);
    free(reply.bytes);
    if (status == LUA_OK) qlua_trace_raise(L);
    lua_error(L);
    abort(); /* lua_error does not return, and does not say so */
}

static void on_hook(lua_State *L, lua_Debug *record) {
    (void)record;
    qlua_state *Q = state_of(L);
    lua_sethook(L, NULL, 0, 0);
    /* Set by an interrupt that ended elsewhere: a wait was cancelled, or another coroutine took it,
       which gave its hook to those it made. */
    if (!Q->interrupt) return;
    Q->interrupt = 0;
    raise_interrupt(L, Q);
}

static int64_t milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_limit(lua_State *L, lua_Debug *record) {
    (void)record;
    qlua_state *Q = state_of(L);
    if (Q->limit == 0) {
        lua_sethook(L, NULL, 0, 0);
    } else if (milliseconds() >= Q->limit) {
        /* Stays set on the coroutine: a loop around a pcall would go on. */
        raise_interrupt(L, Q);
    }
}

static void set_limit(lua_State *L) { lua_sethook(L, on_limit, LUA_MASKCOUNT, 10000); }

void qlua_limit(qlua_state *Q, lua_State *L) {
    Q->limit = milliseconds() + 1000;
    set_limit(L);
}

static void set_hook(lua_State *L) {
    lua_sethook(L, on_hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

/* For a coroutine that starts to run where the hook may have been set on another. */
void qlua_check_interrupt(lua_State *L) {
    if (state_of(L)->interrupt) set_hook(L);
    else if (state_of(L)->limit) set_limit(L);
}

static void hook_active(void) {
    for (qlua_state *Q = active; Q != NULL; Q = Q->outer) {
        lua_State *running = Q->running;
        if (Q->interrupt && running != NULL) set_hook(running);
    }
}

static void on_kick(int signal) {
    (void)signal;
    hook_active();
}

/* A thread inherits its mask, and libdispatch's block everything. */
static void unblock(int signal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* Hooks may be set only where Lua runs, so other threads kick that one. SIGURG is ignored by
   default and needed by nobody here: a late one does no harm. */
void qlua_accept_interrupts(void) {
    struct sigaction action = {.sa_handler = on_kick, .sa_flags = SA_RESTART};
    sigaction(SIGURG, &action, NULL);
    unblock(SIGURG);
}

void qlua_interrupt(qlua_state *Q) {
    Q->interrupt = 1;
    if (pthread_equal(Q->thread, pthread_self())) {
        hook_active();
        return;
    }
    pthread_kill(Q->thread, SIGURG);
}

int32_t qlua_take_interrupt(qlua_state *Q) {
    int32_t was = Q->interrupt;
    Q->interrupt = 0;
    return was;
}
