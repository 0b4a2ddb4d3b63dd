/* The part of the bridge that is written in Lua. */
#include "internal.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const char source[] = {
#embed "prelude.lua"
};

/* list of folders */
int qlua_prelude(lua_State *L) {
    lua_settop(L, 1);
    if (luaL_loadbufferx(L, source, sizeof source, "=[qsh]", "t") != LUA_OK) return lua_error(L);
    lua_insert(L, 1);
    lua_call(L, 1, 0);
    return 0;
}
