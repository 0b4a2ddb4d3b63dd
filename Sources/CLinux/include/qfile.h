// File calls that glibc hides from Swift's module behind _GNU_SOURCE.
#ifndef QFILE_H
#define QFILE_H

#include <stddef.h>

// copy_file_range(2) at both descriptors' own offsets: bytes copied, 0 at the end, -1 with errno.
long q_copy_file_range(int from, int to, size_t count);

// pipe2(2), closed on exec: 0, or -1 with errno; ends[0] is the reading one.
int q_pipe(int *ends);

// memfd_create(2), closed on exec: a descriptor, or -1 with errno.
int q_memfd_create(const char *name);

// open(2) of a new file without a name (O_TMPFILE) on the file system of `folder`, for writing and
// closed on exec: a descriptor, or -1 with errno.
int q_open_nameless(const char *folder, unsigned mode);

// sendmsg(2) of bytes with a copy of `descriptor` (SCM_RIGHTS): bytes sent, or -1 with errno.
long q_send_descriptor(int socket, const void *bytes, size_t count, int descriptor);

// memmem(3): the offset of the first `needle` in `bytes`, or -1.
ptrdiff_t q_find(const void *bytes, size_t count, const void *needle, size_t length);

#endif
