// Two looks at a folder and all that is in it, each as 128 bits that depend on no order: a stamp
// of what stat(2) says, and a digest of what the files hold.
#ifndef QTREE_H
#define QTREE_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t low, high; // XXH3, 128 bits: against accidents, not against an adversary
    uint64_t entries;
    int64_t newest;     // the latest change of any entry's inode, in nanoseconds since 1970
    int error;          // an errno; the rest is then void
} qtree_sum;

typedef struct {
    const char *root;
    const char *const *skipped;      // folders below the root, and files directly in it
    size_t skipped_count;
    int reads_contents;              // the digest instead of the stamp
    int (*is_cancelled)(void *context); // asked once for each folder; the error is then ECANCELED
    void *context;
} qtree_request;

// Walks a folder; symbolic links are not followed but count with where they lead.
qtree_sum qtree(const qtree_request *request);

// The digest of some bytes.
qtree_sum qtree_bytes(const void *bytes, size_t count);

#endif
