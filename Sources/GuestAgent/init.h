// What the agent does as process 1, before it becomes the real init.
#ifndef AGENT_INIT_H
#define AGENT_INIT_H

#include "linux.h"

/// Loads the modules of /.qsh/modules.list, in order.
void load_modules(void);

/// Becomes /init, or the program that /.qsh/init names.
__attribute__((noreturn)) void become_init(char **arguments, char **environment);

/// Whether the guest's init has said that its root is set up, or is not going to say so.
bool root_is_ready(void);

#endif
