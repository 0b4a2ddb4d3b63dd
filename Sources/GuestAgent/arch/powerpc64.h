// Linux on 64-bit POWER, little-endian: system call numbers, the call itself and the entry point.
// Source: arch/powerpc/kernel/syscalls/syscall.tbl, Documentation/arch/powerpc/syscall64-abi.rst
// and the ELFv2 ABI.
#ifndef AGENT_ARCH_H
#define AGENT_ARCH_H

enum {
    SYS_fork = 2, SYS_read = 3, SYS_write = 4, SYS_close = 6, SYS_execve = 11, SYS_chdir = 12,
    SYS_getpid = 20, SYS_mount = 21, SYS_kill = 37, SYS_umount2 = 52, SYS_ioctl = 54,
    SYS_fcntl = 55, SYS_chroot = 61, SYS_setsid = 66, SYS_mmap = 90, SYS_munmap = 91,
    SYS_fchmod = 94, SYS_wait4 = 114, SYS_uname = 122, SYS_fchdir = 133, SYS_prctl = 171,
    SYS_rt_sigaction = 173, SYS_rt_sigprocmask = 174, SYS_sendfile = 186,
    SYS_getdents64 = 202, SYS_exit_group = 234, SYS_clock_settime = 245, SYS_ppoll = 281,
    SYS_openat = 286, SYS_mkdirat = 287, SYS_mknodat = 288, SYS_unlinkat = 292,
    SYS_renameat = 293, SYS_signalfd4 = 313, SYS_dup3 = 316, SYS_pipe2 = 317,
    SYS_finit_module = 353, SYS_statx = 383, SYS_fsopen = 430, SYS_fsconfig = 431,
    SYS_fsmount = 432, SYS_close_range = 436,
};

enum { O_DIRECTORY = 040000 };
enum { ELF_MACHINE = 21 };

// include/uapi/asm/ioctl.h and ioctls.h: the direction takes three bits here, and the terminal's
// calls have sizes.
#define HAS_OWN_IOCTLS
enum {
    FIONREAD = 0x4004667f, TIOCSWINSZ = 0x80087467, TCGETS = 0x402c7413, TCSETS = 0x802c7414,
    RNDADDENTROPY = 0x80085203, RNDRESEEDCRNG = 0x20005207,
};

// include/uapi/asm/termbits.h: 115200 baud, 8 bits, receiver on, no modem lines.
#define HAS_OWN_TERMINAL
enum { TERMINAL_CONTROL = 0021 | 001400 | 004000 | 0100000, VMIN_OFFSET = 16 + 5 };

static inline long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
    register long r0 __asm__("r0") = number;
    register long r3 __asm__("r3") = a;
    register long r4 __asm__("r4") = b;
    register long r5 __asm__("r5") = c;
    register long r6 __asm__("r6") = d;
    register long r7 __asm__("r7") = e;
    register long r8 __asm__("r8") = f;
    __asm__ volatile("sc\n bns+ 1f\n neg %1, %1\n1:"
                     : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7), "+r"(r8)
                     :
                     : "r9", "r10", "r11", "r12", "cr0", "ctr", "xer", "lr", "memory");
    return r3;
}

// The table of contents is found from where the code runs, as a function's global entry does.
#define AGENT_ENTRY                                                                              \
    __asm__(".globl _start\n_start:\n mr 3, 1\n clrrdi 1, 1, 4\n li 0, 0\n stdu 0, -32(1)\n"     \
            " bl 1f\n1: mflr 2\n addis 2, 2, (.TOC.-1b)@ha\n addi 2, 2, (.TOC.-1b)@l\n"          \
            " mtlr 0\n bl agent_main\n nop\n")

#endif
