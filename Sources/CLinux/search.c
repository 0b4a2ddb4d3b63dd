#define _GNU_SOURCE
#include <string.h>

#include "qsearch.h"

const void *qlinux_memmem(const void *text, size_t length, const void *needle, size_t count)
{
    return memmem(text, length, needle, count);
}

const void *qlinux_memrchr(const void *text, int byte, size_t length)
{
    return memrchr(text, byte, length);
}
