// The C library's standard output, which Lua's print shares; Swift 6 does not let `stdout`
// be named.
#ifndef QSTDOUT_H
#define QSTDOUT_H

#include <stddef.h>

/// Writes behind what Lua has printed and flushes both. Errors show in q_stdout_finish.
void q_stdout_write(const void *bytes, size_t count);
/// Flushes; returns 0, or an errno where anything ever printed was lost.
int q_stdout_finish(void);

#endif
