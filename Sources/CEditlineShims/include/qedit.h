// libedit's native interface for Swift: editline(3) is variadic, so each setting is a
// function here.
#ifndef QEDIT_H
#define QEDIT_H

#include <stddef.h>
#include <stdint.h>

typedef struct qedit qedit;

/// Texts that the callbacks return belong to the callee and stay valid until its next call.
typedef struct {
    void *context;
    /// Waits for the next byte of the terminal: 0..255, -1 at the end, -2 where the user
    /// interrupted.
    int (*read_byte)(void *context);
    /// Completes `line` (with the cursor at byte `cursor`): the text to insert, or NULL.
    const char *(*complete)(void *context, const char *line, size_t cursor);
    /// Enter was pressed: NULL where the text is a whole input, else what to insert, which starts
    /// with a newline.
    const char *(*enter)(void *context, const char *text);
    /// The input before (-1) or after (+1) the one that is shown, of which `text` is the present
    /// state; NULL where there is none.
    const char *(*recall)(void *context, int direction, const char *text);
    /// What an earlier input that starts with `text` goes on with, or NULL.
    const char *(*suggest)(void *context, const char *text);
    /// Fills in one style for each of the characters.
    void (*highlight)(void *context, const uint32_t *text, size_t count, uint8_t *styles);
} qedit_callbacks;

enum {
    QEDIT_PLAIN, QEDIT_KEYWORD, QEDIT_STRING, QEDIT_NUMBER, QEDIT_COMMENT, QEDIT_COMMAND,
    QEDIT_STYLES
};

typedef enum { QEDIT_LINE, QEDIT_END, QEDIT_INTERRUPTED } qedit_status;

/// Opens an editor on standard input and output; NULL where the terminal cannot be used.
///
/// `has_colour`: whether the callbacks `suggest` and `highlight` are used.
qedit *qedit_open(qedit_callbacks callbacks, int has_colour);
void qedit_close(qedit *editor);

/// Whether the terminal takes xterm's control sequences. Where it does not, an input is one line:
/// the callback `enter` is not called.
int qedit_has_escapes(const qedit *editor);

/// Reads one input. `*line` is valid until the next call and does not end in a newline.
///
/// `is_ready` is called once the terminal is in the editor's hands.
qedit_status qedit_read(
    qedit *editor, const char *prompt, void (*is_ready)(void *context), const char **line,
    size_t *length);

/// Adds an entry to the history of this session, for the incremental search.
void qedit_history_add(qedit *editor, const char *entry);

/// Takes the prompt and the line being typed off the screen, so that something else can be printed;
/// qedit_refresh follows. In a terminal without control sequences the line stays, cut short.
void qedit_hide(qedit *editor);
/// Puts the prompt and the line being typed on the screen again.
void qedit_refresh(qedit *editor);
/// Tells the editor that the window has another size.
void qedit_resize(qedit *editor);
/// Stops the process as SIGTSTP does, with the terminal as it was before the editing; goes on when
/// the process does.
void qedit_stop(qedit *editor);

#endif
