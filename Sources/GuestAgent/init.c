#include "init.h"
#include "places.h"
#include "text.h"

/// Writes a line to the kernel's log, the only place where one can be read this early.
static void complain(const char *what, const char *subject, long error)
{
    char line[512];
    struct text text = TEXT(line);
    text_add(&text, "<3>qsh: ");
    text_add(&text, what);
    text_add(&text, " ");
    text_add(&text, subject);
    text_add(&text, ": error ");
    text_add_number(&text, -error);
    text_add(&text, "\n");
    long fd = open_device("kmsg", 1, 11, O_WRONLY);
    if (fd < 0) return;
    sys_write((int)fd, line, text.length);
    sys_close((int)fd);
}

/// Loads one module; `line` is its path and, after a space, its parameters.
static void load_module(char *line)
{
    char *parameters = line;
    while (*parameters && *parameters != ' ') parameters++;
    if (*parameters) *parameters++ = 0;
    long fd = sys_openat(AT_FDCWD, line, O_RDONLY, 0);
    // Absent: built in, or left out on purpose.
    if (fd == -ENOENT) return;
    long error = fd;
    if (fd >= 0) {
        size_t length = strlen(line);
        bool is_plain = length > 3 && text_equal(line + length - 3, ".ko");
        int flags = is_plain ? 0 : MODULE_INIT_COMPRESSED_FILE;
        error = SYS3(SYS_finit_module, fd, parameters, flags);
        sys_close((int)fd);
    }
    // Present: loaded by somebody else. An error of ENOENT here is a symbol that is missing.
    if (error < 0 && error != -EEXIST) complain("cannot load module", line, error);
}

void load_modules(void)
{
    static char list[64 * 1024];
    if (!text_from_file(AT_FDCWD, QSH_FOLDER "/modules.list", list, sizeof list)) return;
    for (char *line = list; *line;) {
        char *end = line;
        while (*end && *end != '\n') end++;
        bool is_last = *end == 0;
        *end = 0;
        if (*line && *line != '#') load_module(line);
        if (is_last) return;
        line = end + 1;
    }
}

static bool exists(const char *path)
{
    long fd = sys_openat(AT_FDCWD, path, O_PATH, 0);
    if (fd < 0) return false;
    sys_close((int)fd);
    return true;
}

bool root_is_ready(void)
{
    return !exists(QSH_FOLDER "/waits") || exists(QSH_FOLDER "/ready");
}

void become_init(char **arguments, char **environment)
{
    static char named[256];
    const char *program = "/init";
    if (text_from_file(AT_FDCWD, QSH_FOLDER "/init", named, sizeof named) && named[0])
        program = named;
    arguments[0] = (char *)program;
    long error = SYS3(SYS_execve, program, arguments, environment);
    complain("cannot run", program, error);
    // The kernel panics, as it does without the agent where there is no init.
    sys_exit(127);
}
