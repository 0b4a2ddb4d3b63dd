// What MIPS numbers differently from the other architectures, whatever its width.
// Source: arch/mips/include/uapi/asm of the kernel: fcntl.h, signal.h, mman.h, ioctls.h, errno.h.
#ifndef AGENT_MIPS_COMMON_H
#define AGENT_MIPS_COMMON_H

#define HAS_OWN_NUMBERS
enum {
    O_CREAT = 0x100, O_EXCL = 0x400, O_NOCTTY = 0x800, O_NONBLOCK = 0x80, O_DIRECTORY = 0200000,
    SIGCHLD = 18, SIGNAL_COUNT = 127, SIGNAL_SET_SIZE = 16, SIG_SETMASK = 3,
    MAP_PRIVATE_ANONYMOUS = 0x802, ENAMETOOLONG = 78,
};

#define HAS_OWN_IOCTLS
enum {
    FIONREAD = 0x467f, TIOCSWINSZ = 0x80087467, TCGETS = 0x540d, TCSETS = 0x540e,
    RNDADDENTROPY = 0x80085203, RNDRESEEDCRNG = 0x20005207,
};

#define HAS_OWN_TERMINAL
enum { TERMINAL_CONTROL = 010002 | 060 | 0200 | 04000, VMIN_OFFSET = 17 + 4 };

enum { ELF_MACHINE = 8 };

/// The usual number of an error, as the host knows it.
#define HAS_OWN_ERRORS
static inline long usual_error(long error)
{
    static const short pairs[][2] = {
        {45, 35}, {46, 37}, {78, 36}, {79, 75}, {89, 38}, {90, 40}, {93, 39}, {122, 95},
        {125, 98}, {145, 110}, {151, 116}, {1133, 122},
    };
    for (unsigned i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (pairs[i][0] == error) return pairs[i][1];
    return error;
}

/// MIPS's number of each usual signal from 1 to 31; there is no SIGSTKFLT.
#define HAS_OWN_SIGNALS
static const unsigned char own_signals[32] = {
    0, 1, 2, 3, 4, 5, 6, 10, 8, 9, 16, 11, 17, 13, 14, 15, 0, 18, 25, 23, 24, 26, 27, 21, 30, 31,
    28, 29, 20, 22, 19, 12,
};

#endif
