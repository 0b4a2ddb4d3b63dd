// Linux on IBM Z: system call numbers, the call itself and the entry point.
// Source: arch/s390/kernel/syscalls/syscall.tbl and the s390x ELF ABI supplement.
#ifndef AGENT_ARCH_H
#define AGENT_ARCH_H

enum {
    SYS_fork = 2, SYS_read = 3, SYS_write = 4, SYS_close = 6, SYS_execve = 11, SYS_chdir = 12,
    SYS_getpid = 20, SYS_mount = 21, SYS_kill = 37, SYS_umount2 = 52, SYS_ioctl = 54,
    SYS_fcntl = 55, SYS_chroot = 61, SYS_setsid = 66, SYS_mmap = 90, SYS_munmap = 91,
    SYS_fchmod = 94, SYS_wait4 = 114, SYS_uname = 122, SYS_fchdir = 133, SYS_prctl = 172,
    SYS_rt_sigaction = 174, SYS_rt_sigprocmask = 175, SYS_sendfile = 187,
    SYS_getdents64 = 220, SYS_exit_group = 248, SYS_clock_settime = 259, SYS_openat = 288,
    SYS_mkdirat = 289, SYS_mknodat = 290, SYS_unlinkat = 294, SYS_renameat = 295,
    SYS_ppoll = 302, SYS_signalfd4 = 322, SYS_pipe2 = 325, SYS_dup3 = 326,
    SYS_finit_module = 344, SYS_statx = 379, SYS_fsopen = 430, SYS_fsconfig = 431,
    SYS_fsmount = 432, SYS_close_range = 436,
};

enum { O_DIRECTORY = 0200000 };
enum { ELF_MACHINE = 22 };

// Its mmap takes its six arguments in memory.
#define HAS_MMAP_IN_MEMORY

static inline long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
    register long r1 __asm__("r1") = number;
    register long r2 __asm__("r2") = a;
    register long r3 __asm__("r3") = b;
    register long r4 __asm__("r4") = c;
    register long r5 __asm__("r5") = d;
    register long r6 __asm__("r6") = e;
    register long r7 __asm__("r7") = f;
    __asm__ volatile("svc 0"
                     : "+d"(r2)
                     : "d"(r1), "d"(r3), "d"(r4), "d"(r5), "d"(r6), "d"(r7)
                     : "cc", "memory");
    return r2;
}

#define AGENT_ENTRY                                                                              \
    __asm__(".globl _start\n_start:\n lgr %r2, %r15\n aghi %r15, -160\n"                         \
            " xc 0(8,%r15), 0(%r15)\n brasl %r14, agent_main\n")

#endif
