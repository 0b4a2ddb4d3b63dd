// What the parts of the shim share.
#ifndef QEDIT_INTERNAL_H
#define QEDIT_INTERNAL_H

#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE
#include "qedit.h"

#include <histedit.h>
#include <wchar.h>

struct qedit {
    EditLine *line_editor;
    History *history;
    qedit_callbacks callbacks;
    const char *prompt;
    char *line;
    mbstate_t decoder;
    int interrupted;
    int has_escapes; // the terminal takes xterm's control sequences
    int has_colour;
    int shows_suggestion;
};

qedit *qedit_of(EditLine *line_editor);

// qedit_keys.c
void qedit_bind_keys(qedit *editor);

// qedit_screen.c: what libedit does not draw.
void qedit_decorate(qedit *editor);
void qedit_undecorate(qedit *editor);
// Goes to a row of its own: a line may have been printed without its end, or the terminal have
// echoed what was typed ahead.
void qedit_start_row(const qedit *editor);
// Leaves the cursor behind the input.
void qedit_leave(qedit *editor);

#endif
