// Bytes and text: what the compiler and the agent expect of a C library.
#ifndef AGENT_TEXT_H
#define AGENT_TEXT_H

#include "linux.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *left, const void *right, size_t size);
size_t strlen(const char *text);

bool text_equal(const char *left, const char *right);
bool text_starts(const char *text, const char *prefix);

/// A text being put together in a buffer; what does not fit is cut off.
struct text {
    char *bytes;
    size_t room;
    size_t length;
    bool was_cut;
};

#define TEXT(buffer) ((struct text){(buffer), sizeof(buffer), 0, false})

void text_add(struct text *text, const char *part);
void text_add_number(struct text *text, long number);

/// Reads a small file as a NUL-terminated text without its last line end; false on any failure.
bool text_from_file(int folder, const char *path, char *buffer, size_t size);

/// Reads a decimal number and moves past it.
unsigned text_number(const char **cursor);

#endif
