/* pcall and xpcall that do not catch what stops a task: Ctrl-C must end
   `while true do pcall(f) end` too. What has to be done on the way out belongs into to-be-closed
   variables. */
#include "internal.h"

/* `extra`: values below the results. */
static int protected_ended(lua_State *L, int status, lua_KContext extra) {
    if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L) - (int)extra;
    if (qlua_is_stop(L, -1)) return lua_error(L);
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
}

static int protected_call(lua_State *L) {
    luaL_checkany(L, 1);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, protected_ended);
    return protected_ended(L, status, 0);
}

/* Upvalue: the recipe's handler, which could put another value in the place of what stops. */
static int handle(lua_State *L) {
    if (qlua_is_stop(L, 1)) return 1;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

/* function, handler, argument... */
static int protected_call_with_handler(lua_State *L) {
    int arguments = lua_gettop(L) - 2;
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, handle, 1);
    lua_replace(L, 2);
    lua_pushvalue(L, 1);
    lua_pushboolean(L, 1);
    lua_insert(L, 3);
    lua_insert(L, 4); /* function, handler, true, function, argument... */
    int status = lua_pcallk(L, arguments, LUA_MULTRET, 2, 2, protected_ended);
    return protected_ended(L, status, 2);
}

void qlua_open_protected(lua_State *L) {
    lua_pushcfunction(L, protected_call);
    lua_setglobal(L, "pcall");
    lua_pushcfunction(L, protected_call_with_handler);
    lua_setglobal(L, "xpcall");
}
