// What a child does between fork and the end of its task.
#ifndef AGENT_CHILD_H
#define AGENT_CHILD_H

#include "protocol.h"

struct child_request {
    enum task task;
    unsigned mode;
    const char *directory;
    char **arguments;
    char **environment;
};

/// Descriptors as the child has them; `report` takes an error number and a stage.
struct child_pipes {
    int input, output, error, report;
};

__attribute__((noreturn)) void child_run(const struct child_request *request,
                                         const struct child_pipes *pipes);

/// Sent to a child that writes a file, which has it blocked, before its input ends: an end without
/// it is no end of the file.
enum { SIGNAL_WHOLE = 10 };

/// Moves a file; returns when done and otherwise ends the process.
void transfer_read(const char *path);
void transfer_write(const char *path, unsigned mode);

/// Reports a failure to the agent and ends the process.
__attribute__((noreturn)) void child_fail(long error, enum stage stage);

#endif
