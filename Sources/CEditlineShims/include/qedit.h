// libedit's native interface for Swift: editline(3) is variadic, so each setting is a
// function here.
#ifndef QEDIT_H
#define QEDIT_H

#include <stddef.h>

typedef struct qedit qedit;

/// Waits for the next byte of the terminal: 0..255, -1 at the end, -2 where the user interrupted.
typedef int (*qedit_read_byte)(void *context);
/// Completes `line` (with the cursor at byte `cursor`): the text to insert, or NULL. The caller of
/// the callback does not free it; it must stay valid until the next call.
typedef const char *(*qedit_complete)(void *context, const char *line, size_t cursor);

typedef struct {
    void *context;
    qedit_read_byte read_byte;
    qedit_complete complete;
} qedit_callbacks;

typedef enum { QEDIT_LINE, QEDIT_END, QEDIT_INTERRUPTED } qedit_status;

/// Opens an editor on standard input and output; NULL where the terminal cannot be used.
qedit *qedit_open(qedit_callbacks callbacks);
void qedit_close(qedit *editor);

/// Reads one line. `*line` is valid until the next call and does not end in a newline.
qedit_status qedit_read(qedit *editor, const char *prompt, const char **line, size_t *length);

/// Adds an entry to the history of this session.
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
