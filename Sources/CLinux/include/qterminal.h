// Raw mode that is undone on every way out, `kill -9` included.
#ifndef QTERMINAL_H
#define QTERMINAL_H

typedef struct qterminal qterminal;

// Saves the terminal's mode and starts a guard process, which restores it where this process ends
// without qterminal_close. NULL with errno: ENOTTY, or EBUSY while another is open, since one
// terminal is all that a signal handler can restore.
//
// Forks: call it where a fork is allowed. The guard holds the terminal and one pipe, is no child
// of this process, and leaves a terminal alone whose mode somebody else has changed.
qterminal *qterminal_open(int descriptor);

// Sets raw mode, without dropping what was typed ahead; 0, or -1 with errno.
int qterminal_raw(qterminal *terminal);

// Puts back the saved mode, drops unread input, and undoes what a guest may have switched on:
// bracketed paste, mouse reports, a hidden cursor, colours, the application keypad. Nothing where
// the terminal is not raw, or is in the hands of another process group.
void qterminal_restore(qterminal *terminal);

// Restores, sends the guard away and frees.
void qterminal_close(qterminal *terminal);

// For a process about to end: restores the open terminal, if any, and sends the guard away.
// Async-signal-safe.
void qterminal_restore_active(void);

// The guard's process number, for tests.
int qterminal_guard_pid(const qterminal *terminal);

// A descriptor of the same terminal with an open file description of its own, non-blocking: flags
// set on an inherited description would hit every process that shares it. -1 with errno.
int qterminal_reopen(int descriptor);

// TIOCGWINSZ: 0, or -1 with errno.
int qterminal_size(int descriptor, int *rows, int *columns);

// TIOCSWINSZ, for tests: 0, or -1 with errno.
int qterminal_set_size(int descriptor, int rows, int columns);

// Makes a pseudo-terminal, closed on exec, whose slave is at `path`; the master, or -1 with errno.
int qterminal_pseudo(char *path, unsigned long size);

#endif
