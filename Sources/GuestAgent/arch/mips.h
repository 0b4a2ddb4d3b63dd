// Linux on 32-bit MIPS (o32): system call numbers, the call itself and the entry point.
// Source: arch/mips/kernel/syscalls/syscall_o32.tbl.
#ifndef AGENT_ARCH_H
#define AGENT_ARCH_H

#include "mips_common.h"

// Those with times are the ones of 64-bit seconds, since Linux 5.1.
enum {
    SYS_fork = 4002, SYS_read = 4003, SYS_write = 4004, SYS_close = 4006, SYS_execve = 4011,
    SYS_chdir = 4012, SYS_getpid = 4020, SYS_mount = 4021, SYS_kill = 4037, SYS_umount2 = 4052,
    SYS_ioctl = 4054, SYS_chroot = 4061, SYS_setsid = 4066, SYS_munmap = 4091,
    SYS_fchmod = 4094, SYS_wait4 = 4114, SYS_uname = 4122, SYS_fchdir = 4133, SYS_prctl = 4192,
    SYS_rt_sigaction = 4194, SYS_rt_sigprocmask = 4195, SYS_sendfile = 4207, SYS_mmap2 = 4210,
    SYS_getdents64 = 4219, SYS_fcntl = 4220, SYS_exit_group = 4246, SYS_openat = 4288,
    SYS_mkdirat = 4289, SYS_mknodat = 4290, SYS_unlinkat = 4294, SYS_renameat = 4295,
    SYS_signalfd4 = 4324, SYS_dup3 = 4327, SYS_pipe2 = 4328, SYS_finit_module = 4348,
    SYS_statx = 4366, SYS_clock_settime = 4404, SYS_ppoll = 4414, SYS_fsopen = 4430,
    SYS_fsconfig = 4431, SYS_fsmount = 4432, SYS_close_range = 4436,
};

#define HAS_MMAP2
#define O_LARGEFILE 0x2000

// The fifth and the sixth argument are on the stack; an error is told by $7 beside a positive
// number.
static inline long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
    register long v0 __asm__("$2") = number;
    register long a0 __asm__("$4") = a;
    register long a1 __asm__("$5") = b;
    register long a2 __asm__("$6") = c;
    register long a3 __asm__("$7") = d;
    register long fifth __asm__("$8") = e;
    register long sixth __asm__("$9") = f;
    __asm__ volatile(".set noreorder\n subu $29, $29, 32\n sw %2, 16($29)\n sw %3, 20($29)\n"
                     "syscall\n addiu $29, $29, 32\n .set reorder"
                     : "+r"(v0), "+r"(a3), "+r"(fifth), "+r"(sixth)
                     : "r"(a0), "r"(a1), "r"(a2)
                     : "$1", "$3", "$10", "$11", "$12", "$13", "$14", "$15", "$24", "$25", "hi",
                       "lo", "memory");
    return a3 ? -v0 : v0;
}

#define AGENT_ENTRY                                                                              \
    __asm__(".globl _start\n.set noreorder\n_start:\n move $4, $29\n addiu $29, $29, -32\n"      \
            " move $31, $0\n jal agent_main\n nop\n.set reorder\n")

#endif
