#include "internal.h"

#include <stdio.h>

static void *allocate(void *context, void *block, size_t old, size_t new) {
    qlua_state *Q = context;
    if (new == 0) {
        free(block);
        return NULL;
    }
    /* Lua collects garbage and tries once more, so a failure must last. */
    int grows = block == NULL || new > old;
    if (grows && Q->countdown > 0 && (Q->countdown == 1 || --Q->countdown == 0)) {
        Q->countdown = 1;
        return NULL;
    }
    return realloc(block, new);
}

/* Lua calls this where an error has no protected call around it, which is a defect of the shim. */
static int panic(lua_State *L) {
    const char *message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "not a string";
    fprintf(stderr, "internal error: unprotected Lua error: %s\n", message);
    return 0;
}

static void warn(void *context, const char *text, int more) {
    qlua_state *Q = context;
    if (!more && Q->warning == NULL && text[0] == '@') {
        if (strcmp(text, "@on") == 0) Q->warnings_on = 1;
        if (strcmp(text, "@off") == 0) Q->warnings_on = 0;
        return;
    }
    size_t length = strlen(text);
    char *grown = realloc(Q->warning, Q->warning_length + length + 1);
    if (grown == NULL) return;
    memcpy(grown + Q->warning_length, text, length + 1);
    Q->warning = grown;
    Q->warning_length += length;
    if (more) return;
    Q->warning = NULL;
    length = Q->warning_length;
    Q->warning_length = 0;
    if (Q->warnings_on) Q->host.warn(Q->context, grown, length);
    free(grown);
}

static int new_weak_table(lua_State *L, const char *mode) {
    lua_newtable(L);
    lua_newtable(L);
    lua_pushstring(L, mode);
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

static int open_state(lua_State *L) {
    qlua_state *Q = state_of(L);
    luaL_openlibs(L);
    Q->objects = new_weak_table(L, "v");
    Q->waiting = new_weak_table(L, "k");
    qlua_open_primitives(L);
    qlua_open_coroutines(L);
    qlua_open_protected(L);
    return 0;
}

qlua_state *qlua_new(const qlua_host *host, void *context, int64_t failing) {
    qlua_state *Q = calloc(1, sizeof *Q);
    if (Q == NULL) return NULL;
    Q->host = *host;
    Q->context = context;
    Q->thread = pthread_self();
    Q->warnings_on = 1;
    Q->countdown = failing;
    qlua_accept_interrupts();
    lua_State *L = Q->main = lua_newstate(allocate, Q);
    if (L == NULL) {
        free(Q);
        return NULL;
    }
    *(qlua_state **)lua_getextraspace(L) = Q;
    lua_atpanic(L, panic);
    lua_setwarnf(L, warn, Q);
    lua_pushcfunction(L, open_state);
    if (lua_pcall(L, 0, 0, 0) != LUA_OK) {
        qlua_close(Q);
        return NULL;
    }
    return Q;
}

void qlua_close(qlua_state *Q) {
    Q->countdown = 0;
    qactive saved = qlua_enter(Q, Q->main);
    lua_close(Q->main);
    qlua_leave(Q, saved);
    free(Q->warning);
    free(Q);
}

void qlua_fail_allocation(qlua_state *Q, int64_t countdown) { Q->countdown = countdown; }

int64_t qlua_allocated(qlua_state *Q) {
    return (int64_t)lua_gc(Q->main, LUA_GCCOUNT) * 1024 + lua_gc(Q->main, LUA_GCCOUNTB);
}

void qlua_collect_garbage(qlua_state *Q) {
    lua_State *L = Q->running ? Q->running : Q->main;
    qactive saved = qlua_enter(Q, L);
    lua_gc(L, LUA_GCCOLLECT);
    qlua_leave(Q, saved);
}

void qlua_release_reference(qlua_state *Q, int32_t reference) {
    if (lua_checkstack(Q->main, 2)) luaL_unref(Q->main, LUA_REGISTRYINDEX, reference);
}

const char *qlua_release(void) { return LUA_RELEASE; }
