#include "text.h"

// The compiler makes calls to these four by itself, so they must not be built from themselves.
#define NO_IDIOM __attribute__((no_builtin))

NO_IDIOM void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    return memmove(to, from, size);
}

// Words, not `rep movsb`: TCG executes the latter byte by byte.
typedef uint64_t word __attribute__((may_alias, aligned(1)));

NO_IDIOM void *memmove(void *to, const void *from, size_t size)
{
    uint8_t *target = to;
    const uint8_t *source = from;
    if ((uintptr_t)target - (uintptr_t)source >= size) {
        for (; size >= 8; size -= 8, target += 8, source += 8)
            *(word *)target = *(const word *)source;
        for (; size > 0; size--) *target++ = *source++;
    } else {
        for (; size >= 8; size -= 8)
            *(word *)(target + size - 8) = *(const word *)(source + size - 8);
        while (size-- > 0) target[size] = source[size];
    }
    return to;
}

NO_IDIOM void *memset(void *to, int value, size_t size)
{
    uint8_t *target = to;
    for (size_t i = 0; i < size; i++) target[i] = (uint8_t)value;
    return to;
}

NO_IDIOM int memcmp(const void *left, const void *right, size_t size)
{
    const uint8_t *a = left, *b = right;
    for (size_t i = 0; i < size; i++)
        if (a[i] != b[i]) return a[i] - b[i];
    return 0;
}

NO_IDIOM size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length]) length++;
    return length;
}

bool text_equal(const char *left, const char *right)
{
    size_t length = strlen(left);
    return length == strlen(right) && memcmp(left, right, length) == 0;
}

bool text_starts(const char *text, const char *prefix)
{
    while (*prefix)
        if (*text++ != *prefix++) return false;
    return true;
}

void text_add(struct text *text, const char *part)
{
    while (*part && text->length + 1 < text->room) text->bytes[text->length++] = *part++;
    if (*part) text->was_cut = true;
    text->bytes[text->length] = 0;
}

void text_add_number(struct text *text, long number)
{
    char digits[24];
    char *cursor = digits + sizeof digits;
    unsigned long rest = number < 0 ? -(unsigned long)number : (unsigned long)number;
    *--cursor = 0;
    do *--cursor = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (number < 0) *--cursor = '-';
    text_add(text, cursor);
}

bool text_from_file(int folder, const char *path, char *buffer, size_t size)
{
    long fd = sys_openat(folder, path, O_RDONLY, 0);
    if (fd < 0) return false;
    long count = sys_read((int)fd, buffer, size - 1);
    sys_close((int)fd);
    if (count < 0) return false;
    if (count > 0 && buffer[count - 1] == '\n') count--;
    buffer[count] = 0;
    return true;
}

unsigned text_number(const char **cursor)
{
    unsigned value = 0;
    while (**cursor >= '0' && **cursor <= '9') value = value * 10 + (unsigned)(*(*cursor)++ - '0');
    return value;
}
