/* Host bytes to Lua values. */
#include "internal.h"

enum { MAX_DEPTH = 100 };

static void take(qcursor *cursor, void *to, size_t size) {
    memcpy(to, cursor->at, size);
    cursor->at += size;
}

static void decode_table(lua_State *L, qcursor *cursor, int depth) {
    uint32_t counts[2];
    take(cursor, counts, sizeof counts);
    if (depth >= MAX_DEPTH) luaL_error(L, "a table is nested more than %d deep", MAX_DEPTH);
    lua_createtable(L, (int)counts[0], (int)counts[1]);
    for (uint32_t i = 1; i <= counts[0]; i++) {
        qlua_decode(L, cursor, depth + 1);
        lua_rawseti(L, -2, i);
    }
    for (uint32_t i = 0; i < counts[1]; i++) {
        qlua_decode(L, cursor, depth + 1);
        qlua_decode(L, cursor, depth + 1);
        if (lua_isnil(L, -2)) lua_pop(L, 2);
        else lua_rawset(L, -3);
    }
}

/* Host pointers are passed in the bytes; the cursor moves past one only when it was adopted. */
static void decode_object(lua_State *L, qcursor *cursor) {
    struct { uint64_t object, identity; int32_t type; } __attribute__((packed)) fields;
    memcpy(&fields, cursor->at, sizeof fields);
    qlua_push_object(L, (void *)fields.object, fields.identity, fields.type);
    cursor->at += sizeof fields;
}

static void decode_reference(lua_State *L, qcursor *cursor) {
    struct { uint64_t object; int32_t index; uint8_t type; } __attribute__((packed)) fields;
    take(cursor, &fields, sizeof fields);
    lua_rawgeti(L, LUA_REGISTRYINDEX, fields.index);
    if (fields.object != 0) cursor->Q->host.release((void *)fields.object);
}

static void decode_primitive(lua_State *L, qcursor *cursor) {
    struct { uint64_t object; uint32_t flags; } __attribute__((packed)) fields;
    memcpy(&fields, cursor->at, sizeof fields);
    qlua_push_primitive(L, (void *)fields.object, fields.flags);
    cursor->at += sizeof fields;
}

static void decode_string(lua_State *L, qcursor *cursor) {
    uint64_t length;
    memcpy(&length, cursor->at, sizeof length);
    lua_pushlstring(L, (const char *)cursor->at + sizeof length, length);
    cursor->at += sizeof length + length;
}

/* Where one of these raises, the cursor stands on a tag's payload: a string's, which owns nothing,
   or a pointer's, which then is nobody's. release_rest must see the tag again. */
static void decode_tagged(lua_State *L, qcursor *cursor, uint8_t tag, int depth) {
    int64_t integer;
    double number;
    switch (tag) {
    case QLUA_FALSE: lua_pushboolean(L, 0); break;
    case QLUA_TRUE: lua_pushboolean(L, 1); break;
    case QLUA_INTEGER:
        take(cursor, &integer, sizeof integer);
        lua_pushinteger(L, integer);
        break;
    case QLUA_NUMBER:
        take(cursor, &number, sizeof number);
        lua_pushnumber(L, number);
        break;
    case QLUA_TABLE: decode_table(L, cursor, depth); break;
    case QLUA_REFERENCE: decode_reference(L, cursor); break;
    default: lua_pushnil(L); break;
    }
}

void qlua_decode(lua_State *L, qcursor *cursor, int depth) {
    luaL_checkstack(L, 8, "too many values");
    const uint8_t *start = cursor->at;
    uint8_t tag = *start;
    /* While these may raise, `at` stays on the tag. */
    if (tag == QLUA_OBJECT || tag == QLUA_PRIMITIVE || tag == QLUA_STRING) {
        qcursor inner = {cursor->Q, start + 1, cursor->end};
        if (tag == QLUA_OBJECT) decode_object(L, &inner);
        else if (tag == QLUA_PRIMITIVE) decode_primitive(L, &inner);
        else decode_string(L, &inner);
        cursor->at = inner.at;
        return;
    }
    cursor->at += 1;
    decode_tagged(L, cursor, tag, depth);
}

int qlua_decode_all(lua_State *L) {
    qcursor *cursor = lua_touserdata(L, 1);
    lua_settop(L, 0);
    while (cursor->at < cursor->end) qlua_decode(L, cursor, 0);
    return lua_gettop(L);
}

static size_t payload(uint8_t tag, const uint8_t *at) {
    uint64_t length;
    switch (tag) {
    case QLUA_INTEGER: case QLUA_NUMBER: case QLUA_TABLE: return 8;
    case QLUA_STRING: memcpy(&length, at, sizeof length); return sizeof length + length;
    case QLUA_OBJECT: return 20;
    case QLUA_REFERENCE: return 13;
    case QLUA_PRIMITIVE: return 12;
    default: return 0;
    }
}

/* Tags nest by counts only, so the rest can be walked in one line. */
void qlua_release_rest(qcursor *cursor) {
    while (cursor->at < cursor->end) {
        uint8_t tag = *cursor->at++;
        if (tag == QLUA_OBJECT || tag == QLUA_REFERENCE || tag == QLUA_PRIMITIVE) {
            uint64_t object;
            memcpy(&object, cursor->at, sizeof object);
            if (object != 0) cursor->Q->host.release((void *)object);
        }
        cursor->at += payload(tag, cursor->at);
    }
}

void qlua_drop(qlua_state *Q, uint8_t *bytes, size_t length) {
    qcursor cursor = {Q, bytes, bytes + length};
    qlua_release_rest(&cursor);
    free(bytes);
}

/* From Lua: the registry indices are what is owned. */
void qlua_discard(qsink *sink) {
    const uint8_t *at = sink->bytes, *end = sink->bytes + sink->length;
    while (at < end) {
        uint8_t tag = *at++;
        if (tag == QLUA_REFERENCE) {
            int32_t index;
            memcpy(&index, at + 8, sizeof index);
            qlua_release_reference(sink->Q, index);
        }
        at += payload(tag, at);
    }
    free(sink->bytes);
    sink->bytes = NULL;
    sink->length = sink->capacity = 0;
}
