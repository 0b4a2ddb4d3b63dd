/* Lua values to host bytes. */
#include "internal.h"

enum { MAX_DEPTH = 100 };

static void reserve(lua_State *L, qsink *sink, size_t size) {
    if (sink->length + size <= sink->capacity) return;
    size_t capacity = (sink->capacity + size) * 2;
    uint8_t *grown = realloc(sink->bytes, capacity);
    if (grown == NULL) luaL_error(L, "not enough memory");
    sink->bytes = grown;
    sink->capacity = capacity;
}

static void put(qsink *sink, const void *from, size_t size) {
    memcpy(sink->bytes + sink->length, from, size);
    sink->length += size;
}

static void put_tag(lua_State *L, qsink *sink, uint8_t tag, size_t payload) {
    reserve(L, sink, payload + 1);
    put(sink, &tag, 1);
}

static void encode_reference(lua_State *L, qsink *sink, int index) {
    reserve(L, sink, 14);
    lua_pushvalue(L, index);
    struct { uint64_t object; int32_t index; uint8_t type; } __attribute__((packed)) fields = {
        0, luaL_ref(L, LUA_REGISTRYINDEX), (uint8_t)lua_type(L, index)};
    put_tag(L, sink, QLUA_REFERENCE, sizeof fields);
    put(sink, &fields, sizeof fields);
}

static void encode_box(lua_State *L, qsink *sink, qbox *box) {
    struct { uint64_t object, identity; int32_t type; } __attribute__((packed)) fields = {
        (uint64_t)box->object, box->identity, 0};
    put_tag(L, sink, QLUA_OBJECT, sizeof fields);
    put(sink, &fields, sizeof fields);
}

/* An object that cannot be looked up again (an error) keeps its identity as a reference. */
static void encode_userdata(lua_State *L, qsink *sink, int index) {
    qbox *box = qlua_box_at(L, index);
    if (box != NULL && box->object != NULL && box->identity > QLUA_STOP) encode_box(L, sink, box);
    else encode_reference(L, sink, index);
}

static void encode_number(lua_State *L, qsink *sink, int index) {
    if (lua_isinteger(L, index)) {
        lua_Integer value = lua_tointeger(L, index);
        put_tag(L, sink, QLUA_INTEGER, sizeof value);
        put(sink, &value, sizeof value);
    } else {
        lua_Number value = lua_tonumber(L, index);
        put_tag(L, sink, QLUA_NUMBER, sizeof value);
        put(sink, &value, sizeof value);
    }
}

static void encode_string(lua_State *L, qsink *sink, int index) {
    size_t length;
    const char *text = lua_tolstring(L, index, &length);
    uint64_t size = length;
    put_tag(L, sink, QLUA_STRING, sizeof size + length);
    put(sink, &size, sizeof size);
    put(sink, text, length);
}

static int is_in_sequence(lua_State *L, int index, lua_Unsigned length) {
    return lua_isinteger(L, index) && (lua_Unsigned)lua_tointeger(L, index) - 1 < length;
}

/* Keys that are not data have no meaning on the other side but their identity. */
static void encode_key(lua_State *L, qsink *sink, int index, int depth) {
    if (lua_istable(L, index)) encode_reference(L, sink, lua_absindex(L, index));
    else qlua_encode(L, sink, index, depth);
}

static void encode_table(lua_State *L, qsink *sink, int index, int depth) {
    if (depth >= MAX_DEPTH) {
        luaL_error(L, "a table contains itself, or is nested more than %d deep", MAX_DEPTH);
    }
    lua_Unsigned length = lua_rawlen(L, index);
    uint32_t counts[2] = {(uint32_t)length, 0};
    put_tag(L, sink, QLUA_TABLE, sizeof counts);
    size_t header = sink->length;
    put(sink, counts, sizeof counts);
    for (lua_Unsigned i = 1; i <= length; i++) {
        lua_rawgeti(L, index, (lua_Integer)i);
        qlua_encode(L, sink, -1, depth + 1);
        lua_pop(L, 1);
    }
    lua_pushnil(L);
    while (lua_next(L, index)) {
        if (!is_in_sequence(L, -2, length)) {
            encode_key(L, sink, -2, depth + 1);
            qlua_encode(L, sink, -1, depth + 1);
            counts[1]++;
        }
        lua_pop(L, 1);
    }
    memcpy(sink->bytes + header, counts, sizeof counts);
}

void qlua_encode(lua_State *L, qsink *sink, int index, int depth) {
    luaL_checkstack(L, 8, "a value is nested too deep");
    index = lua_absindex(L, index);
    switch (lua_type(L, index)) {
    case LUA_TNIL: case LUA_TNONE: put_tag(L, sink, QLUA_NIL, 0); break;
    case LUA_TBOOLEAN:
        put_tag(L, sink, lua_toboolean(L, index) ? QLUA_TRUE : QLUA_FALSE, 0);
        break;
    case LUA_TNUMBER: encode_number(L, sink, index); break;
    case LUA_TSTRING: encode_string(L, sink, index); break;
    case LUA_TUSERDATA: encode_userdata(L, sink, index); break;
    case LUA_TTABLE:
        if (sink->flags & QLUA_PIN_TABLES) encode_reference(L, sink, index);
        else encode_table(L, sink, index, depth);
        break;
    default: encode_reference(L, sink, index); break;
    }
}

static int to_text(lua_State *L) {
    luaL_tolstring(L, 1, NULL);
    return 1;
}

static void encode_foreign(lua_State *L, qsink *sink, int index) {
    if (luaL_getmetafield(L, index, "__tostring") != LUA_TNIL) {
        lua_pop(L, 1);
        lua_pushcfunction(L, to_text);
        lua_pushvalue(L, index);
        if (lua_pcall(L, 1, 1, 0) == LUA_OK) {
            encode_string(L, sink, -1);
            lua_pop(L, 1);
            return;
        }
        lua_pop(L, 1);
    }
    lua_pushfstring(L, "(an error object that is a %s)", luaL_typename(L, index));
    encode_string(L, sink, -1);
    lua_pop(L, 1);
}

void qlua_encode_failure(lua_State *L, qsink *sink, int index) {
    luaL_checkstack(L, 8, "no room for an error");
    index = lua_absindex(L, index);
    int type = lua_type(L, index);
    if (type <= LUA_TBOOLEAN || type == LUA_TNUMBER || type == LUA_TSTRING) {
        put_tag(L, sink, QLUA_NIL, 0);
        qlua_encode(L, sink, index, 0);
        return;
    }
    qbox *box = qlua_box_at(L, index);
    encode_reference(L, sink, index);
    if (box != NULL && box->object != NULL) encode_box(L, sink, box);
    else encode_foreign(L, sink, index);
}
