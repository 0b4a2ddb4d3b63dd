// Requests that start nothing: clock, randomness, window size.
#ifndef AGENT_CONTROL_H
#define AGENT_CONTROL_H

#include "linux.h"
#include "protocol.h"

/// Does what a frame asks; returns 0 or a negative error number.
long control_request(enum frame_kind kind, const uint8_t *payload, uint32_t length);

#endif
