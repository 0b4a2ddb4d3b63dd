// Restores a terminal in which a line was being edited when the process was killed.
#ifndef QPROMPT_GUARD_H
#define QPROMPT_GUARD_H

typedef struct qprompt_guard qprompt_guard;

// Starts the guard process; NULL where it cannot. The other calls take NULL and then do nothing.
// Forks: call it where a fork is allowed.
qprompt_guard *qprompt_guard_open(int descriptor, int has_escapes);
// Before the editor changes the terminal: its mode now is what will be restored.
void qprompt_guard_before(qprompt_guard *guard);
// The editor has changed the terminal.
void qprompt_guard_editing(qprompt_guard *guard);
// The editor has put the terminal back.
void qprompt_guard_away(qprompt_guard *guard);
// Sends the guard away and frees.
void qprompt_guard_close(qprompt_guard *guard);

#endif
