// The bytes between the host and the children's pipes.
#include "child.h"
#include "command_state.h"
#include "link.h"
#include "text.h"

static uint8_t scrap[16 * 1024];

static const enum frame_kind output_kinds[2] = {FRAME_OUTPUT, FRAME_ERROR_OUTPUT};

static void give_back(struct command *command, uint32_t bytes)
{
    command->owed_credit += bytes;
    if (command->owed_credit < INPUT_WINDOW / 4 || command->state != RUNNING) return;
    link_send(FRAME_INPUT_CREDIT, command->id, 1, command->owed_credit, 0);
    command->owed_credit = 0;
}

/// Writes what the pipe takes; all of it where nobody reads, since it is void then.
static uint32_t write_input(struct command *command, const uint8_t *bytes, uint32_t length)
{
    if (command->input < 0) return length;
    long count = sys_write(command->input, bytes, length);
    if (count == -EAGAIN || count == -EINTR) return 0;
    if (count >= 0) return (uint32_t)count;
    close_end(&command->input);
    return length;
}

static void pump_input(struct command *command)
{
    while (command->queue_length > 0) {
        uint32_t count = write_input(command, command->queue + command->queue_start,
                                     command->queue_length);
        if (count == 0) return;
        command->queue_start += count;
        command->queue_length -= count;
        give_back(command, count);
    }
    command->queue_start = 0;
    if (!command->input_ends) return;
    if (command->task == TASK_WRITE_FILE && command->state == RUNNING)
        sys_kill(command->pid, SIGNAL_WHOLE);
    command_release_input(command);
}

bool command_input(uint32_t id, const uint8_t *bytes, uint32_t length)
{
    struct command *command = command_find(id);
    if (!command || command->state != RUNNING) return true;
    if (command->input_ends || length > INPUT_WINDOW - command->queue_length) return false;
    if (command->queue_length == 0) {
        uint32_t count = write_input(command, bytes, length);
        give_back(command, count);
        bytes += count;
        length -= count;
    }
    if (length == 0) return true;
    if (!command->queue) {
        long place = sys_map(INPUT_WINDOW);
        if (place < 0 && place > -4096) {
            command_cancel(id);
            link_send(FRAME_FAILED, id, 2, (uint32_t)usual_error(-place), STAGE_SPAWN);
            return true;
        }
        command->queue = (uint8_t *)place;
    }
    if (command->queue_start + command->queue_length + length > INPUT_WINDOW) {
        memmove(command->queue, command->queue + command->queue_start, command->queue_length);
        command->queue_start = 0;
    }
    memcpy(command->queue + command->queue_start + command->queue_length, bytes, length);
    command->queue_length += length;
    return true;
}

void command_input_end(uint32_t id)
{
    struct command *command = command_find(id);
    if (!command) return;
    command->input_ends = true;
    pump_input(command);
}

static void forward(struct command *command, int stream)
{
    // Headers included, frames stay multiples of the 32 KiB that the port's driver copies at once.
    uint32_t limit = PAYLOAD_LIMIT - HEADER_SIZE;
    if (command->output_credit < limit) limit = (uint32_t)command->output_credit;
    if (command->state == EXITED && command->left[stream] < (int)limit)
        limit = (uint32_t)command->left[stream];
    if (limit == 0 || !link_has_room(PAYLOAD_LIMIT)) return;
    long count = sys_read(command->outputs[stream], link_payload(), limit);
    if (count == -EAGAIN || count == -EINTR) return;
    if (count <= 0) {
        close_end(&command->outputs[stream]);
        command->left[stream] = 0;
        return;
    }
    link_commit(output_kinds[stream], command->id, (uint32_t)count);
    command->output_credit -= count;
    if (command->state == EXITED) command->left[stream] -= (int)count;
    else if (count >= 32 * 1024)
        SYS3(SYS_fcntl, command->outputs[stream], F_SETPIPE_SZ, 512 * 1024);
}

static void discard(struct command *command, int stream)
{
    long count = sys_read(command->outputs[stream], scrap, sizeof scrap);
    if (count == 0 || (count < 0 && count != -EAGAIN && count != -EINTR))
        close_end(&command->outputs[stream]);
}

static short add_slot(struct pollfd *slots, unsigned *count, int fd, short events)
{
    slots[*count] = (struct pollfd){fd, events, 0};
    return (short)(*count)++;
}

unsigned commands_prepare(struct pollfd *slots)
{
    unsigned count = 0;
    bool has_room = link_has_room(PAYLOAD_LIMIT);
    for (unsigned i = 0; i < commands_used; i++) {
        struct command *command = &commands[i];
        command->slot_input = command->slots[0] = command->slots[1] = -1;
        bool is_read = command->state == LINGERING
            || (command->state == RUNNING && has_room && command->output_credit > 0);
        bool is_drained = command->state == EXITED && has_room && command->output_credit > 0;
        for (int stream = 0; stream < 2; stream++)
            if (command->outputs[stream] >= 0
                && (is_read || (is_drained && command->left[stream] > 0)))
                command->slots[stream] =
                    add_slot(slots, &count, command->outputs[stream], POLLIN);
        if (command->queue_length > 0 && command->input >= 0)
            command->slot_input = add_slot(slots, &count, command->input, POLLOUT);
    }
    return count;
}

static bool is_ready(const struct pollfd *slots, short slot)
{
    return slot >= 0 && slots[slot].revents != 0;
}

static void serve_command(struct command *command, const struct pollfd *slots)
{
    if (is_ready(slots, command->slot_input)) pump_input(command);
    for (int stream = 0; stream < 2; stream++) {
        if (command->outputs[stream] < 0) continue;
        bool ready = is_ready(slots, command->slots[stream]);
        if (command->state == LINGERING) {
            if (ready) discard(command, stream);
        } else if (ready || (command->state == EXITED && command->left[stream] > 0)) {
            forward(command, stream);
        }
    }
    if (command->state == EXITED && command->left[0] <= 0 && command->left[1] <= 0)
        command_report_end(command);
    if (command->state == LINGERING && command->outputs[0] < 0 && command->outputs[1] < 0)
        command_release(command);
}

void commands_serve(const struct pollfd *slots)
{
    for (unsigned i = commands_used; i-- > 0;)
        if (commands[i].state != FREE) serve_command(&commands[i], slots);
}
