#include "link.h"
#include "command.h"
#include "control.h"
#include "text.h"
#include "wire.h"

enum {
    IN_SIZE = HEADER_SIZE + PAYLOAD_LIMIT,
    OUT_SIZE = 384 * 1024,
    /// Kept free of output, for the short frames of one round.
    OUT_RESERVE = 16 * 1024,
    HELLO_SIZE = 28,
};

static const uint8_t magic[16] = {
    0x9f, 0x71, 0x73, 0x68, 0x2d, 0x61, 0x67, 0x65, 0x6e, 0x74, 0xf3, 0x0d, 0x0a, 0x1a, 0x00, 0xc5,
};

static int port;
static bool end_is_final;
static unsigned page_size;
static bool is_synced, has_session, host_is_away;
/// Whether complete frames wait in `in` because their answers had no room.
static bool is_held_up;
static bool is_ready;
static uint64_t session;
static int away_pause;
static uint8_t in[IN_SIZE], out[OUT_SIZE];
static size_t in_length, out_start, out_length;

static uint32_t load32(const uint8_t *from)
{
    uint32_t value;
    memcpy(&value, from, 4);
    return wire32(value);
}

static void store32(uint8_t *to, uint32_t value)
{
    value = wire32(value);
    memcpy(to, &value, 4);
}

bool link_has_session(void) { return has_session; }

bool link_has_room(size_t size)
{
    return out_start + out_length + HEADER_SIZE + size + OUT_RESERVE <= OUT_SIZE;
}

uint8_t *link_payload(void) { return out + out_start + out_length + HEADER_SIZE; }

void link_commit(enum frame_kind kind, uint32_t id, uint32_t length)
{
    uint8_t *header = out + out_start + out_length;
    memcpy(header, "qsh", 3);
    header[3] = (uint8_t)kind;
    store32(header + 4, id);
    store32(header + 8, length);
    out_length += HEADER_SIZE + length;
}

void link_send(enum frame_kind kind, uint32_t id, unsigned count, uint32_t first, uint32_t second)
{
    if (out_start + out_length + HEADER_SIZE + 8 > OUT_SIZE) return;
    store32(link_payload(), first);
    store32(link_payload() + 4, second);
    link_commit(kind, id, count * 4);
}

static void say_hello(void)
{
    static struct {
        char system[65], node[65], release[65], version[65], machine[65], domain[65];
    } names;
    struct {
        uint8_t magic[16];
        uint64_t session;
        uint32_t version, page_size, pid, machine;
        char release[64];
        uint32_t is_ready;
    } hello;
    memset(&hello, 0, sizeof hello);
    memcpy(hello.magic, magic, sizeof magic);
    hello.session = session;
    hello.version = wire32(PROTOCOL_VERSION);
    hello.page_size = wire32(page_size);
    hello.pid = wire32((uint32_t)sys0(SYS_getpid));
    hello.machine = wire32(ELF_MACHINE);
    hello.is_ready = wire32(is_ready);
    if (SYS1(SYS_uname, &names) == 0) memcpy(hello.release, names.release, 63);
    if (out_start + out_length + HEADER_SIZE + sizeof hello > OUT_SIZE) return;
    memcpy(link_payload(), &hello, sizeof hello);
    link_commit(FRAME_HELLO, 0, sizeof hello);
}

void link_tell_ready(void)
{
    is_ready = true;
    if (has_session) say_hello();
}

static void lose_session(void)
{
    is_synced = false;
    has_session = false;
    session = 0;
    commands_cancel_all();
}

void link_start(int fd, bool is_final, unsigned size_of_page)
{
    port = fd;
    end_is_final = is_final;
    page_size = size_of_page;
    say_hello();
}

static void greet(const uint8_t *payload)
{
    uint64_t number;
    memcpy(&number, payload + 16, 8);
    if (!has_session || number != session) {
        commands_cancel_all();
        session = number;
        has_session = true;
    }
    say_hello();
}

/// Whether `length` bytes can be the start of a host's hello.
static bool could_be_hello(const uint8_t *bytes, size_t length)
{
    static const uint8_t start[HEADER_SIZE] = {'q', 's', 'h', FRAME_HELLO, 0, 0, 0, 0, HELLO_SIZE};
    size_t head = length < HEADER_SIZE ? length : HEADER_SIZE;
    size_t rest = length - head < sizeof magic ? length - head : sizeof magic;
    return memcmp(bytes, start, head) == 0 && memcmp(bytes + head, magic, rest) == 0;
}

static size_t skip_to_hello(size_t at)
{
    while (at < in_length && !could_be_hello(in + at, in_length - at)) at++;
    if (in_length - at >= HEADER_SIZE + HELLO_SIZE) is_synced = true;
    return at;
}

static bool handle_frame(const uint8_t *header, uint8_t *payload, uint32_t length)
{
    uint32_t id = load32(header + 4);
    switch (header[3]) {
    case FRAME_HELLO:
        if (length != HELLO_SIZE || memcmp(payload, magic, sizeof magic) != 0) return false;
        greet(payload);
        return true;
    case FRAME_START: return command_start(id, payload, length);
    case FRAME_INPUT: return command_input(id, payload, length);
    case FRAME_INPUT_END: command_input_end(id); return true;
    case FRAME_SIGNAL:
        if (length == 4) command_signal(id, (int)load32(payload));
        return length == 4;
    case FRAME_OUTPUT_CREDIT:
        if (length == 4) command_credit(id, load32(payload));
        return length == 4;
    case FRAME_CANCEL: command_cancel(id); return true;
    case FRAME_SET_CLOCK: case FRAME_RESEED: case FRAME_RESIZE: case FRAME_PING: {
        long error = control_request(header[3], payload, length);
        link_send(FRAME_REPLY, id, 1, (uint32_t)usual_error(-error), 0);
        return true;
    }
    default: return false;
    }
}

/// Handles the complete frames of the buffer, as long as their answers have room.
static void handle_input(void)
{
    size_t at = 0;
    for (;;) {
        if (!is_synced) at = skip_to_hello(at);
        if (!is_synced || in_length - at < HEADER_SIZE) break;
        if ((is_held_up = !link_has_room(0))) break;
        uint32_t length = load32(in + at + 8);
        bool is_frame = memcmp(in + at, "qsh", 3) == 0 && length <= PAYLOAD_LIMIT;
        if (is_frame && in_length - at < HEADER_SIZE + length) break;
        if (!is_frame || !handle_frame(in + at, in + at + HEADER_SIZE, length)) {
            lose_session();
            say_hello();
            at++;
            continue;
        }
        at += HEADER_SIZE + length;
    }
    if (at > 0) memmove(in, in + at, in_length -= at);
}

/// The host's side is closed: what was half read or not yet written is void.
static void leave_host(void)
{
    if (end_is_final) {
        commands_cancel_all();
        sys_exit(0);
    }
    if (!host_is_away) away_pause = 5;
    host_is_away = true;
    is_synced = false;
    has_session = false;
    is_held_up = false;
    in_length = out_start = out_length = 0;
}

int link_prepare(struct pollfd *slot)
{
    // A port whose host is away reports hang-up for ever, so it is looked at from time to time.
    slot->fd = host_is_away ? -1 : port;
    slot->events = (short)((link_has_room(0) ? POLLIN : 0) | (out_length > 0 ? POLLOUT : 0));
    if (is_held_up && link_has_room(0)) return 0;
    return host_is_away ? away_pause : -1;
}

void link_serve(const struct pollfd *slot)
{
    if (!host_is_away && !(slot->revents & (POLLIN | POLLHUP | POLLERR))) {
        if (is_held_up) handle_input();
        return;
    }
    // A virtio port gives at most one page a read.
    for (int round = 0; round < 64 && in_length < IN_SIZE; round++) {
        long count = sys_read(port, in + in_length, IN_SIZE - in_length);
        if (count == -EINTR) continue;
        if (count == -EAGAIN) {
            if (host_is_away) {
                host_is_away = false;
                session = 0;
                out_start = out_length = 0;
                say_hello();
            }
            break;
        }
        if (count <= 0) {
            leave_host();
            if (away_pause < 200) away_pause += away_pause;
            return;
        }
        host_is_away = false;
        in_length += (size_t)count;
    }
    handle_input();
}

void link_flush(void)
{
    while (out_length > 0 && !host_is_away) {
        long count = sys_write(port, out + out_start, out_length);
        if (count == -EINTR) continue;
        if (count == -EAGAIN) return;
        if (count < 0) return leave_host();
        out_start += (size_t)count;
        out_length -= (size_t)count;
    }
    out_start = 0;
}
