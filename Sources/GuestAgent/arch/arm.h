// Linux on 32-bit Arm (EABI): system call numbers, the call itself and the entry point.
// Source: arch/arm/tools/syscall.tbl and the AAPCS.
#ifndef AGENT_ARCH_H
#define AGENT_ARCH_H

// Those with times are the ones of 64-bit seconds, since Linux 5.1.
enum {
    SYS_fork = 2, SYS_read = 3, SYS_write = 4, SYS_close = 6, SYS_execve = 11, SYS_chdir = 12,
    SYS_getpid = 20, SYS_mount = 21, SYS_kill = 37, SYS_umount2 = 52, SYS_ioctl = 54,
    SYS_chroot = 61, SYS_setsid = 66, SYS_munmap = 91, SYS_fchmod = 94, SYS_wait4 = 114,
    SYS_uname = 122, SYS_fchdir = 133, SYS_prctl = 172, SYS_rt_sigaction = 174,
    SYS_rt_sigprocmask = 175, SYS_sendfile = 187, SYS_mmap2 = 192, SYS_getdents64 = 217,
    SYS_fcntl = 221, SYS_exit_group = 248, SYS_openat = 322, SYS_mkdirat = 323,
    SYS_mknodat = 324, SYS_unlinkat = 328, SYS_renameat = 329, SYS_signalfd4 = 355,
    SYS_dup3 = 358, SYS_pipe2 = 359, SYS_finit_module = 379, SYS_statx = 397,
    SYS_clock_settime = 404, SYS_ppoll = 414, SYS_fsopen = 430, SYS_fsconfig = 431,
    SYS_fsmount = 432, SYS_close_range = 436,
};

enum { O_DIRECTORY = 040000 };
enum { ELF_MACHINE = 40 };

#define HAS_MMAP2
#define O_LARGEFILE 0400000

static inline long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
    register long r7 __asm__("r7") = number;
    register long r0 __asm__("r0") = a;
    register long r1 __asm__("r1") = b;
    register long r2 __asm__("r2") = c;
    register long r3 __asm__("r3") = d;
    register long r4 __asm__("r4") = e;
    register long r5 __asm__("r5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(r0)
                     : "r"(r7), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5)
                     : "memory");
    return r0;
}

#define AGENT_ENTRY                                                                              \
    __asm__(".globl _start\n_start:\n mov fp, #0\n mov lr, #0\n mov r0, sp\n bic sp, sp, #7\n"   \
            " bl agent_main\n")

#endif
