// The table of operations, shared by the files that start, feed and end them.
#ifndef AGENT_COMMAND_STATE_H
#define AGENT_COMMAND_STATE_H

#include "command.h"
#include "protocol.h"

enum state {
    FREE,
    RUNNING,
    /// The child is gone; `left` says what it wrote and the host has not got yet.
    EXITED,
    /// Nobody waits for it any more; its child has still to be reaped.
    CANCELLED,
    /// Reported, but a background process has its outputs open: they are read and thrown away,
    /// since closing them would kill it with SIGPIPE.
    LINGERING,
};

struct command {
    enum state state;
    enum task task;
    uint32_t id;
    int pid, status;
    int input, outputs[2], report;
    bool input_ends;
    uint32_t owed_credit;
    int64_t output_credit;
    int left[2];
    uint8_t *queue;
    uint32_t queue_start, queue_length;
    short slot_input, slots[2];
};

extern struct command commands[COMMAND_LIMIT];
/// How many entries at the start of the table may be in use.
extern unsigned commands_used;

/// The operation that the host knows as `id`, or null.
struct command *command_find(uint32_t id);

/// A fresh entry, at the cost of one that lingers if need be; null where all are running.
struct command *command_take(void);

void command_release_input(struct command *command);
void command_release(struct command *command);

/// Tells the host how the operation ended, if there is room to say it now.
void command_report_end(struct command *command);

void close_end(int *fd);

#endif
