// The frames between the agent and qsh, numbered as in Sources/Runtime/GuestAgent/GuestFrame.swift,
// which describes them.
#ifndef AGENT_PROTOCOL_H
#define AGENT_PROTOCOL_H

enum frame_kind {
    FRAME_HELLO = 1,
    FRAME_START = 2,
    FRAME_INPUT = 3,
    FRAME_INPUT_END = 4,
    FRAME_SIGNAL = 5,
    FRAME_OUTPUT_CREDIT = 6,
    FRAME_CANCEL = 7,
    FRAME_SET_CLOCK = 8,
    FRAME_RESEED = 9,
    FRAME_RESIZE = 10,
    FRAME_PING = 11,
    FRAME_OUTPUT = 65,
    FRAME_ERROR_OUTPUT = 66,
    FRAME_EXIT = 67,
    FRAME_FAILED = 68,
    FRAME_INPUT_CREDIT = 69,
    FRAME_REPLY = 70,
};

enum task { TASK_RUN = 0, TASK_READ_FILE = 1, TASK_WRITE_FILE = 2 };

enum stage {
    STAGE_SPAWN = 1,
    STAGE_ROOT = 2,
    STAGE_DIRECTORY = 3,
    STAGE_EXECUTE = 4,
    STAGE_OPEN_FILE = 5,
    STAGE_READ_FILE = 6,
    STAGE_WRITE_FILE = 7,
};

enum {
    PROTOCOL_VERSION = 1,
    HEADER_SIZE = 12,
    PAYLOAD_LIMIT = 128 * 1024,
    INPUT_WINDOW = 256 * 1024,
    OUTPUT_WINDOW = 1024 * 1024,
};

#endif
