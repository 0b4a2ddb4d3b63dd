// Linux on 32-bit x86: system call numbers, the call itself and the entry point.
// Source: arch/x86/entry/syscalls/syscall_32.tbl and the i386 psABI.
#ifndef AGENT_ARCH_H
#define AGENT_ARCH_H

// Those with times are the ones of 64-bit seconds, since Linux 5.1.
enum {
    SYS_fork = 2, SYS_read = 3, SYS_write = 4, SYS_close = 6, SYS_execve = 11, SYS_chdir = 12,
    SYS_getpid = 20, SYS_mount = 21, SYS_kill = 37, SYS_umount2 = 52, SYS_ioctl = 54,
    SYS_chroot = 61, SYS_setsid = 66, SYS_munmap = 91, SYS_fchmod = 94, SYS_wait4 = 114,
    SYS_uname = 122, SYS_fchdir = 133, SYS_prctl = 172, SYS_rt_sigaction = 174,
    SYS_rt_sigprocmask = 175, SYS_sendfile = 187, SYS_mmap2 = 192, SYS_getdents64 = 220,
    SYS_fcntl = 221, SYS_exit_group = 252, SYS_openat = 295, SYS_mkdirat = 296,
    SYS_mknodat = 297, SYS_unlinkat = 301, SYS_renameat = 302, SYS_signalfd4 = 327,
    SYS_dup3 = 330, SYS_pipe2 = 331, SYS_finit_module = 350, SYS_statx = 383,
    SYS_clock_settime = 404, SYS_ppoll = 414, SYS_fsopen = 430, SYS_fsconfig = 431,
    SYS_fsmount = 432, SYS_close_range = 436,
};

enum { O_DIRECTORY = 0200000 };
enum { ELF_MACHINE = 3 };

#define HAS_MMAP2
#define O_LARGEFILE 0100000

// Six arguments need every register, the frame pointer's too, so the numbers come from memory.
static inline long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
    long arguments[6] = {a, b, c, d, e, f};
    long *place = arguments, result = number;
    __asm__ volatile("push %%ebx\n push %%esi\n push %%edi\n push %%ebp\n"
                     "mov (%1), %%ebx\n mov 8(%1), %%edx\n mov 12(%1), %%esi\n"
                     "mov 16(%1), %%edi\n mov 20(%1), %%ebp\n mov 4(%1), %%ecx\n"
                     "int $0x80\n"
                     "pop %%ebp\n pop %%edi\n pop %%esi\n pop %%ebx"
                     : "+a"(result), "+c"(place)
                     :
                     : "edx", "memory");
    return result;
}

#define AGENT_ENTRY                                                                              \
    __asm__(".globl _start\n_start:\n xor %ebp, %ebp\n mov %esp, %eax\n and $-16, %esp\n"        \
            " sub $12, %esp\n push %eax\n call agent_main\n")

#endif
