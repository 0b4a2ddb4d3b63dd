// Connects two programs by a socket, as a shell does by a pipe.
// usage: plug PRODUCER [ARGUMENT ...] -- CONSUMER [ARGUMENT ...]
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int ends[2], rest = 1;
    while (rest < argc && strcmp(argv[rest], "--") != 0)
        rest++;
    if (rest + 1 >= argc || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return 2;
    argv[rest] = NULL;
    if (fork() == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    dup2(ends[0], 0);
    close(ends[0]);
    close(ends[1]);
    execvp(argv[rest + 1], argv + rest + 1);
    return 127;
}
