#include "child.h"
#include "places.h"
#include "text.h"

static int report_pipe;

void child_fail(long error, enum stage stage)
{
    uint32_t words[2] = {(uint32_t)usual_error(-error), stage};
    sys_write(report_pipe, words, sizeof words);
    sys_exit(127);
}

static void write_file(const char *path, const char *text)
{
    long fd = sys_openat(places_proc(), path, O_WRONLY, 0);
    if (fd < 0) return;
    sys_write((int)fd, text, strlen(text));
    sys_close((int)fd);
}

/// Enters the root of process 1: after switch_root the agent's own is the abandoned one.
static void enter_root(void)
{
    long root = sys_openat(places_proc(), "1/root", O_PATH | O_DIRECTORY, 0);
    if (root == -ENOENT) return;
    if (root < 0) child_fail(root, STAGE_ROOT);
    long error = SYS1(SYS_fchdir, root);
    if (error == 0) error = SYS1(SYS_chroot, ".");
    if (error < 0) child_fail(error, STAGE_ROOT);
}

static const char *search_path(char **environment)
{
    for (; *environment; environment++)
        if (text_starts(*environment, "PATH=")) return *environment + 5;
    return "/usr/sbin:/usr/bin:/sbin:/bin";
}

/// execve(2) makes a new address space before it looks for the file, which costs ten times as much
/// as to look first.
static long try_execute(const char *path, char **arguments, char **environment)
{
    struct statx status;
    long error = SYS5(SYS_statx, AT_FDCWD, path, 0, STATX_TYPE, &status);
    if (error == -ENOENT || error == -ENOTDIR) return error;
    return SYS3(SYS_execve, path, arguments, environment);
}

/// Executes a program, looking for it as execvp(3) does; returns the error to report.
static long execute(char **arguments, char **environment)
{
    const char *program = arguments[0];
    for (const char *c = program; *c; c++)
        if (*c == '/') return SYS3(SYS_execve, program, arguments, environment);
    long error = -ENOENT;
    for (const char *place = search_path(environment); *place;) {
        char path[4096];
        struct text text = TEXT(path);
        size_t length = 0;
        while (place[length] && place[length] != ':') length++;
        if (length > 0 && length < sizeof path / 2) {
            memcpy(path, place, length);
            text.length = length;
            text_add(&text, "/");
            text_add(&text, program);
            long result = text.was_cut ? -ENAMETOOLONG : try_execute(path, arguments, environment);
            if (result == -EACCES) error = result;
            else if (result != -ENOENT && result != -ENOTDIR) return result;
        }
        place += length;
        if (*place == ':') place++;
    }
    return error;
}

/// Closes what the agent has open: a child that executes nothing would keep the pipes of others,
/// and the writing end of its own input, from ending.
static void close_others(void)
{
    enum { FIRST = 4, USUAL_LIMIT = 1024 };
    SYS3(SYS_dup3, report_pipe, FIRST - 1, O_CLOEXEC);
    report_pipe = FIRST - 1;
    // Since Linux 5.9.
    if (SYS3(SYS_close_range, FIRST, ~0u, 0) == 0) return;
    for (int fd = FIRST; fd < USUAL_LIMIT; fd++) sys_close(fd);
}

void child_run(const struct child_request *request, const struct child_pipes *pipes)
{
    report_pipe = pipes->report;
    sys0(SYS_setsid);
    SYS3(SYS_dup3, pipes->input, 0, 0);
    SYS3(SYS_dup3, pipes->output, 1, 0);
    SYS3(SYS_dup3, pipes->error, 2, 0);
    if (places_proc() >= 0) {
        write_file("self/oom_score_adj", "0");
        enter_root();
    }
    close_others();
    long error = SYS1(SYS_chdir, request->directory);
    if (error < 0) child_fail(error, STAGE_DIRECTORY);
    switch (request->task) {
    case TASK_READ_FILE: transfer_read(request->arguments[0]); break;
    case TASK_WRITE_FILE: transfer_write(request->arguments[0], request->mode); break;
    case TASK_RUN: {
        struct signal_set none = {{0}};
        SYS4(SYS_rt_sigprocmask, SIG_SETMASK, &none, 0, sizeof none);
        child_fail(execute(request->arguments, request->environment), STAGE_EXECUTE);
    }
    }
    sys_exit(0);
}
