/* Tasks: coroutines that the host steps. */
#include "internal.h"

static int main_ended(lua_State *L, int status, lua_KContext context) {
    (void)context;
    if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L) - 1;
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
}

/* function, argument... -> true, result... or false, error. The protected call lets a traceback
   see the live stack and __close wait while an error unwinds. */
int qlua_task_main(lua_State *L) {
    int count = lua_gettop(L) - 1;
    lua_pushcfunction(L, qlua_on_error);
    lua_insert(L, 1);
    lua_pushboolean(L, 1);
    lua_insert(L, 2);
    int status = lua_pcallk(L, count, LUA_MULTRET, 1, 0, main_ended);
    return main_ended(L, status, 0);
}

typedef struct {
    qsink sink;
    lua_State *task;
    int status;
    int count;
    const void *identity;
} qoutcome;

static int encode_outcome(lua_State *L) {
    qoutcome *outcome = lua_touserdata(L, 1);
    luaL_checkstack(L, outcome->count, "too many results");
    lua_xmove(outcome->task, L, outcome->count);
    if (outcome->status == LUA_OK && lua_toboolean(L, 2)) {
        for (int i = 3; i <= lua_gettop(L); i++) qlua_encode(L, &outcome->sink, i, 0);
        return 0;
    }
    /* Only C code of a module can have called lua_yield here. */
    if (outcome->status == LUA_YIELD) {
        lua_pushliteral(L, "attempt to yield from outside a coroutine");
    }
    outcome->status = LUA_ERRRUN;
    outcome->identity = lua_topointer(L, -1);
    qlua_encode_failure(L, &outcome->sink, -1);
    return 0;
}

static int32_t finish(qlua_state *Q, qoutcome *outcome, qlua_request *request) {
    lua_State *L = Q->main;
    qactive saved = qlua_enter(Q, L);
    int top = lua_gettop(L), failed = 1;
    if (lua_checkstack(L, 4)) {
        lua_pushcfunction(L, encode_outcome);
        lua_pushlightuserdata(L, outcome);
        failed = lua_pcall(L, 1, 0, 0) != LUA_OK;
        lua_settop(L, top);
    }
    qlua_leave(Q, saved);
    if (failed) {
        outcome->sink.Q = Q;
        qlua_discard(&outcome->sink);
    }
    request->output = outcome->sink.bytes;
    request->output_length = outcome->sink.length;
    request->identity = outcome->identity;
    return !failed && outcome->status == LUA_OK ? QLUA_DONE : QLUA_FAILED;
}

int32_t qlua_step(
    qlua_state *Q, qlua_frame *frame, qlua_reply *reply, qlua_request *outcome
) {
    lua_State *task = (lua_State *)frame;
    int arguments = lua_status(task) == LUA_OK ? lua_gettop(task) - 1 : 0, count = 0;
    qactive saved = qlua_enter(Q, task);
    lua_State *outer = Q->task;
    Q->task = task;
    Q->reply = reply;
    Q->suspended = Q->blocked = 0;
    if (outcome->flags & QLUA_BOUNDED) qlua_limit(Q, task);
    int status = lua_resume(task, NULL, arguments, &count);
    Q->limit = 0;
    Q->task = outer;
    qlua_leave(Q, saved);
    if (Q->reply != NULL) {
        qcursor rest = {Q, reply->bytes, reply->bytes + reply->length};
        qlua_release_rest(&rest);
        free(reply->bytes);
        Q->reply = NULL;
    }
    int waits = status == LUA_YIELD && Q->suspended;
    Q->suspended = 0;
    if (waits) return QLUA_SUSPENDED;
    qoutcome ended = {{Q, NULL, 0, 0, outcome->flags}, task, status, count, NULL};
    if (status != LUA_OK) ended.count = status == LUA_YIELD ? 0 : 1;
    return finish(Q, &ended, outcome);
}

void qlua_abandon(qlua_state *Q, qlua_frame *frame) {
    qactive saved = qlua_enter(Q, (lua_State *)frame);
    lua_resetthread((lua_State *)frame);
    qlua_leave(Q, saved);
}
