// The port to the host: frames in and out of one descriptor.
#ifndef AGENT_LINK_H
#define AGENT_LINK_H

#include "linux.h"
#include "protocol.h"

/// Starts on an open descriptor.
/// @param end_is_final whether end of file means that the agent's work is done; on a virtio port
///   it means that the host's side is closed for now.
void link_start(int fd, bool end_is_final, unsigned page_size);

/// Tells the host, now and whenever it says hello, that the guest's root is set up.
void link_tell_ready(void);

/// Whether a host has said hello since the port was last opened at its side.
bool link_has_session(void);

/// Sets what to wait for, and returns the longest wait in milliseconds, or -1.
int link_prepare(struct pollfd *slot);

/// Reads and handles what has arrived.
void link_serve(const struct pollfd *slot);

/// Writes what the port takes of the frames that wait.
void link_flush(void);

/// Whether there is room for `size` bytes of payload and some short frames.
bool link_has_room(size_t size);

/// Where the payload of the next frame may be put directly; `link_commit` makes it a frame.
uint8_t *link_payload(void);
void link_commit(enum frame_kind kind, uint32_t id, uint32_t length);

/// Queues a short frame of up to two numbers.
void link_send(enum frame_kind kind, uint32_t id, unsigned count, uint32_t first, uint32_t second);

#endif
