// The kernel's interface as far as the agent needs it. No system headers: a machine with only the
// Swift toolchain has none. Values from include/uapi of the kernel, as most architectures have
// them; the headers of the others say what they number for themselves.
#ifndef AGENT_LINUX_H
#define AGENT_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#include "arch/x86_64.h"
#elif defined(__i386__)
#include "arch/i386.h"
#elif defined(__aarch64__)
#include "arch/aarch64.h"
#elif defined(__arm__)
#include "arch/arm.h"
#elif defined(__riscv) && __riscv_xlen == 64
#include "arch/riscv64.h"
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#include "arch/powerpc64.h"
#elif defined(__s390x__)
#include "arch/s390x.h"
#elif defined(__mips64)
#include "arch/mips64.h"
#elif defined(__mips__)
#include "arch/mips.h"
#else
#error "no system call table for this architecture"
#endif

enum {
    O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_CLOEXEC = 02000000, O_PATH = 010000000,
    AT_FDCWD = -100, AT_REMOVEDIR = 0x200,
    F_SETFD = 2, FD_CLOEXEC = 1, F_SETFL = 4, F_SETPIPE_SZ = 1031,
    S_IFMT = 0170000, S_IFCHR = 0020000, S_IFDIR = 0040000, S_IFREG = 0100000,
    EPERM = 1, ENOENT = 2, EINTR = 4, EIO = 5, EAGAIN = 11, EACCES = 13, EEXIST = 17,
    ENOTDIR = 20, EISDIR = 21, EINVAL = 22, EPIPE = 32,
    POLLIN = 1, POLLOUT = 4, POLLERR = 8, POLLHUP = 16,
    SIGKILL = 9, SIGTERM = 15, WNOHANG = 1, CLOCK_REALTIME = 0, PROT_READ_WRITE = 3,
    MNT_DETACH = 2, FSOPEN_CLOEXEC = 1, FSCONFIG_CMD_CREATE = 6, FSMOUNT_CLOEXEC = 1,
    MODULE_INIT_COMPRESSED_FILE = 4, PR_SET_NAME = 15, STATX_TYPE = 1,
};

#ifndef HAS_OWN_NUMBERS
enum {
    O_CREAT = 0100, O_EXCL = 0200, O_NOCTTY = 0400, O_NONBLOCK = 04000, SIGCHLD = 17,
    SIGNAL_COUNT = 64, SIGNAL_SET_SIZE = 8, SIG_SETMASK = 2, MAP_PRIVATE_ANONYMOUS = 0x22,
    ENAMETOOLONG = 36,
};
#endif

#ifndef HAS_OWN_IOCTLS
enum {
    FIONREAD = 0x541b, TIOCSWINSZ = 0x5414, TCGETS = 0x5401, TCSETS = 0x5402,
    RNDADDENTROPY = 0x40085203, RNDRESEEDCRNG = 0x5207,
};
#endif

#ifndef HAS_OWN_TERMINAL
/// `c_cflag` for 115200 baud, 8 bits, receiver on, no modem lines; where `c_cc[VMIN]` is.
enum { TERMINAL_CONTROL = 010002 | 060 | 0200 | 04000, VMIN_OFFSET = 17 + 6 };
#endif

#ifndef HAS_OWN_ERRORS
static inline long usual_error(long error) { return error; }
#endif

// On 32 bits a file of 2 GiB cannot be opened without.
#ifndef O_LARGEFILE
#define O_LARGEFILE 0
#endif

struct timespec {
    int64_t seconds;
    int64_t nanoseconds;
};

/// A set of signals, as the kernel counts them.
struct signal_set {
    uint64_t words[SIGNAL_SET_SIZE / 8];
};

struct pollfd {
    int fd;
    short events;
    short revents;
};

struct dirent64 {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

/// `struct statx` up to the mode; the rest is room.
struct statx {
    uint32_t mask, block_size;
    uint64_t attributes;
    uint32_t links, uid, gid;
    uint16_t mode;
    uint8_t rest[256 - 30];
};

static inline long sys0(long number) { return syscall6(number, 0, 0, 0, 0, 0, 0); }

#define SYS1(n, a) syscall6(n, (long)(a), 0, 0, 0, 0, 0)
#define SYS2(n, a, b) syscall6(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define SYS3(n, a, b, c) syscall6(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define SYS4(n, a, b, c, d) syscall6(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define SYS5(n, a, b, c, d, e) syscall6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)

// Each returns what the kernel returns: a negative error number on failure.
static inline long sys_read(int fd, void *to, size_t size) { return SYS3(SYS_read, fd, to, size); }
static inline long sys_write(int fd, const void *from, size_t size)
{
    return SYS3(SYS_write, fd, from, size);
}
static inline long sys_close(int fd) { return SYS1(SYS_close, fd); }
static inline long sys_openat(int folder, const char *path, int flags, unsigned mode)
{
    return SYS4(SYS_openat, folder, path, flags | O_CLOEXEC | O_LARGEFILE, mode);
}
static inline long sys_ioctl(int fd, unsigned request, void *argument)
{
    return SYS3(SYS_ioctl, fd, request, argument);
}
static inline long sys_kill(long pid, int signal) { return SYS2(SYS_kill, pid, signal); }

#ifdef HAS_NO_FORK
static inline long sys_fork(void) { return SYS1(SYS_clone, SIGCHLD); }
#else
static inline long sys_fork(void) { return sys0(SYS_fork); }
#endif

/// A child in this very memory, its stack included, for which the caller stands still until it
/// executes a program or ends. The child may go on only into a function that does not return.
/// Under TCG this saves 1.2 ms of a command's 5 (copied page tables, and each page's first write).
#if defined(__x86_64__)
static inline long sys_vfork(void) { return sys0(SYS_vfork); }
#elif defined(HAS_NO_FORK)
static inline long sys_vfork(void)
{
    enum { CLONE_VM = 0x100, CLONE_VFORK = 0x4000 };
    return SYS1(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD);
}
#else
static inline long sys_vfork(void) { return sys_fork(); }
#endif

/// Private memory of zeroes.
static inline long sys_map(size_t size)
{
#if defined(HAS_MMAP_IN_MEMORY)
    unsigned long arguments[] = {0, size, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, ~0ul, 0};
    return SYS1(SYS_mmap, arguments);
#elif defined(HAS_MMAP2)
    return syscall6(SYS_mmap2, 0, (long)size, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
#else
    return syscall6(SYS_mmap, 0, (long)size, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
#endif
}

__attribute__((noreturn)) static inline void sys_exit(int code)
{
    for (;;) SYS1(SYS_exit_group, code);
}

static inline void sleep_milliseconds(unsigned milliseconds)
{
    struct timespec time = {milliseconds / 1000, (int64_t)(milliseconds % 1000) * 1000000};
    SYS5(SYS_ppoll, 0, 0, &time, 0, 0);
}

#endif
