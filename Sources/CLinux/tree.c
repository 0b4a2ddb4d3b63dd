#define _GNU_SOURCE
#define XXH_INLINE_ALL
#include "qtree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { PIECE = 256 * 1024, ENTRIES = 32 * 1024 };

typedef struct {
    const qtree_request *request;
    qtree_sum sum;
    char path[PATH_MAX]; // below the root, with a slash before each component
    size_t length;
    char *piece;
} walk;

typedef struct {
    uint64_t words[8];
} facts;

static void add(walk *w, const void *bytes, size_t count) {
    XXH128_hash_t hash = XXH3_128bits(bytes, count);
    // A sum, so that the order of a folder's entries is of no matter.
    uint64_t low = w->sum.low + hash.low64;
    w->sum.high += hash.high64 + (low < w->sum.low);
    w->sum.low = low;
    w->sum.entries++;
}

// Adds the path, a NUL and what is known about it.
static void add_entry(walk *w, const facts *f) {
    char buffer[PATH_MAX + sizeof *f];
    memcpy(buffer, w->path, w->length);
    buffer[w->length] = 0;
    memcpy(buffer + w->length + 1, f, sizeof *f);
    add(w, buffer, w->length + 1 + sizeof *f);
}

static int64_t nanoseconds(struct timespec time) {
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int hash_link(int folder, const char *name, facts *f) {
    char target[PATH_MAX];
    ssize_t count = readlinkat(folder, name, target, sizeof target);
    if (count < 0) return -1;
    XXH128_hash_t hash = XXH3_128bits(target, (size_t)count);
    f->words[1] = hash.low64;
    f->words[2] = hash.high64;
    return 0;
}

static int hash_file(walk *w, int folder, const char *name, facts *f) {
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) return -1;
    ssize_t count = read(file, w->piece, PIECE);
    XXH128_hash_t hash;
    if (count >= 0 && count < PIECE) {
        hash = XXH3_128bits(w->piece, (size_t)count);
    } else {
        XXH3_state_t state;
        XXH3_128bits_reset(&state);
        for (; count > 0; count = read(file, w->piece, PIECE))
            XXH3_128bits_update(&state, w->piece, (size_t)count);
        hash = XXH3_128bits_digest(&state);
    }
    int error = errno;
    close(file);
    errno = error;
    f->words[1] = hash.low64;
    f->words[2] = hash.high64;
    return count < 0 ? -1 : 0;
}

// What the files hold: type, whether it can be run, contents.
static int look_inside(walk *w, int folder, const char *name, const struct stat *status) {
    facts f = {.words = {status->st_mode & S_IFMT}};
    if (S_ISLNK(status->st_mode)) {
        if (hash_link(folder, name, &f) < 0) return -1;
    } else if (S_ISREG(status->st_mode)) {
        f.words[0] |= status->st_mode & 0100;
        if (hash_file(w, folder, name, &f) < 0) return -1;
    }
    add_entry(w, &f);
    return 0;
}

// A folder's own times say nothing that its entries do not.
static void look_outside(walk *w, const struct stat *status) {
    facts f = {.words = {status->st_mode}};
    if (!S_ISDIR(status->st_mode)) {
        f.words[1] = (uint64_t)status->st_size;
        f.words[2] = (uint64_t)nanoseconds(status->st_mtim);
        f.words[3] = (uint64_t)nanoseconds(status->st_ctim);
        f.words[4] = status->st_ino;
        if (nanoseconds(status->st_ctim) > w->sum.newest)
            w->sum.newest = nanoseconds(status->st_ctim);
    }
    add_entry(w, &f);
}

static int is_skipped(const walk *w) {
    for (size_t i = 0; i < w->request->skipped_count; i++) {
        const char *path = w->request->skipped[i];
        if (strlen(path) + 1 == w->length && !memcmp(path, w->path + 1, w->length - 1)) return 1;
    }
    return 0;
}

static int visit_folder(walk *w, int folder);

static int enter(walk *w, int folder, const char *name) {
    int inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return inner < 0 ? -1 : visit_folder(w, inner);
}

static int visit(walk *w, int folder, const char *name, unsigned char type) {
    struct stat status;
    if (type == DT_DIR) {
        // Its mode is of no matter to what is in it, and a call less is one in ten.
        facts f = {.words = {S_IFDIR}};
        add_entry(w, &f);
        return enter(w, folder, name);
    }
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0) return -1;
    if (!w->request->reads_contents)
        look_outside(w, &status);
    else if (look_inside(w, folder, name, &status) < 0)
        return -1;
    if (!S_ISDIR(status.st_mode)) return 0;
    return enter(w, folder, name);
}

static int visit_entry(walk *w, int folder, size_t length, const struct dirent64 *entry) {
    const char *name = entry->d_name;
    if (!strcmp(name, ".") || !strcmp(name, "..")) return 0;
    size_t count = strlen(name);
    if (length + count + 2 > sizeof w->path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    w->path[length] = '/';
    memcpy(w->path + length + 1, name, count);
    w->length = length + 1 + count;
    // Most entries are files: they are not looked for in the list, but for those at the root.
    int may_be_skipped = entry->d_type != DT_REG || length == 0;
    return may_be_skipped && is_skipped(w) ? 0 : visit(w, folder, name, entry->d_type);
}

// Takes over the descriptor. fdopendir(3) would ask the kernel three things first.
static int visit_folder(walk *w, int folder) {
    char *entries = malloc(ENTRIES);
    int failed = entries ? 0 : -1;
    size_t length = w->length;
    if (w->request->is_cancelled && w->request->is_cancelled(w->request->context)) {
        errno = ECANCELED;
        failed = -1;
    }
    while (!failed) {
        ssize_t count = getdents64(folder, entries, ENTRIES);
        if (count <= 0) {
            failed = count < 0 ? -1 : 0;
            break;
        }
        for (ssize_t at = 0; !failed && at < count;) {
            const struct dirent64 *entry = (const struct dirent64 *)(entries + at);
            failed = visit_entry(w, folder, length, entry);
            at += entry->d_reclen;
        }
    }
    w->length = length;
    int error = errno;
    free(entries);
    close(folder);
    errno = error;
    return failed;
}

qtree_sum qtree(const qtree_request *request) {
    walk w = {.request = request};
    if (request->reads_contents && !(w.piece = malloc(PIECE)))
        return (qtree_sum){.error = ENOMEM};
    int root = open(request->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || visit_folder(&w, root) < 0) w.sum.error = errno ? errno : EIO;
    free(w.piece);
    return w.sum;
}

qtree_sum qtree_bytes(const void *bytes, size_t count) {
    XXH128_hash_t hash = XXH3_128bits(bytes, count);
    return (qtree_sum){.low = hash.low64, .high = hash.high64, .entries = 1};
}
