/* What the host asks of Lua, each in a protected call. Operations are written as C functions are:
   arguments from 1, the number of results returned. */
#include "internal.h"

static int op_load(lua_State *L) {
    size_t length;
    const char *source = luaL_checklstring(L, 1, &length);
    const char *name = luaL_checkstring(L, 2);
    if (length > 0 && source[0] == LUA_SIGNATURE[0]) {
        return luaL_error(L, "it is Lua bytecode, and only source text is run");
    }
    if (luaL_loadbufferx(L, source, length, name, "t") != LUA_OK) return lua_error(L);
    return 1;
}

static int op_call(lua_State *L) {
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

static int op_install(lua_State *L) {
    lua_pushglobaltable(L);
    lua_pushvalue(L, 1);
    if (lua_rawget(L, 3) != LUA_TTABLE) {
        lua_settop(L, 3);
        lua_newtable(L);
        lua_pushvalue(L, 1);
        lua_pushvalue(L, 4);
        lua_rawset(L, 3);
        luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
        lua_pushvalue(L, 1);
        lua_pushvalue(L, 4);
        lua_rawset(L, -3);
        lua_settop(L, 4);
    }
    lua_pushnil(L);
    while (lua_next(L, 2)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, 4);
    }
    return 0;
}

static int op_global(lua_State *L) {
    lua_settop(L, 2);
    lua_pushglobaltable(L);
    lua_insert(L, 1);
    lua_rawset(L, 1);
    return 0;
}

static int op_type(lua_State *L) {
    qlua_make_type(L);
    lua_pushinteger(L, luaL_ref(L, LUA_REGISTRYINDEX));
    return 1;
}

static int op_task(lua_State *L) {
    int count = lua_gettop(L);
    lua_State *task = lua_newthread(L);
    qlua_set_waiting(L, -1, 1); /* recipes never resume it themselves */
    luaL_checkstack(task, count + 1, "too many arguments");
    lua_pushcfunction(task, qlua_task_main);
    lua_insert(L, 1);
    lua_xmove(L, task, count);
    lua_pushinteger(L, (lua_Integer)(intptr_t)task);
    return 2;
}

static int op_text(lua_State *L) {
    luaL_tolstring(L, 1, NULL);
    return 1;
}

/* Leaves the table to list at the top, or returns 0. */
static int names_of(lua_State *L) {
    if (lua_istable(L, -1)) return 1;
    if (qlua_box_at(L, -1) == NULL) return 0;
    lua_getmetatable(L, -1);
    return lua_rawgetp(L, -1, &qlua_names_marker) == LUA_TTABLE;
}

static int op_names(lua_State *L) {
    int count = lua_gettop(L);
    lua_pushglobaltable(L);
    for (int i = 1; i <= count; i++) {
        if (!lua_istable(L, -1)) return 0;
        lua_pushvalue(L, i);
        lua_rawget(L, -2);
    }
    if (!names_of(L)) return 0;
    int table = lua_gettop(L);
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, table)) {
        if (lua_type(L, -2) == LUA_TSTRING) {
            lua_pushvalue(L, -2);
            lua_pushstring(L, luaL_typename(L, -2));
            lua_rawset(L, table + 1);
        }
        lua_pop(L, 1);
    }
    return 1;
}

static int op_argument(lua_State *L) { return lua_gettop(L); }

static const lua_CFunction operations[] = {
    [QLUA_OP_VALUES] = op_argument, [QLUA_OP_ARGUMENT] = op_argument, [QLUA_OP_LOAD] = op_load,
    [QLUA_OP_CALL] = op_call,       [QLUA_OP_INSTALL] = op_install,   [QLUA_OP_GLOBAL] = op_global,
    [QLUA_OP_TYPE] = op_type,       [QLUA_OP_TASK] = op_task,         [QLUA_OP_TEXT] = op_text,
    [QLUA_OP_NAMES] = op_names,     [QLUA_OP_PRELUDE] = qlua_prelude,
};

typedef struct {
    const qlua_request *request;
    qcursor cursor;
    qsink sink;
} qwork;

static int perform(lua_State *L) {
    qwork *work = lua_touserdata(L, 1);
    lua_remove(L, 1);
    while (work->cursor.at < work->cursor.end) qlua_decode(L, &work->cursor, 0);
    int count = operations[work->request->operation](L);
    for (int i = lua_gettop(L) - count + 1; i <= lua_gettop(L); i++) {
        qlua_encode(L, &work->sink, i, 0);
    }
    return 0;
}

typedef struct {
    qsink *sink;
    const void *identity;
} qfailure;

static int encode_failure(lua_State *L) {
    qfailure *failure = lua_touserdata(L, 2);
    failure->identity = lua_topointer(L, 1);
    qlua_encode_failure(L, failure->sink, 1);
    return 0;
}

static void keep_failure(lua_State *L, qsink *sink, qlua_request *request) {
    qfailure failure = {sink, NULL};
    qlua_discard(sink);
    lua_pushcfunction(L, encode_failure);
    lua_insert(L, -2);
    lua_pushlightuserdata(L, &failure);
    if (lua_pcall(L, 2, 0, 0) != LUA_OK) qlua_discard(sink);
    request->identity = failure.identity;
}

int32_t qlua_perform(qlua_state *Q, qlua_request *request) {
    lua_State *L = Q->running ? Q->running : Q->main;
    qwork work = {
        request,
        {Q, request->input, request->input + request->input_length},
        {Q, NULL, 0, 0, request->flags},
    };
    qactive saved = qlua_enter(Q, L);
    int top = lua_gettop(L), status = LUA_ERRMEM, count = 1;
    if (lua_checkstack(L, 8)) {
        lua_pushcfunction(L, qlua_on_error);
        lua_pushcfunction(L, perform);
        lua_pushlightuserdata(L, &work);
        if (request->operation == QLUA_OP_ARGUMENT) {
            lua_pushvalue(L, request->index);
            count = 2;
        }
        status = lua_pcall(L, count, 0, top + 1);
        qlua_release_rest(&work.cursor);
        if (status != LUA_OK) keep_failure(L, &work.sink, request);
        lua_settop(L, top);
    } else {
        qlua_release_rest(&work.cursor);
    }
    qlua_leave(Q, saved);
    request->output = work.sink.bytes;
    request->output_length = work.sink.length;
    return status == LUA_OK ? QLUA_DONE : QLUA_FAILED;
}
