#define _GNU_SOURCE
#include "qfile.h"

#include <sys/mman.h>
#include <unistd.h>

ssize_t q_copy_file_range(int from, int to, size_t count) {
    return copy_file_range(from, NULL, to, NULL, count, 0);
}

int q_memfd_create(const char *name) {
    return memfd_create(name, MFD_CLOEXEC);
}
