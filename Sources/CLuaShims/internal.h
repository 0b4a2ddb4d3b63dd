#ifndef QLUA_INTERNAL_H
#define QLUA_INTERNAL_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "qlua.h"

struct qlua_state {
    lua_State *main;
    lua_State *volatile running; /* the coroutine that executes now, NULL where none does */
    lua_State *task;             /* the base coroutine of the task that is being stepped */
    qlua_host host;
    void *context;
    int blocked;       /* resumes from places that cannot be suspended, around the running code */
    int suspended;     /* a yield on its way out is a primitive's wait, not the recipe's own */
    qlua_reply *reply; /* what the wait that is being resumed gave */
    volatile sig_atomic_t interrupt;
    int64_t limit; /* of the step that runs, in ms of the monotonic clock; 0: none */
    pthread_t thread;
    struct qlua_state *outer; /* the state that was active before */
    int64_t countdown;        /* allocations until failure; 0: never */
    int primitives, objects, waiting; /* registry indices */
    char *warning;
    size_t warning_length;
    int warnings_on;
};

typedef struct {
    void *object; /* a host pointer with one retain; NULL once given back */
    uint32_t flags;
    uint64_t identity;
} qbox;

typedef struct {
    qlua_state *Q;
    const uint8_t *at, *end;
} qcursor;

typedef struct {
    qlua_state *Q;
    uint8_t *bytes;
    size_t length, capacity;
    int flags;
} qsink;

static inline qlua_state *state_of(lua_State *L) {
    return *(qlua_state **)lua_getextraspace(L);
}

/* active.c: which state and coroutine a signal handler interrupts */
typedef struct {
    lua_State *running;
    int entered;
} qactive;
qactive qlua_enter(qlua_state *Q, lua_State *L);
void qlua_leave(qlua_state *Q, qactive saved);
void qlua_check_interrupt(lua_State *L);
void qlua_accept_interrupts(void);
/* Interrupts what runs now and does not end within a second. */
void qlua_limit(qlua_state *Q, lua_State *L);

/* decode.c: may raise */
void qlua_decode(lua_State *L, qcursor *cursor, int depth);
int qlua_decode_all(lua_State *L);
/* Gives back what a cursor has not passed; never raises. */
void qlua_release_rest(qcursor *cursor);

/* encode.c: may raise */
void qlua_encode(lua_State *L, qsink *sink, int index, int depth);
/* Encodes a raised value; never fails but for memory. */
void qlua_encode_failure(lua_State *L, qsink *sink, int index);
/* Releases what was encoded; never raises. */
void qlua_discard(qsink *sink);

/* object.c */
extern const char qlua_object_marker, qlua_names_marker;
qbox *qlua_box_at(lua_State *L, int index);
int qlua_is_stop(lua_State *L, int index);
void qlua_push_object(lua_State *L, void *object, uint64_t identity, int type);
int qlua_make_type(lua_State *L);

/* call.c */
void qlua_push_primitive(lua_State *L, void *primitive, uint32_t flags);
void qlua_open_primitives(lua_State *L);
int qlua_deliver(lua_State *L, qlua_reply *reply, uint32_t flags);

/* trace.c */
int qlua_on_error(lua_State *L);
void qlua_trace_raise(lua_State *L);

/* task.c, coroutine.c */
int qlua_task_main(lua_State *L);
void qlua_open_coroutines(lua_State *L);
void qlua_set_waiting(lua_State *L, int index, int waiting);

/* protected.c */
void qlua_open_protected(lua_State *L);

/* perform.c, prelude.c */
int qlua_prelude(lua_State *L);

#endif
