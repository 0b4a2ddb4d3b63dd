#include "command_state.h"
#include "link.h"
#include "text.h"

struct command commands[COMMAND_LIMIT];
unsigned commands_used;

void close_end(int *fd)
{
    if (*fd >= 0) sys_close(*fd);
    *fd = -1;
}

void command_release_input(struct command *command)
{
    close_end(&command->input);
    if (command->queue) SYS2(SYS_munmap, command->queue, INPUT_WINDOW);
    command->queue = 0;
    command->queue_start = command->queue_length = 0;
}

static void close_pipes(struct command *command)
{
    command_release_input(command);
    close_end(&command->outputs[0]);
    close_end(&command->outputs[1]);
    close_end(&command->report);
}

void command_release(struct command *command)
{
    close_pipes(command);
    command->state = FREE;
    while (commands_used > 0 && commands[commands_used - 1].state == FREE) commands_used--;
}

struct command *command_find(uint32_t id)
{
    for (unsigned i = 0; i < commands_used; i++) {
        struct command *command = &commands[i];
        bool is_known = command->state == RUNNING || command->state == EXITED;
        if (is_known && command->id == id) return command;
    }
    return 0;
}

static struct command *find_room(void)
{
    struct command *lingering = 0;
    for (unsigned i = 0; i < COMMAND_LIMIT; i++) {
        if (commands[i].state == FREE) return &commands[i];
        if (commands[i].state == LINGERING) lingering = &commands[i];
    }
    if (lingering) command_release(lingering);
    return lingering;
}

struct command *command_take(void)
{
    struct command *command = find_room();
    if (!command) return 0;
    memset(command, 0, sizeof *command);
    command->input = command->outputs[0] = command->outputs[1] = command->report = -1;
    command->slot_input = command->slots[0] = command->slots[1] = -1;
    unsigned index = (unsigned)(command - commands);
    if (index >= commands_used) commands_used = index + 1;
    return command;
}

static void kill_group(const struct command *command, int signal)
{
    // Right after the fork the child does not lead its group yet.
    if (sys_kill(-(long)command->pid, signal) < 0) sys_kill(command->pid, signal);
}

/// The guest's own number of a signal that the host names as most architectures do.
static int own_signal(int usual)
{
#ifdef HAS_OWN_SIGNALS
    return usual > 0 && usual < 32 ? own_signals[usual] : usual;
#else
    return usual;
#endif
}

static uint32_t usual_signal(uint32_t own)
{
    for (int usual = 1; usual < 32; usual++)
        if (own > 0 && (uint32_t)own_signal(usual) == own) return (uint32_t)usual;
    return own;
}

void command_signal(uint32_t id, int signal)
{
    signal = own_signal(signal);
    struct command *command = command_find(id);
    if (command && command->state == RUNNING) kill_group(command, signal);
}

static void cancel(struct command *command)
{
    if (command->state == RUNNING) {
        // A half-written file is removed by the child itself when its input ends too early.
        kill_group(command, command->task == TASK_WRITE_FILE ? SIGTERM : SIGKILL);
        close_pipes(command);
        command->state = CANCELLED;
    } else if (command->state == EXITED) {
        command->left[0] = command->left[1] = 0;
        command->state = LINGERING;
    }
}

void command_cancel(uint32_t id)
{
    struct command *command = command_find(id);
    if (command) cancel(command);
}

void commands_cancel_all(void)
{
    for (unsigned i = commands_used; i-- > 0;) cancel(&commands[i]);
}

void command_credit(uint32_t id, uint32_t bytes)
{
    struct command *command = command_find(id);
    if (command) command->output_credit += bytes;
}

static void note_exit(struct command *command, int status)
{
    command->state = EXITED;
    command->status = status;
    command_release_input(command);
    for (int stream = 0; stream < 2; stream++) {
        // What the child wrote is in the pipe by now; what comes later is a background process's.
        if (sys_ioctl(command->outputs[stream], FIONREAD, &command->left[stream]) < 0)
            command->left[stream] = 0;
    }
}

void commands_reap(void)
{
    int status;
    long pid;
    while ((pid = SYS4(SYS_wait4, -1, &status, WNOHANG, 0)) > 0) {
        for (unsigned i = 0; i < commands_used; i++) {
            struct command *command = &commands[i];
            bool has_child = command->state == RUNNING || command->state == CANCELLED;
            if (!has_child || command->pid != pid) continue;
            if (command->state == CANCELLED) command_release(command);
            else note_exit(command, status);
            break;
        }
    }
}

void command_report_end(struct command *command)
{
    if (!link_has_room(0)) return;
    uint32_t failure[2];
    if (sys_read(command->report, failure, sizeof failure) == sizeof failure) {
        link_send(FRAME_FAILED, command->id, 2, failure[0], failure[1]);
    } else {
        uint32_t signal = usual_signal((uint32_t)command->status & 0x7f);
        uint32_t code = (uint32_t)command->status >> 8 & 0xff;
        link_send(FRAME_EXIT, command->id, 2, code, signal);
    }
    close_end(&command->report);
    command->state = LINGERING;
}
