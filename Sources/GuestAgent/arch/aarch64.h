// Linux on arm64: system call numbers, the call itself and the entry point.
// Source: include/uapi/asm-generic/unistd.h and the AAPCS64.
#ifndef AGENT_ARCH_H
#define AGENT_ARCH_H

enum {
    SYS_dup3 = 24, SYS_fcntl = 25, SYS_ioctl = 29, SYS_mknodat = 33, SYS_mkdirat = 34,
    SYS_unlinkat = 35, SYS_renameat = 38, SYS_umount2 = 39, SYS_mount = 40, SYS_chdir = 49,
    SYS_fchdir = 50, SYS_chroot = 51, SYS_fchmod = 52, SYS_openat = 56, SYS_close = 57,
    SYS_pipe2 = 59, SYS_getdents64 = 61, SYS_read = 63, SYS_write = 64, SYS_sendfile = 71,
    SYS_ppoll = 73, SYS_signalfd4 = 74, SYS_exit_group = 94,
    SYS_clock_settime = 112, SYS_kill = 129, SYS_rt_sigaction = 134, SYS_rt_sigprocmask = 135,
    SYS_setsid = 157, SYS_uname = 160, SYS_prctl = 167, SYS_getpid = 172, SYS_munmap = 215,
    SYS_clone = 220, SYS_execve = 221, SYS_mmap = 222, SYS_wait4 = 260, SYS_finit_module = 273,
    SYS_statx = 291, SYS_fsopen = 430, SYS_fsconfig = 431,
    SYS_fsmount = 432, SYS_close_range = 436,
};

enum { O_DIRECTORY = 040000 };
enum { ELF_MACHINE = 183 };

#define HAS_NO_FORK

static inline long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}

#define AGENT_ENTRY                                                                              \
    __asm__(".globl _start\n_start:\n mov x29, xzr\n mov x30, xzr\n mov x0, sp\n bl agent_main\n")

#endif
