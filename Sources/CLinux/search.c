#define _GNU_SOURCE
#include <string.h>

#include "qsearch.h"

enum { lanes = 64, rounds = 255 };

#if defined(__x86_64__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

// The first of the blocks in which the needle's first and last byte stand at its distance.
WIDE static size_t find_block(const unsigned char *bytes, size_t blocks, size_t distance,
                              unsigned char first, unsigned char last)
{
    for (size_t block = 0; block < blocks; block++, bytes += lanes) {
        unsigned char any = 0;
        for (int lane = 0; lane < lanes; lane++)
            any |= (bytes[lane] == first) & (bytes[lane + distance] == last);
        if (any)
            return block;
    }
    return blocks;
}

// glibc looks at each byte by itself; it is asked where two bytes agree, and for everything where
// they often do and the needle does not, so that the time stays linear.
const void *qlinux_memmem(const void *text, size_t length, const void *needle, size_t count)
{
    const unsigned char *bytes = text, *wanted = needle;
    size_t done = 0;
    for (size_t misses = 0; count > 1 && misses <= 16 + done / 512; misses++) {
        if (length - done < count - 1 + lanes)
            break;
        size_t blocks = (length - done - (count - 1)) / lanes;
        size_t block = find_block(bytes + done, blocks, count - 1, wanted[0], wanted[count - 1]);
        done += block * lanes;
        if (block == blocks)
            break;
        const void *hit = memmem(bytes + done, lanes + count - 1, needle, count);
        if (hit)
            return hit;
        done += lanes;
    }
    return memmem(bytes + done, length - done, needle, count);
}

const void *qlinux_memrchr(const void *text, int byte, size_t length)
{
    return memrchr(text, byte, length);
}

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
