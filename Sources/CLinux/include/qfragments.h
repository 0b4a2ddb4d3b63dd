// The files of scripts/config, which are part of the program: it moves without them.
#ifndef QFRAGMENTS_H
#define QFRAGMENTS_H

#include <stddef.h>

// The name of a fragment, from 0; NULL behind the last.
const char *q_kernel_fragment_name(int index);

// Its text, which is not terminated, and its length in bytes.
const unsigned char *q_kernel_fragment_text(int index, size_t *length);

#endif
