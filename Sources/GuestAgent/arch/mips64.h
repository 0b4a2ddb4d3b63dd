// Linux on 64-bit MIPS (n64): system call numbers, the call itself and the entry point.
// Source: arch/mips/kernel/syscalls/syscall_n64.tbl.
#ifndef AGENT_ARCH_H
#define AGENT_ARCH_H

#include "mips_common.h"

enum {
    SYS_read = 5000, SYS_write = 5001, SYS_close = 5003, SYS_mmap = 5009, SYS_munmap = 5011,
    SYS_rt_sigaction = 5013, SYS_rt_sigprocmask = 5014, SYS_ioctl = 5015, SYS_getpid = 5038,
    SYS_sendfile = 5039, SYS_fork = 5056, SYS_execve = 5057, SYS_wait4 = 5059, SYS_kill = 5060,
    SYS_uname = 5061, SYS_fcntl = 5070, SYS_chdir = 5078, SYS_fchdir = 5079, SYS_fchmod = 5089,
    SYS_setsid = 5110, SYS_prctl = 5153, SYS_chroot = 5156, SYS_mount = 5160,
    SYS_umount2 = 5161, SYS_exit_group = 5205, SYS_clock_settime = 5221, SYS_openat = 5247,
    SYS_mkdirat = 5248, SYS_mknodat = 5249, SYS_unlinkat = 5253, SYS_renameat = 5254,
    SYS_ppoll = 5261, SYS_signalfd4 = 5283, SYS_dup3 = 5286, SYS_pipe2 = 5287,
    SYS_finit_module = 5307, SYS_getdents64 = 5308, SYS_statx = 5326, SYS_fsopen = 5430,
    SYS_fsconfig = 5431, SYS_fsmount = 5432, SYS_close_range = 5436,
};

// An error is told by $7 beside a positive number.
static inline long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
    register long v0 __asm__("$2") = number;
    register long a0 __asm__("$4") = a;
    register long a1 __asm__("$5") = b;
    register long a2 __asm__("$6") = c;
    register long a3 __asm__("$7") = d;
    register long a4 __asm__("$8") = e;
    register long a5 __asm__("$9") = f;
    __asm__ volatile("syscall"
                     : "+r"(v0), "+r"(a3)
                     : "r"(a0), "r"(a1), "r"(a2), "r"(a4), "r"(a5)
                     : "$1", "$3", "$10", "$11", "$12", "$13", "$14", "$15", "$24", "$25", "hi",
                       "lo", "memory");
    return a3 ? -v0 : v0;
}

#define AGENT_ENTRY                                                                              \
    __asm__(".globl _start\n.set noreorder\n_start:\n move $4, $29\n dsubu $29, $29, 16\n"       \
            " move $31, $0\n jal agent_main\n nop\n.set reorder\n")

#endif
