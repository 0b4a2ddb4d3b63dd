// Unix sockets in a folder, whatever the length of its name.
#ifndef QUNIX_H
#define QUNIX_H

#include <sys/types.h>

// Binds and listens at `folder`/`name`, which must not exist. Returns a descriptor that is
// close-on-exec and non-blocking, or -1 with errno.
int qunix_listen(const char *folder, const char *name);

// Connects to `folder`/`name`. Returns a descriptor as above, or -1 with errno.
int qunix_connect(const char *folder, const char *name);

// Takes one connection; -1 with errno where none waits or whoever asks is another user.
int qunix_accept(int listener);

// Sends a signal to `pid` if it is still a child of `parent`; -1 with ESRCH where it is not.
int qunix_signal_child(pid_t pid, pid_t parent, int number);

// A descriptor that is readable once the process has ended; -1 where there is none.
int qunix_pidfd(pid_t pid);

#endif
