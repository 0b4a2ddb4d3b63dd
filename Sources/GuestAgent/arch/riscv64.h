// Linux on 64-bit RISC-V: system call numbers, the call itself and the entry point.
// Source: include/uapi/asm-generic/unistd.h and the RISC-V psABI.
#ifndef AGENT_ARCH_H
#define AGENT_ARCH_H

enum {
    SYS_dup3 = 24, SYS_fcntl = 25, SYS_ioctl = 29, SYS_mknodat = 33, SYS_mkdirat = 34,
    SYS_unlinkat = 35, SYS_umount2 = 39, SYS_mount = 40, SYS_chdir = 49,
    SYS_fchdir = 50, SYS_chroot = 51, SYS_fchmod = 52, SYS_openat = 56, SYS_close = 57,
    SYS_pipe2 = 59, SYS_getdents64 = 61, SYS_read = 63, SYS_write = 64, SYS_sendfile = 71,
    SYS_ppoll = 73, SYS_signalfd4 = 74, SYS_exit_group = 94,
    SYS_clock_settime = 112, SYS_kill = 129, SYS_rt_sigaction = 134, SYS_rt_sigprocmask = 135,
    SYS_setsid = 157, SYS_uname = 160, SYS_prctl = 167, SYS_getpid = 172, SYS_munmap = 215,
    SYS_clone = 220, SYS_execve = 221, SYS_mmap = 222, SYS_wait4 = 260, SYS_finit_module = 273,
    SYS_renameat = 276, SYS_statx = 291, SYS_fsopen = 430, SYS_fsconfig = 431,
    SYS_fsmount = 432, SYS_close_range = 436,
};

// It came after renameat(2): this is renameat2(2), whose flags come after the same arguments.
enum { O_DIRECTORY = 0200000 };
enum { ELF_MACHINE = 243 };

#define HAS_NO_FORK

static inline long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    register long a3 __asm__("a3") = d;
    register long a4 __asm__("a4") = e;
    register long a5 __asm__("a5") = f;
    __asm__ volatile("ecall"
                     : "+r"(a0)
                     : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
                     : "memory");
    return a0;
}

#define AGENT_ENTRY                                                                              \
    __asm__(".globl _start\n_start:\n li s0, 0\n li ra, 0\n mv a0, sp\n andi sp, sp, -16\n"      \
            " call agent_main\n")

#endif
