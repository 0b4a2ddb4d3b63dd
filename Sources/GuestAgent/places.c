#include "places.h"
#include "text.h"

static const char port_name[] = "org.qsh.agent";
static int proc = -1, sys = -1, devices = -1;

/// Mounts a file system where no path leads, and opens its root.
static int open_filesystem(const char *type)
{
    long context = SYS2(SYS_fsopen, type, FSOPEN_CLOEXEC);
    if (context >= 0) {
        SYS5(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0);
        long root = SYS3(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
        sys_close((int)context);
        if (root >= 0) return (int)root;
    }
    // Before Linux 5.2 a mount needs a place for a moment.
    static const char place[] = QSH_FOLDER "/mnt";
    SYS3(SYS_mkdirat, AT_FDCWD, place, 0700);
    long root = SYS5(SYS_mount, type, place, type, 0, 0);
    if (root == 0) {
        root = sys_openat(AT_FDCWD, place, O_PATH | O_DIRECTORY, 0);
        SYS2(SYS_umount2, place, MNT_DETACH);
    }
    SYS3(SYS_unlinkat, AT_FDCWD, place, AT_REMOVEDIR);
    return root < 0 ? -1 : (int)root;
}

void places_open(void)
{
    proc = open_filesystem("proc");
    sys = open_filesystem("sysfs");
    devices = open_filesystem("devtmpfs");
}

int places_proc(void) { return proc; }

long open_device(const char *name, unsigned major, unsigned minor, int flags)
{
    char path[64];
    struct text text = TEXT(path);
    text_add(&text, "/dev/");
    text_add(&text, name);
    long fd = devices < 0 ? -ENOENT : sys_openat(devices, name, flags, 0);
    if (fd == -ENOENT) fd = sys_openat(AT_FDCWD, path, flags, 0);
    if (fd != -ENOENT || major == 0) return fd;
    static const char node[] = QSH_FOLDER "/node";
    unsigned number = (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
    long made = SYS4(SYS_mknodat, AT_FDCWD, node, S_IFCHR | 0600, number);
    if (made < 0) return made;
    fd = sys_openat(AT_FDCWD, node, flags, 0);
    SYS3(SYS_unlinkat, AT_FDCWD, node, 0);
    return fd;
}

/// Opens the port if `entry` of sysfs's class folder is the agent's.
static int open_named_port(int class, const char *entry)
{
    char path[300], name[64], number[32];
    struct text text = TEXT(path);
    text_add(&text, entry);
    size_t stem = text.length;
    text_add(&text, "/name");
    if (!text_from_file(class, path, name, sizeof name) || !text_equal(name, port_name)) return -1;
    text.length = stem;
    text_add(&text, "/dev");
    if (!text_from_file(class, path, number, sizeof number)) return -1;
    const char *cursor = number;
    unsigned major = text_number(&cursor);
    if (*cursor++ != ':') return -1;
    return (int)open_device(entry, major, text_number(&cursor), O_RDWR | O_NONBLOCK);
}

/// Looks through sysfs's ports for the agent's; without sysfs, which has the names, takes the
/// first port there is.
static int scan_ports(void)
{
    static char entries[2048];
    int folder = (int)sys_openat(sys < 0 ? devices : sys, sys < 0 ? "." : "class/virtio-ports",
                                 O_RDONLY | O_DIRECTORY, 0);
    if (folder < 0) return -1;
    int port = -1;
    long count;
    while (port < 0 && (count = SYS3(SYS_getdents64, folder, entries, sizeof entries)) > 0) {
        for (long at = 0; at < count && port < 0;) {
            struct dirent64 *entry = (struct dirent64 *)(entries + at);
            at += entry->length;
            if (!text_starts(entry->name, "vport")) continue;
            port = sys < 0 ? (int)open_device(entry->name, 0, 0, O_RDWR | O_NONBLOCK)
                           : open_named_port(folder, entry->name);
        }
    }
    sys_close(folder);
    return port;
}

/// Finds `qsh.agent=NAME` among the kernel's parameters: the terminal that is the port.
static bool terminal_parameter(char *name, size_t size)
{
    static char line[4096];
    static const char key[] = "qsh.agent=";
    if (proc < 0 || !text_from_file(proc, "cmdline", line, sizeof line)) return false;
    for (char *word = line; *word;) {
        char *end = word;
        while (*end && *end != ' ') end++;
        bool is_last = *end == 0;
        *end = 0;
        if (text_starts(word, key)) {
            struct text text = {name, size, 0, false};
            text_add(&text, word + sizeof key - 1);
            return true;
        }
        if (is_last) break;
        word = end + 1;
    }
    return false;
}

/// Opens a terminal and makes it pass every byte as it is, at 115200 baud.
static int open_terminal(const char *name)
{
    struct {
        uint32_t input, output, control, local;
        uint8_t rest[32];
    } settings = {.control = TERMINAL_CONTROL};
    settings.rest[VMIN_OFFSET - 16] = 1;
    int fd = (int)open_device(name, 0, 0, O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (fd >= 0) sys_ioctl(fd, TCSETS, &settings);
    return fd;
}

int find_port(void)
{
    char terminal[32];
    bool is_terminal = terminal_parameter(terminal, sizeof terminal);
    unsigned pause = 5;
    // The device appears when its module is loaded, and its name a little later.
    for (unsigned waited = 0; waited < 30000; waited += pause) {
        int port = is_terminal ? open_terminal(terminal) : scan_ports();
        if (port >= 0) return port;
        sleep_milliseconds(pause);
        if (pause < 50) pause += 5;
    }
    return -1;
}
