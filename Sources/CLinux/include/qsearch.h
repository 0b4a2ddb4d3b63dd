// memmem(3) and memrchr(3), which glibc declares under _GNU_SOURCE only.
#ifndef QSEARCH_H
#define QSEARCH_H

#include <stddef.h>

const void *qlinux_memmem(const void *text, size_t length, const void *needle, size_t count);
const void *qlinux_memrchr(const void *text, int byte, size_t length);

#endif
