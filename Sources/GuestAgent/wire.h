// Numbers in frames are little-endian, whatever the guest is.
#ifndef AGENT_WIRE_H
#define AGENT_WIRE_H

#include <stdint.h>

// Each goes both ways.
static inline uint16_t wire16(uint16_t number)
{
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap16(number) : number;
}
static inline uint32_t wire32(uint32_t number)
{
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap32(number) : number;
}
static inline uint64_t wire64(uint64_t number)
{
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(number) : number;
}

#endif
