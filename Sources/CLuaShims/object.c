/* Userdata that own Swift objects. */
#include "internal.h"

const char qlua_object_marker = 0, qlua_names_marker = 0;

/* Recipes can reach __gc and __close through the debug library, so every userdata is checked. */
qbox *qlua_box_at(lua_State *L, int index) {
    qbox *box = lua_touserdata(L, index);
    if (box == NULL || lua_islightuserdata(L, index) || !lua_getmetatable(L, index)) return NULL;
    int ours = lua_rawgetp(L, -1, &qlua_object_marker) != LUA_TNIL;
    lua_pop(L, 2);
    return ours ? box : NULL;
}

int qlua_is_stop(lua_State *L, int index) {
    qbox *box = qlua_box_at(L, index);
    return box != NULL && box->object != NULL && box->identity == QLUA_STOP;
}

void *qlua_object(qlua_frame *frame, int32_t index) {
    qbox *box = qlua_box_at((lua_State *)frame, index);
    return box ? box->object : NULL;
}

/* Takes over the retain of `object`, or raises without having taken it. */
static qbox *new_box(lua_State *L, void *object, uint64_t identity, int type) {
    qbox *box = lua_newuserdatauv(L, sizeof *box, 0);
    box->object = NULL;
    box->flags = 0;
    box->identity = identity;
    lua_rawgeti(L, LUA_REGISTRYINDEX, type);
    lua_setmetatable(L, -2);
    if (identity > QLUA_STOP) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, state_of(L)->objects);
        lua_pushvalue(L, -2);
        lua_rawsetp(L, -2, (void *)identity);
        lua_pop(L, 1);
    }
    box->object = object;
    return box;
}

void qlua_push_object(lua_State *L, void *object, uint64_t identity, int type) {
    qlua_state *Q = state_of(L);
    if (identity > QLUA_STOP) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, Q->objects);
        lua_rawgetp(L, -1, (void *)identity);
        lua_remove(L, -2);
        qbox *known = lua_touserdata(L, -1);
        /* One whose finalizer has run is empty. */
        if (known != NULL && known->object != NULL && known->identity == identity) {
            Q->host.release(object);
            return;
        }
        lua_pop(L, 1);
    }
    new_box(L, object, identity, type);
    /* Lua sees 40 bytes; what hangs on them in Swift (texts, a traceback, a cause) is about this
       much, and without being told the collector lets it pile up. */
    lua_gc(L, LUA_GCSTEP, 1);
}

int32_t qlua_holds(qlua_state *Q, uint64_t identity) {
    lua_State *L = Q->running ? Q->running : Q->main;
    if (!lua_checkstack(L, 2)) return 1;
    lua_rawgeti(L, LUA_REGISTRYINDEX, Q->objects);
    lua_rawgetp(L, -1, (void *)identity);
    qbox *box = lua_touserdata(L, -1);
    int holds = box != NULL && box->object != NULL;
    lua_pop(L, 2);
    return holds;
}

static int object_gc(lua_State *L) {
    qbox *box = qlua_box_at(L, 1);
    if (box == NULL || box->object == NULL) return 0;
    void *object = box->object;
    box->object = NULL;
    state_of(L)->host.collect(object);
    return 0;
}

/* (self, key); upvalues: methods, getters, the function for unknown keys */
static int object_index(lua_State *L) {
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_call(L, 1, 1);
        return 1;
    }
    lua_pushvalue(L, lua_upvalueindex(3));
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 2);
    lua_call(L, 2, 1);
    return 1;
}

/* (self, key, value); upvalues: setters, the function for other keys */
static int object_newindex(lua_State *L) {
    lua_settop(L, 3);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_pushvalue(L, 3);
        lua_call(L, 2, 0);
        return 0;
    }
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 2);
    lua_call(L, 2, 0);
    return 0;
}

/* name, methods, getters, setters, tostring, close, unknown field, unset field, names */
int qlua_make_type(lua_State *L) {
    lua_settop(L, 9);
    lua_createtable(L, 0, 10);
    lua_pushvalue(L, 1);
    lua_setfield(L, 10, "__name");
    lua_pushvalue(L, 1);
    lua_setfield(L, 10, "__metatable");
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 3);
    lua_pushvalue(L, 7);
    lua_pushcclosure(L, object_index, 3);
    lua_setfield(L, 10, "__index");
    lua_pushvalue(L, 4);
    lua_pushvalue(L, 8);
    lua_pushcclosure(L, object_newindex, 2);
    lua_setfield(L, 10, "__newindex");
    lua_pushvalue(L, 5);
    lua_setfield(L, 10, "__tostring");
    lua_pushvalue(L, 6);
    lua_setfield(L, 10, "__close");
    lua_pushcfunction(L, object_gc);
    lua_setfield(L, 10, "__gc");
    lua_pushvalue(L, 9);
    lua_rawsetp(L, 10, &qlua_names_marker);
    lua_pushboolean(L, 1);
    lua_rawsetp(L, 10, &qlua_object_marker);
    return 1;
}
