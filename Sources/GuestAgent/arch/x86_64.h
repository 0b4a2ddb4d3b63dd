// Linux on x86-64: system call numbers, the call itself and the entry point.
// Source: arch/x86/entry/syscalls/syscall_64.tbl and the x86-64 psABI, appendix A.2.
#ifndef AGENT_ARCH_H
#define AGENT_ARCH_H

enum {
    SYS_read = 0, SYS_write = 1, SYS_close = 3, SYS_mmap = 9, SYS_munmap = 11,
    SYS_rt_sigaction = 13, SYS_rt_sigprocmask = 14, SYS_ioctl = 16,
    SYS_getpid = 39, SYS_sendfile = 40, SYS_fork = 57, SYS_vfork = 58,
    SYS_execve = 59, SYS_wait4 = 61, SYS_kill = 62, SYS_uname = 63, SYS_fcntl = 72,
    SYS_chdir = 80, SYS_fchdir = 81, SYS_fchmod = 91,
    SYS_setsid = 112, SYS_prctl = 157, SYS_chroot = 161, SYS_mount = 165,
    SYS_umount2 = 166, SYS_getdents64 = 217, SYS_clock_settime = 227, SYS_exit_group = 231,
    SYS_openat = 257, SYS_mkdirat = 258, SYS_mknodat = 259, SYS_unlinkat = 263,
    SYS_renameat = 264, SYS_ppoll = 271, SYS_signalfd4 = 289, SYS_dup3 = 292, SYS_pipe2 = 293,
    SYS_finit_module = 313, SYS_statx = 332, SYS_fsopen = 430, SYS_fsconfig = 431,
    SYS_fsmount = 432, SYS_close_range = 436,
};

enum { O_DIRECTORY = 0200000 };
enum { ELF_MACHINE = 62 };

static inline long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

#define AGENT_ENTRY                                                                              \
    __asm__(".globl _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n"        \
            " call agent_main\n")

#endif
