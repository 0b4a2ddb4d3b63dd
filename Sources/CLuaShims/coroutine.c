/* coroutine functions that let a primitive's wait pass through the recipe's own coroutines. */
#include "internal.h"

/* `index` is where L holds the thread. */
static int is_waiting(lua_State *L, int index) {
    if (lua_status(lua_tothread(L, index)) != LUA_YIELD) return 0;
    lua_pushvalue(L, index);
    lua_rawgeti(L, LUA_REGISTRYINDEX, state_of(L)->waiting);
    lua_insert(L, -2);
    int waiting = lua_rawget(L, -2) != LUA_TNIL;
    lua_pop(L, 2);
    return waiting;
}

void qlua_set_waiting(lua_State *L, int index, int waiting) {
    lua_pushvalue(L, index);
    lua_rawgeti(L, LUA_REGISTRYINDEX, state_of(L)->waiting);
    lua_insert(L, -2);
    if (waiting) lua_pushboolean(L, 1);
    else lua_pushnil(L);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

static int run(lua_State *L, lua_State *co, int arguments, int *count) {
    qlua_state *Q = state_of(L);
    int blocks = !lua_isyieldable(L);
    Q->blocked += blocks;
    Q->running = co;
    qlua_check_interrupt(co);
    int status = lua_resume(co, L, arguments, count);
    Q->running = L;
    Q->blocked -= blocks;
    /* The hook was set on a coroutine that ended before it was called. */
    qlua_check_interrupt(L);
    return status;
}

/* What a coroutine gave, as results of coroutine.resume. */
static int resumed(lua_State *L, lua_State *co, int status, int count) {
    if (status != LUA_OK && status != LUA_YIELD) {
        if (qlua_is_stop(co, -1)) {
            lua_resetthread(co);
            lua_xmove(co, L, 1);
            return lua_error(L);
        }
        lua_pushboolean(L, 0);
        lua_xmove(co, L, 1);
        return 2;
    }
    if (!lua_checkstack(L, count + 1)) {
        lua_pop(co, count);
        lua_pushboolean(L, 0);
        lua_pushliteral(L, "too many results to resume");
        return 2;
    }
    lua_pushboolean(L, 1);
    lua_xmove(co, L, count);
    return count + 1;
}

/* As results of a wrapped call. Its coroutine starts in qlua_task_main, whose first result at the
   end tells whether the function failed. */
static int unwrapped(lua_State *L, lua_State *co, int status, int count) {
    if (status != LUA_OK && status != LUA_YIELD) {
        int own = lua_status(co); /* a refused resume leaves it as it was */
        if (own != LUA_OK && own != LUA_YIELD) lua_resetthread(co);
        lua_xmove(co, L, 1);
        return lua_error(L);
    }
    luaL_checkstack(L, count, "too many results to resume");
    lua_xmove(co, L, count);
    if (status == LUA_YIELD) return count;
    if (!lua_toboolean(L, -count)) return lua_error(L);
    return count - 1;
}

static int thread_index(int wraps) { return wraps ? lua_upvalueindex(1) : 1; }

static int resume_on(lua_State *L, int status, lua_KContext context);

static int carry_on(lua_State *L, int arguments, int wraps) {
    qlua_state *Q = state_of(L);
    lua_State *co = lua_tothread(L, thread_index(wraps));
    int count = 0;
    int status = run(L, co, arguments, &count);
    if (status == LUA_YIELD && Q->suspended) {
        Q->suspended = 0; /* in case the next line raises */
        qlua_set_waiting(L, thread_index(wraps), 1);
        Q->suspended = 1;
        return lua_yieldk(L, 0, wraps, resume_on);
    }
    return wraps ? unwrapped(L, co, status, count) : resumed(L, co, status, count);
}

static int resume_on(lua_State *L, int status, lua_KContext wraps) {
    (void)status;
    qlua_set_waiting(L, thread_index((int)wraps), 0);
    return carry_on(L, 0, (int)wraps);
}

static lua_State *thread_argument(lua_State *L) {
    lua_State *co = lua_tothread(L, 1);
    luaL_argexpected(L, co, 1, "coroutine");
    return co;
}

static const char *refusal(lua_State *L, int index, int arguments) {
    if (is_waiting(L, index)) return "cannot resume a coroutine that is waiting";
    int room = lua_checkstack(lua_tothread(L, index), arguments + 1);
    return room ? NULL : "too many arguments to resume";
}

static int co_resume(lua_State *L) {
    lua_State *co = thread_argument(L);
    int arguments = lua_gettop(L) - 1;
    const char *why = refusal(L, 1, arguments);
    if (why != NULL) {
        lua_pushboolean(L, 0);
        lua_pushstring(L, why);
        return 2;
    }
    lua_xmove(L, co, arguments);
    return carry_on(L, arguments, 0);
}

/* Upvalues: the thread, and whether it has started. */
static int call_wrapped(lua_State *L) {
    lua_State *co = lua_tothread(L, lua_upvalueindex(1));
    int arguments = lua_gettop(L);
    const char *why = refusal(L, lua_upvalueindex(1), arguments);
    if (why != NULL) return luaL_error(L, "%s", why);
    lua_xmove(L, co, arguments);
    if (!lua_toboolean(L, lua_upvalueindex(2))) {
        lua_pushboolean(L, 1);
        lua_replace(L, lua_upvalueindex(2));
        arguments++; /* the function itself is an argument of qlua_task_main */
    }
    return carry_on(L, arguments, 1);
}

static int co_wrap(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State *co = lua_newthread(L);
    lua_pushcfunction(co, qlua_task_main);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    lua_pushboolean(L, 0);
    lua_pushcclosure(L, call_wrapped, 2);
    return 1;
}

static int co_yield(lua_State *L) {
    if (L == state_of(L)->task) {
        return luaL_error(L, "attempt to yield from outside a coroutine");
    }
    return lua_yield(L, lua_gettop(L));
}

static int co_isyieldable(lua_State *L) {
    lua_State *co = lua_isthread(L, 1) ? lua_tothread(L, 1) : L;
    lua_pushboolean(L, co != state_of(L)->task && lua_isyieldable(co));
    return 1;
}

static int co_status(lua_State *L) {
    thread_argument(L);
    if (is_waiting(L, 1)) {
        lua_pushliteral(L, "normal");
        return 1;
    }
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

static int co_close(lua_State *L) {
    thread_argument(L);
    if (is_waiting(L, 1)) return luaL_error(L, "cannot close a coroutine that is waiting");
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, LUA_MULTRET);
    return lua_gettop(L);
}

static void replace_around(lua_State *L, const char *name, lua_CFunction function) {
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
}

void qlua_open_coroutines(lua_State *L) {
    const luaL_Reg functions[] = {
        {"resume", co_resume}, {"wrap", co_wrap}, {"yield", co_yield},
        {"isyieldable", co_isyieldable}, {NULL, NULL},
    };
    lua_getglobal(L, LUA_COLIBNAME);
    luaL_setfuncs(L, functions, 0);
    replace_around(L, "status", co_status);
    replace_around(L, "close", co_close);
    lua_pop(L, 1);
}
