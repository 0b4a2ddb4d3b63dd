/* Tracebacks of recipe frames. luaL_traceback searches package.loaded for each frame, which made
   it 90 % of the cost of an error; this one does not. */
#include "internal.h"

#include <stdio.h>

enum { MAX_FRAMES = 24, MAX_TEXT = 4096 };

static size_t append(char *text, size_t length, const char *part, char end) {
    size_t size = strlen(part);
    if (length + size + 1 >= MAX_TEXT) return 0;
    memcpy(text + length, part, size);
    text[length + size] = end;
    return length + size + 1;
}

/* Record: source RS short source RS line RS name US. */
static size_t append_frame(char *text, size_t length, const lua_Debug *record) {
    char line[16];
    snprintf(line, sizeof line, "%d", record->currentline);
    int is_main = record->what[0] == 'm';
    const char *name = record->name ? record->name : is_main ? "" : "?";
    /* A chunk's source may be its text; then the short form is what can be shown. */
    int named = record->source[0] == '@' || record->source[0] == '=';
    size_t at = append(text, length, named ? record->source + 1 : record->short_src, 30);
    if (at) at = append(text, at, record->short_src, 30);
    if (at) at = append(text, at, line, 30);
    if (at) at = append(text, at, name, 31);
    return at;
}

static size_t collect(lua_State *L, char *text) {
    lua_Debug record;
    size_t length = 0;
    int frames = 0;
    for (int level = 0; frames < MAX_FRAMES && lua_getstack(L, level, &record); level++) {
        lua_getinfo(L, "Sln", &record);
        if (record.what[0] == 'C' || strcmp(record.source, "=[qsh]") == 0) continue;
        size_t longer = append_frame(text, length, &record);
        if (longer == 0) break;
        length = longer;
        frames++;
    }
    return length;
}

/* The value of an error as far as it can be told from another one. */
static const void *identity(lua_State *L, int index) {
    return lua_topointer(L, index);
}

/* A program that wants to see the stack that an error leaves puts a function here. */
static void tell_failure(lua_State *L) {
    if (lua_getfield(L, LUA_REGISTRYINDEX, "qsh.failure") != LUA_TFUNCTION) return;
    lua_pushvalue(L, 1);
    lua_pcall(L, 1, 0, 0);
}

int qlua_on_error(lua_State *L) {
    char text[MAX_TEXT];
    qlua_state *Q = state_of(L);
    size_t length = collect(L, text);
    Q->host.traced(Q->context, NULL, identity(L, 1), text, length);
    tell_failure(L);
    lua_settop(L, 1);
    return 1;
}

/* An error object from Swift remembers where it was first raised. */
void qlua_trace_raise(lua_State *L) {
    qbox *box = qlua_box_at(L, -1);
    if (box == NULL || box->object == NULL || box->identity > QLUA_STOP) return;
    char text[MAX_TEXT];
    qlua_state *Q = state_of(L);
    size_t length = collect(L, text);
    Q->host.traced(Q->context, box->object, identity(L, -1), text, length);
}
