// Starting a child process with what posix_spawn(3) lacks: a pidfd, the parent-death signal,
// and any
// descriptors in any places.
#ifndef QSPAWN_H
#define QSPAWN_H

#include <stddef.h>

typedef struct {
    int child; // the number in the child
    int host;  // the descriptor here
} qspawn_descriptor;

typedef struct {
    const char *path;        // an absolute path, or one relative to `directory`
    char *const *arguments;  // ends in NULL
    char *const *environment;
    const char *directory;   // NULL: the caller's
    const qspawn_descriptor *descriptors;
    size_t descriptor_count;
    int new_session;         // setsid, else a process group of its own
} qspawn_request;

typedef struct {
    int pid;
    int pidfd;
} qspawn_child;

enum { QSPAWN_SETUP, QSPAWN_DIRECTORY, QSPAWN_EXEC };

typedef struct {
    int stage; // what failed: the process itself, the change to `directory`, or the exec
    int error; // an errno; 0 where nothing failed
} qspawn_failure;

// Starts a child; failures up to and including the exec are reported here.
//
// The child dies with the *thread* that calls this (PR_SET_PDEATHSIG, prctl(2)). It sees the given
// descriptors and no others, default signal dispositions and an empty signal mask.
qspawn_failure qspawn(const qspawn_request *request, qspawn_child *child);

#endif
