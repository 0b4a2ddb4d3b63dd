// Writes MEGABYTES of console text and then NEEDLE. KIND: lines, crlf, kernel, bytes.
// usage: generate KIND MEGABYTES NEEDLE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char block[1 << 20];

static unsigned random_number(void)
{
    static unsigned state = 2463534242u;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static void fill(const char *kind)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOP /.-_=0123456789";
    int column = 0;
    for (size_t i = 0; i < sizeof block; i++, column++) {
        if (strcmp(kind, "bytes") == 0)
            block[i] = random_number();
        else if (column == 78 && strcmp(kind, "lines") != 0)
            block[i] = '\r';
        else if (column == 79)
            block[i] = '\n', column = -1;
        else
            block[i] = letters[random_number() % (sizeof letters - 1)];
        if (strcmp(kind, "kernel") == 0 && column == 15)
            memcpy(block + i - 15, "[   12.345678] ", 15);
    }
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    fill(argv[1]);
    for (long left = atol(argv[2]); left > 0; left--)
        for (size_t done = 0; done < sizeof block;) {
            ssize_t count = write(1, block + done, sizeof block - done);
            if (count < 0)
                return 1;
            done += count;
        }
    return write(1, argv[3], strlen(argv[3])) < 0;
}
