/* Calls from Lua into Swift: the only place that raises what Swift throws. */
#include "internal.h"

static qbox *primitive_of(lua_State *L) { return lua_touserdata(L, lua_upvalueindex(1)); }

static int raise_or_return(lua_State *L, uint32_t flags) {
    if ((flags & QLUA_TRY) && !qlua_is_stop(L, -1)) {
        qlua_trace_raise(L);
        lua_pushnil(L);
        lua_insert(L, -2);
        return 2;
    }
    qlua_trace_raise(L);
    return lua_error(L);
}

/* Decodes in a protected call, so that the bytes are freed and what nobody adopted is given back
   also where memory runs out. */
int qlua_deliver(lua_State *L, qlua_reply *reply, uint32_t flags) {
    int top = lua_gettop(L);
    qcursor cursor = {state_of(L), reply->bytes, reply->bytes + reply->length};
    lua_pushcfunction(L, qlua_decode_all);
    lua_pushlightuserdata(L, &cursor);
    int status = lua_pcall(L, 1, LUA_MULTRET, 0);
    qlua_release_rest(&cursor);
    free(reply->bytes);
    reply->bytes = NULL;
    if (status != LUA_OK) return lua_error(L);
    if (reply->raises) return raise_or_return(L, flags);
    return lua_gettop(L) - top;
}

static int after_wait(lua_State *L, int status, lua_KContext flags) {
    (void)status;
    qlua_state *Q = state_of(L);
    if (Q->reply == NULL) return luaL_error(L, "cannot resume: this coroutine lost its wait");
    qlua_reply reply = *Q->reply;
    Q->reply = NULL;
    return qlua_deliver(L, &reply, (uint32_t)flags);
}

static int can_be_suspended(const char *name) {
    return name != NULL && (strcmp(name, "pcall") == 0 || strcmp(name, "xpcall") == 0);
}

/* The C function that keeps the running coroutine from being suspended. */
static const char *blocker(lua_State *L, lua_Debug *record) {
    for (int level = 0; lua_getstack(L, level, record); level++) {
        lua_getinfo(L, "Sn", record);
        if (strcmp(record->namewhat, "metamethod") == 0 && record->name != NULL
            && strcmp(record->name, "__gc") == 0) return "__gc";
        if (level > 0 && record->what[0] == 'C' && !can_be_suspended(record->name)) {
            return record->name;
        }
    }
    return NULL;
}

static int refuse(lua_State *L, qbox *box) {
    qlua_state *Q = state_of(L);
    lua_Debug record;
    qlua_reply reply = {0};
    Q->host.refuse(box->object, blocker(L, &record), &reply);
    reply.raises = 1;
    return qlua_deliver(L, &reply, box->flags);
}

static int cannot_wait(lua_State *L, qbox *box) {
    if (!(box->flags & QLUA_CLOSES)) return refuse(L, box);
    qbox *object = qlua_box_at(L, 1);
    if (object != NULL && object->object != NULL) {
        void *pointer = object->object;
        object->object = NULL;
        state_of(L)->host.collect(pointer);
    }
    return 0;
}

#ifdef DEBUG
static void check_balance(lua_State *L, int expected) {
    if (lua_gettop(L) != expected) __builtin_trap();
}
#else
#define check_balance(L, expected) ((void)0)
#endif

static int trampoline(lua_State *L) {
    qbox *box = primitive_of(L);
    qlua_state *Q = state_of(L);
    uint32_t flags = box->flags;
    if (box->object == NULL) return luaL_error(L, "cannot call: the state is being closed");
    if ((flags & QLUA_SUSPENDS) && (Q->blocked > 0 || Q->task == NULL || !lua_isyieldable(L))) {
        return cannot_wait(L, box);
    }
    qlua_reply reply = {0};
    int count = lua_gettop(L);
    void *receiver = NULL;
    if (flags & QLUA_METHOD) {
        qbox *object = qlua_box_at(L, 1);
        if (object != NULL) receiver = object->object;
    }
    int32_t result = Q->host.call(box->object, (qlua_frame *)L, count, receiver, &reply);
    check_balance(L, count + (result > 0 ? result : 0));
    if (result >= 0) return result;
    if (result == QLUA_REPLY) return qlua_deliver(L, &reply, flags);
    Q->suspended = 1;
    return lua_yieldk(L, 0, (lua_KContext)flags, after_wait);
}

static int primitive_gc(lua_State *L) {
    qbox *box = lua_touserdata(L, 1);
    if (box == NULL || box->object == NULL) return 0;
    void *object = box->object;
    box->object = NULL;
    state_of(L)->host.release(object);
    return 0;
}

void qlua_open_primitives(lua_State *L) {
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, primitive_gc);
    lua_setfield(L, -2, "__gc");
    state_of(L)->primitives = luaL_ref(L, LUA_REGISTRYINDEX);
}

void qlua_push_primitive(lua_State *L, void *primitive, uint32_t flags) {
    qbox *box = lua_newuserdatauv(L, sizeof *box, 0);
    box->object = NULL;
    box->flags = flags;
    lua_rawgeti(L, LUA_REGISTRYINDEX, state_of(L)->primitives);
    lua_setmetatable(L, -2);
    lua_pushcclosure(L, trampoline, 1);
    /* Only now can nothing fail any more. */
    box->object = primitive;
}

int32_t qlua_type(qlua_frame *frame, int32_t index) {
    return lua_type((lua_State *)frame, index);
}

int32_t qlua_boolean(qlua_frame *frame, int32_t index) {
    return lua_toboolean((lua_State *)frame, index);
}

int32_t qlua_integer(qlua_frame *frame, int32_t index, int64_t *value) {
    lua_State *L = (lua_State *)frame;
    if (!lua_isinteger(L, index)) return 0;
    *value = lua_tointeger(L, index);
    return 1;
}

double qlua_number(qlua_frame *frame, int32_t index) {
    lua_State *L = (lua_State *)frame;
    return lua_type(L, index) == LUA_TNUMBER ? lua_tonumber(L, index) : 0;
}

const char *qlua_string(qlua_frame *frame, int32_t index, size_t *length) {
    lua_State *L = (lua_State *)frame;
    return lua_type(L, index) == LUA_TSTRING ? lua_tolstring(L, index, length) : NULL;
}

void qlua_push_nil(qlua_frame *frame) { lua_pushnil((lua_State *)frame); }
void qlua_push_boolean(qlua_frame *frame, int32_t value) {
    lua_pushboolean((lua_State *)frame, value);
}
void qlua_push_integer(qlua_frame *frame, int64_t value) {
    lua_pushinteger((lua_State *)frame, value);
}
void qlua_push_number(qlua_frame *frame, double value) {
    lua_pushnumber((lua_State *)frame, value);
}
int32_t qlua_top(qlua_frame *frame) { return lua_gettop((lua_State *)frame); }
void qlua_unbalance(qlua_frame *frame) { lua_pushnil((lua_State *)frame); }
