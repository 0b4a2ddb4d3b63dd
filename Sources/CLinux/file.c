#define _GNU_SOURCE
#include "qfile.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

long q_copy_file_range(int from, int to, size_t count) {
    return copy_file_range(from, NULL, to, NULL, count, 0);
}

int q_pipe(int *ends) {
    return pipe2(ends, O_CLOEXEC);
}

int q_memfd_create(const char *name) {
    return memfd_create(name, MFD_CLOEXEC);
}

ptrdiff_t q_find(const void *bytes, size_t count, const void *needle, size_t length) {
    const char *found = memmem(bytes, count, needle, length);
    return found ? found - (const char *)bytes : -1;
}
