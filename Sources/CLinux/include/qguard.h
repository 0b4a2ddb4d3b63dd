// A process that outlives its parent to restore the terminal.
#ifndef QGUARD_H
#define QGUARD_H

// Starts a guard, which calls `watch` with a pipe as descriptor 0, the terminal as descriptor 1 and
// nothing else open. It is no child of this process, has a session of its own and takes no signals.
// The pipe's end of file means that this process has ended. The write end, or -1 with errno.
int qguard_start(int terminal, void (*watch)(const void *context), const void *context, int *pid);

// Writes a message to the guard; -1 where it is gone.
int qguard_tell(int pipe, const void *message, unsigned long size);

#endif
