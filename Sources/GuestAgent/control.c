#include "control.h"
#include "places.h"
#include "text.h"
#include "wire.h"

enum { ENTROPY_LIMIT = 512 };

static long set_clock(const uint8_t *payload, uint32_t length)
{
    struct timespec time;
    if (length != sizeof time) return -EINVAL;
    memcpy(&time, payload, sizeof time);
    time.seconds = (int64_t)wire64((uint64_t)time.seconds);
    time.nanoseconds = (int64_t)wire64((uint64_t)time.nanoseconds);
    return SYS2(SYS_clock_settime, CLOCK_REALTIME, &time);
}

static long reseed(const uint8_t *payload, uint32_t length)
{
    // struct rand_pool_info of include/uapi/linux/random.h
    struct {
        int bits, bytes;
        uint8_t entropy[ENTROPY_LIMIT];
    } pool;
    if (length > ENTROPY_LIMIT) return -EINVAL;
    pool.bits = (int)length * 8;
    pool.bytes = (int)length;
    memcpy(pool.entropy, payload, length);
    long fd = open_device("urandom", 1, 9, O_RDWR);
    if (fd < 0) return fd;
    long error = sys_ioctl((int)fd, RNDADDENTROPY, &pool);
    // Kernels before 4.14 have no such call; adding is all that can be done there.
    if (error == 0 && (error = sys_ioctl((int)fd, RNDRESEEDCRNG, 0)) == -EINVAL) error = 0;
    sys_close((int)fd);
    return error;
}

static long resize(const uint8_t *payload, uint32_t length)
{
    uint16_t size[4] = {0};
    if (length != 4) return -EINVAL;
    memcpy(size, payload, 4);
    size[0] = wire16(size[0]);
    size[1] = wire16(size[1]);
    long fd = open_device("console", 5, 1, O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) return fd;
    long error = sys_ioctl((int)fd, TIOCSWINSZ, size);
    sys_close((int)fd);
    return error;
}

long control_request(enum frame_kind kind, const uint8_t *payload, uint32_t length)
{
    switch (kind) {
    case FRAME_SET_CLOCK: return set_clock(payload, length);
    case FRAME_RESEED: return reseed(payload, length);
    case FRAME_RESIZE: return resize(payload, length);
    default: return 0;
    }
}
