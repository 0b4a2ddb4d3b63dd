// The operations that run: their processes, pipes and credits.
#ifndef AGENT_COMMAND_H
#define AGENT_COMMAND_H

#include "linux.h"

enum {
    COMMAND_LIMIT = 192,
    /// Two outputs and an input each.
    COMMAND_POLL_SLOTS = 3 * COMMAND_LIMIT,
};

/// Each handles a frame; false means that the host broke the protocol.
bool command_start(uint32_t id, uint8_t *payload, uint32_t length);
bool command_input(uint32_t id, const uint8_t *bytes, uint32_t length);
void command_input_end(uint32_t id);
void command_signal(uint32_t id, int signal);
void command_credit(uint32_t id, uint32_t bytes);
void command_cancel(uint32_t id);

void commands_cancel_all(void);

/// Sets what to wait for; returns how many slots are in use.
unsigned commands_prepare(struct pollfd *slots);

/// Moves bytes and reports what has ended.
void commands_serve(const struct pollfd *slots);

/// Takes note of every child that has died.
void commands_reap(void);

#endif
