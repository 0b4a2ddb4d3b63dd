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

enum { lanes = 64, rounds = 255 };

#if defined(__x86_64__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

// Sums of at most 255 in eight bits keep the loop in vector registers.
WIDE static size_t count_blocks(const unsigned char *bytes, size_t blocks)
{
    unsigned char sums[lanes] = {0};
    for (size_t block = 0; block < blocks; block++, bytes += lanes)
        for (int lane = 0; lane < lanes; lane++)
            sums[lane] += (bytes[lane] == '\n')
                | ((bytes[lane] == '\r') & (bytes[lane + 1] != '\n'));
    size_t total = 0;
    for (int lane = 0; lane < lanes; lane++)
        total += sums[lane];
    return total;
}

size_t qlinux_count_line_ends(const unsigned char *bytes, size_t length)
{
    size_t total = 0, done = 0;
    while (length - done > lanes) {
        size_t blocks = (length - done - 1) / lanes;
        if (blocks > rounds)
            blocks = rounds;
        total += count_blocks(bytes + done, blocks);
        done += blocks * lanes;
    }
    for (; done < length; done++)
        total += bytes[done] == '\n'
            || (bytes[done] == '\r' && (done + 1 == length || bytes[done + 1] != '\n'));
    return total;
}
