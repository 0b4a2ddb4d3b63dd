// Searches that Swift lacks.
#ifndef QSEARCH_H
#define QSEARCH_H

#include <stddef.h>

// As memmem(3), and several times faster where the needle is rare.
const void *qlinux_memmem(const void *text, size_t length, const void *needle, size_t count);
// memrchr(3), which glibc declares under _GNU_SOURCE only.
const void *qlinux_memrchr(const void *text, int byte, size_t length);

// Counts the line ends in bytes[0..<length]: LF, and CR that no LF follows. A CR in the last place
// counts. In C because Swift's SIMD types are not turned into vector code here: 25 times slower.
size_t qlinux_count_line_ends(const unsigned char *bytes, size_t length);

#endif
