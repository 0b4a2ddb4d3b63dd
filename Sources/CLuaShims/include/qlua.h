/* Lua for Swift, without lua.h: nothing declared here can raise a Lua error, so no longjmp ever
   crosses a Swift frame. Everything that may raise runs in C, inside a protected call or in a
   function that Lua itself called. */
#ifndef QLUA_H
#define QLUA_H

#include <stddef.h>
#include <stdint.h>

typedef struct qlua_state qlua_state;
/* A running coroutine, as the host sees it during a call. */
typedef struct qlua_frame qlua_frame;

/* Values as bytes, native byte order, unaligned. Each starts with its tag:
   string: u64 length, bytes
   table: u32 sequence length, u32 field count, the sequence, then keys and values in turn
   object: u64 host pointer, u64 identity (or QLUA_ERROR, QLUA_STOP), i32 type
   reference: u64 host pointer, i32 registry index, u8 Lua type
   primitive: u64 host pointer, u32 flags
   Towards Lua every host pointer carries one retain, which the shim consumes or gives back. From
   Lua objects are borrowed, and registry indices are the reader's to release. */
enum {
    QLUA_NIL, QLUA_FALSE, QLUA_TRUE, QLUA_INTEGER, QLUA_NUMBER, QLUA_STRING, QLUA_TABLE,
    QLUA_OBJECT, QLUA_REFERENCE, QLUA_PRIMITIVE
};

/* Identities of error objects, which are not looked up again. One that stops a task passes through
   pcall, xpcall, coroutine.resume and try_ functions. */
enum { QLUA_ERROR = 0, QLUA_STOP = 1 };

/* Flags of a primitive. */
enum {
    QLUA_METHOD = 1,   /* the first argument is the receiver */
    QLUA_TRY = 2,      /* returns nil, error instead of raising */
    QLUA_SUSPENDS = 4, /* may wait */
    QLUA_CLOSES = 8    /* is __close: where it cannot wait, the object is collected instead */
};

/* What host.call returns where it is not the number of results it has pushed. */
enum { QLUA_REPLY = -1, QLUA_SUSPEND = -2 };

/* What a primitive gives back: values, or one value to raise. */
typedef struct {
    int32_t raises;
    uint8_t *bytes; /* from malloc; freed by the shim */
    size_t length;
} qlua_reply;

typedef struct {
    int32_t (*call)(
        void *primitive, qlua_frame *frame, int32_t count, void *receiver, qlua_reply *reply);
    /* A wait that cannot be: fills in the error. `blocker` may be NULL. */
    void (*refuse)(void *primitive, const char *blocker, qlua_reply *reply);
    /* Gives one retain back. */
    void (*release)(void *object);
    /* The userdata is gone: collects the object and gives its retain back. */
    void (*collect)(void *object);
    /* Frames of an error being raised; `object` is the error's own, NULL for other values;
       `value` tells values apart. Record: source RS short source RS line RS name US. */
    void (*traced)(
        void *context, void *object, const void *value, const char *text, size_t length);
    /* Fills in the error of an interrupt. */
    void (*interrupted)(void *context, qlua_reply *reply);
    void (*warn)(void *context, const char *text, size_t length);
} qlua_host;

/* Makes a state; NULL where memory ran out. `failing` as in qlua_fail_allocation. */
qlua_state *qlua_new(const qlua_host *host, void *context, int64_t failing);
/* Closes it; objects are collected. */
void qlua_close(qlua_state *Q);
/* Makes the n-th allocation from now on and each later one fail; 0 for none. */
void qlua_fail_allocation(qlua_state *Q, int64_t countdown);
/* Bytes that Lua has allocated. */
int64_t qlua_allocated(qlua_state *Q);
/* Runs a full collection. */
void qlua_collect_garbage(qlua_state *Q);
/* Releases a registry index. */
void qlua_release_reference(qlua_state *Q, int32_t reference);

/* Arguments of a call in progress. Safe: none of these can raise. */
enum {
    QLUA_TYPE_NONE = -1, QLUA_TYPE_NIL, QLUA_TYPE_BOOLEAN, QLUA_TYPE_LIGHT, QLUA_TYPE_NUMBER,
    QLUA_TYPE_STRING, QLUA_TYPE_TABLE, QLUA_TYPE_FUNCTION, QLUA_TYPE_USERDATA, QLUA_TYPE_THREAD
};
int32_t qlua_type(qlua_frame *frame, int32_t index);
int32_t qlua_boolean(qlua_frame *frame, int32_t index);
/* 0 where the value is not an integer. */
int32_t qlua_integer(qlua_frame *frame, int32_t index, int64_t *value);
double qlua_number(qlua_frame *frame, int32_t index);
/* NULL where the value is not a string; valid during the call. */
const char *qlua_string(qlua_frame *frame, int32_t index, size_t *length);
/* The host pointer of an object of ours, borrowed; else NULL. */
void *qlua_object(qlua_frame *frame, int32_t index);
/* Results of a call in progress, at most 16 in all. */
void qlua_push_nil(qlua_frame *frame);
void qlua_push_boolean(qlua_frame *frame, int32_t value);
void qlua_push_integer(qlua_frame *frame, int64_t value);
void qlua_push_number(qlua_frame *frame, double value);
int32_t qlua_top(qlua_frame *frame);

enum {
    QLUA_OP_VALUES,   /* value... -> the same */
    QLUA_OP_ARGUMENT, /* -> the value at request.index of request.frame */
    QLUA_OP_LOAD,     /* source, chunk name -> function */
    QLUA_OP_CALL,     /* function, argument... -> result... */
    QLUA_OP_INSTALL,  /* name, table: its fields become fields of the global table `name` */
    QLUA_OP_GLOBAL,   /* name, value: sets a global */
    QLUA_OP_TYPE,     /* name, methods, getters, setters, tostring, close, unknown field, unset
                         field, names -> reference to a metatable */
    QLUA_OP_TASK,     /* function, argument... -> thread, its address */
    QLUA_OP_TEXT,     /* value -> tostring(value) */
    QLUA_OP_NAMES,    /* name... -> table of names and types at that path of globals */
    QLUA_OP_PRELUDE   /* list of folders: prepares require and load */
};
/* request.flags. Tables come back as references; a step is interrupted after a second. */
enum { QLUA_PIN_TABLES = 1, QLUA_BOUNDED = 2 };

typedef struct {
    int32_t operation;
    int32_t flags;
    const uint8_t *input;
    size_t input_length;
    qlua_frame *frame;
    int32_t index;
    uint8_t *output; /* from malloc, the caller's to free; NULL after a memory error */
    size_t output_length;
    const void *identity; /* of the raised value, as host.traced tells it */
} qlua_request;

enum { QLUA_DONE, QLUA_FAILED, QLUA_SUSPENDED };
/* Performs an operation in a protected call. After QLUA_FAILED the output is a reference to the
   raised value (nil for a plain one), then the value itself, its tostring for a foreign one. */
int32_t qlua_perform(qlua_state *Q, qlua_request *request);
/* Runs a task until it waits or ends; output as for qlua_perform. `reply` is consumed; it is what
   the wait gave, and NULL at the first step. */
int32_t qlua_step(
    qlua_state *Q, qlua_frame *task, qlua_reply *reply, qlua_request *outcome);
/* Gives back the host pointers in bytes that are not sent, and frees them. */
void qlua_drop(qlua_state *Q, uint8_t *bytes, size_t length);
/* Whether a userdata stands for the object of this identity. */
int32_t qlua_holds(qlua_state *Q, uint64_t identity);
/* Closes the variables of a coroutine that will not be resumed any more. */
void qlua_abandon(qlua_state *Q, qlua_frame *task);

/* Interrupts what runs in the state now; else marks it for qlua_take_interrupt. Any thread, and
   safe in a signal handler on the state's own. */
void qlua_interrupt(qlua_state *Q);
/* Whether an interrupt came that no running code has taken; clears it. */
int32_t qlua_take_interrupt(qlua_state *Q);
/* Leaves the stack of a call in progress unbalanced; for the test of the trap. */
void qlua_unbalance(qlua_frame *frame);

// The interpreter's own words: "Lua 5.4.4".
const char *qlua_release(void);

#endif
