// Files in and out, by a child whose standard input or output is the file's content.
#include "child.h"
#include "text.h"

static uint8_t buffer[128 * 1024];

static long write_all(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        long count = sys_write(fd, bytes, size);
        if (count == -EINTR) continue;
        if (count < 0) return count;
        bytes += count;
        size -= (size_t)count;
    }
    return 0;
}

void transfer_read(const char *path)
{
    long fd = sys_openat(AT_FDCWD, path, O_RDONLY, 0);
    if (fd < 0) child_fail(fd, STAGE_OPEN_FILE);
    SYS3(SYS_fcntl, 1, F_SETPIPE_SZ, 512 * 1024);
    for (;;) {
        // Not every file can be spliced (procfs cannot); such a one is read.
        long count = SYS4(SYS_sendfile, 1, fd, 0, 1024 * 1024);
        if (count > 0 || count == -EINTR) continue;
        if (count != -EINVAL && count < 0) child_fail(count, STAGE_READ_FILE);
        count = sys_read((int)fd, buffer, sizeof buffer);
        if (count == -EINTR) continue;
        if (count < 0) child_fail(count, STAGE_READ_FILE);
        if (count == 0) return;
        if (write_all(1, buffer, (size_t)count) < 0) sys_exit(1);
    }
}

/// Whether the agent has said that the end of the input is the end of the file. If not, the copy
/// was cancelled, or the agent is dead.
static bool input_is_whole(void)
{
    uint8_t information[128];
    struct signal_set mask = {{1ull << (SIGNAL_WHOLE - 1)}};
    int signals = (int)SYS4(SYS_signalfd4, -1, &mask, sizeof mask, O_CLOEXEC | O_NONBLOCK);
    return sys_read(signals, information, sizeof information) == sizeof information;
}

/// Copies standard input to `fd`; returns 0 or the error.
static long copy_input(int fd)
{
    SYS3(SYS_fcntl, 0, F_SETPIPE_SZ, 512 * 1024);
    for (;;) {
        long count = sys_read(0, buffer, sizeof buffer);
        if (count == -EINTR) continue;
        if (count <= 0) return count;
        long error = write_all(fd, buffer, (size_t)count);
        if (error < 0) return error;
    }
}

/// Writes to a device or FIFO as it is. Such a write can last for ever, so SIGTERM ends it.
static void write_in_place(const char *path)
{
    struct signal_set mask;
    memset(&mask, 0xff, sizeof mask);
    mask.words[0] &= ~(1ull << (SIGTERM - 1));
    SYS4(SYS_rt_sigprocmask, SIG_SETMASK, &mask, 0, sizeof mask);
    long fd = sys_openat(AT_FDCWD, path, O_WRONLY, 0);
    if (fd < 0) child_fail(fd, STAGE_OPEN_FILE);
    long error = copy_input((int)fd);
    if (error < 0) child_fail(error, STAGE_WRITE_FILE);
}

void transfer_write(const char *path, unsigned mode)
{
    static char temporary[4096];
    static struct statx status;
    struct text text = TEXT(temporary);
    text_add(&text, path);
    text_add(&text, ".qsh-");
    text_add_number(&text, sys0(SYS_getpid));
    if (text.was_cut) child_fail(-ENAMETOOLONG, STAGE_OPEN_FILE);
    long known = SYS5(SYS_statx, AT_FDCWD, path, 0, STATX_TYPE, &status);
    unsigned type = known == 0 ? status.mode & S_IFMT : S_IFREG;
    if (type == S_IFDIR) child_fail(-EISDIR, STAGE_OPEN_FILE);
    if (type != S_IFREG) return write_in_place(path);
    long fd = sys_openat(AT_FDCWD, temporary, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0) child_fail(fd, STAGE_OPEN_FILE);
    long error = copy_input((int)fd);
    bool is_whole = error == 0 && input_is_whole();
    if (is_whole) error = SYS2(SYS_fchmod, fd, mode);
    if (is_whole && error == 0)
        error = SYS4(SYS_renameat, AT_FDCWD, temporary, AT_FDCWD, path);
    if (!is_whole || error < 0) SYS3(SYS_unlinkat, AT_FDCWD, temporary, 0);
    if (error < 0) child_fail(error, STAGE_WRITE_FILE);
    if (!is_whole) sys_exit(1);
}
