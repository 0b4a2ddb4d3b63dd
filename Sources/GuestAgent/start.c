// From a start frame to a running child.
#include "child.h"
#include "command_state.h"
#include "link.h"
#include "text.h"
#include "wire.h"

/// Opens the four pipes; `theirs` are the child's ends.
static long open_pipes(struct command *command, struct child_pipes *theirs)
{
    int ends[4][2] = {{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
    for (int i = 0; i < 4; i++) {
        long error = SYS2(SYS_pipe2, ends[i], O_CLOEXEC);
        if (error < 0) {
            for (int j = 0; j < i; j++) {
                sys_close(ends[j][0]);
                sys_close(ends[j][1]);
            }
            return error;
        }
    }
    *theirs = (struct child_pipes){ends[0][0], ends[1][1], ends[2][1], ends[3][1]};
    command->input = ends[0][1];
    command->outputs[0] = ends[1][0];
    command->outputs[1] = ends[2][0];
    command->report = ends[3][0];
    SYS3(SYS_fcntl, command->input, F_SETFL, O_NONBLOCK);
    SYS3(SYS_fcntl, command->outputs[0], F_SETFL, O_NONBLOCK);
    SYS3(SYS_fcntl, command->outputs[1], F_SETFL, O_NONBLOCK);
    SYS3(SYS_fcntl, command->report, F_SETFL, O_NONBLOCK);
    return 0;
}

/// Whether the child comes to its program by way of the guest's root alone. Elsewhere a dead server
/// of files could hold it up, and the agent with it.
static bool starts_at_once(const struct child_request *request)
{
    if (request->task != TASK_RUN || !text_equal(request->directory, "/")) return false;
    if (text_equal(request->arguments[0], "/bin/sh")) return true;
    for (const char *c = request->arguments[0]; *c; c++)
        if (*c == '/') return false;
    return true;
}

static long spawn(struct command *command, const struct child_request *request)
{
    struct child_pipes theirs;
    long error = open_pipes(command, &theirs);
    if (error < 0) return error;
    long pid = starts_at_once(request) ? sys_vfork() : sys_fork();
    if (pid == 0) child_run(request, &theirs);
    sys_close(theirs.input);
    sys_close(theirs.output);
    sys_close(theirs.error);
    sys_close(theirs.report);
    command->pid = (int)pid;
    return pid;
}

/// Points `list` at `count` texts; returns what follows them, or null where they are cut off.
static char *take_texts(char *cursor, const char *end, char **list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        list[i] = cursor;
        while (cursor < end && *cursor) cursor++;
        if (cursor++ >= end) return 0;
    }
    list[count] = 0;
    return cursor;
}

/// Reads the payload of a start frame; the pointers lead into it.
static bool parse(uint8_t *payload, uint32_t length, struct child_request *request)
{
    // Each text takes a byte at least, so the payload's limit bounds their number.
    static char *texts[PAYLOAD_LIMIT];
    uint32_t words[4];
    if (length < sizeof words) return false;
    memcpy(words, payload, sizeof words);
    for (int i = 0; i < 4; i++) words[i] = wire32(words[i]);
    uint32_t arguments = words[2], variables = words[3];
    if (words[0] > TASK_WRITE_FILE || arguments == 0) return false;
    if (arguments > length || variables > length) return false;
    if (arguments + variables + 2 > length) return false;
    char *cursor = (char *)payload + sizeof words, *end = (char *)payload + length;
    char *directory[2];
    if (!(cursor = take_texts(cursor, end, directory, 1))) return false;
    if (!(cursor = take_texts(cursor, end, texts, arguments))) return false;
    if (!take_texts(cursor, end, texts + arguments + 1, variables)) return false;
    *request = (struct child_request){words[0], words[1], directory[0], texts,
                                      texts + arguments + 1};
    return true;
}

bool command_start(uint32_t id, uint8_t *payload, uint32_t length)
{
    struct child_request request;
    if (!parse(payload, length, &request) || command_find(id)) return false;
    struct command *command = command_take();
    if (!command) {
        link_send(FRAME_FAILED, id, 2, EAGAIN, STAGE_SPAWN);
        return true;
    }
    command->state = RUNNING;
    command->task = request.task;
    command->id = id;
    command->output_credit = OUTPUT_WINDOW;
    long pid = spawn(command, &request);
    if (pid < 0) {
        link_send(FRAME_FAILED, id, 2, (uint32_t)usual_error(-pid), STAGE_SPAWN);
        command_release(command);
    }
    return true;
}
