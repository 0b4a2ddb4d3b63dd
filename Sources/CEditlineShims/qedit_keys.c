// The keys that mean something else here than in libedit.
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The text and the cursor, in bytes; the caller frees it.
static char *current_text(EditLine *line_editor, size_t *cursor) {
    const LineInfo *info = el_line(line_editor);
    if (cursor) *cursor = (size_t)(info->cursor - info->buffer);
    return strndup(info->buffer, (size_t)(info->lastchar - info->buffer));
}

static int insert(EditLine *line_editor, const char *text) {
    return el_insertstr(line_editor, text) == -1 ? CC_ERROR : CC_REFRESH;
}

static unsigned char complete_word(EditLine *line_editor, int character) {
    (void)character;
    qedit *editor = qedit_of(line_editor);
    if (!editor->callbacks.complete) return CC_ERROR;
    size_t cursor;
    char *text = current_text(line_editor, &cursor);
    if (!text) return CC_ERROR;
    size_t blank = cursor;
    while (blank && (text[blank - 1] == ' ' || text[blank - 1] == '\t')) blank--;
    const char *insertion =
        editor->callbacks.complete(editor->callbacks.context, text, cursor);
    // At the beginning of a line it indents.
    int indents = blank == 0 || text[blank - 1] == '\n';
    free(text);
    if (insertion) return *insertion ? insert(line_editor, insertion) : CC_REFRESH;
    return indents ? insert(line_editor, "  ") : CC_ERROR;
}

static void replace(EditLine *line_editor, const char *text) {
    const LineInfoW *info = el_wline(line_editor);
    el_cursor(line_editor, (int)(info->lastchar - info->cursor));
    info = el_wline(line_editor);
    el_deletestr(line_editor, (int)(info->lastchar - info->buffer));
    el_insertstr(line_editor, text);
}

static unsigned char enter(EditLine *line_editor, int character) {
    (void)character;
    qedit *editor = qedit_of(line_editor);
    char *text = current_text(line_editor, NULL);
    if (!text) return CC_ERROR;
    const char *more = editor->callbacks.enter(editor->callbacks.context, text);
    free(text);
    if (more) return insert(line_editor, more);
    qedit_leave(editor);
    putchar('\n');
    const LineInfoW *info = el_wline(line_editor);
    el_cursor(line_editor, (int)(info->lastchar - info->cursor));
    // CC_NEWLINE with an empty buffer looks like the end of the input.
    return el_insertstr(line_editor, "\n") == -1 ? CC_ERROR : CC_NEWLINE;
}

static unsigned char break_line(EditLine *line_editor, int character) {
    (void)character;
    return insert(line_editor, "\n");
}

static const wchar_t *line_start(const LineInfoW *info, const wchar_t *from) {
    while (from > info->buffer && from[-1] != L'\n') from--;
    return from;
}

static const wchar_t *line_end(const LineInfoW *info, const wchar_t *from) {
    while (from < info->lastchar && *from != L'\n') from++;
    return from;
}

static unsigned char go(EditLine *line_editor, const LineInfoW *info, const wchar_t *to) {
    el_cursor(line_editor, (int)(to - info->cursor));
    return CC_REFRESH;
}

static unsigned char recall(EditLine *line_editor, int direction) {
    qedit *editor = qedit_of(line_editor);
    char *text = current_text(line_editor, NULL);
    if (!text) return CC_ERROR;
    const char *entry = editor->callbacks.recall(editor->callbacks.context, direction, text);
    free(text);
    if (!entry) return CC_ERROR;
    replace(line_editor, entry);
    return CC_REFRESH;
}

// By lines within the input, then by inputs.
static unsigned char up(EditLine *line_editor, int character) {
    (void)character;
    const LineInfoW *info = el_wline(line_editor);
    const wchar_t *start = line_start(info, info->cursor);
    if (start == info->buffer) return recall(line_editor, -1);
    const wchar_t *before = line_start(info, start - 1), *to = before + (info->cursor - start);
    return go(line_editor, info, to < start - 1 ? to : start - 1);
}

static unsigned char down(EditLine *line_editor, int character) {
    (void)character;
    const LineInfoW *info = el_wline(line_editor);
    const wchar_t *end = line_end(info, info->cursor);
    if (end == info->lastchar) return recall(line_editor, 1);
    const wchar_t *last = line_end(info, end + 1);
    const wchar_t *to = end + 1 + (info->cursor - line_start(info, info->cursor));
    return go(line_editor, info, to < last ? to : last);
}

static unsigned char home(EditLine *line_editor, int character) {
    (void)character;
    const LineInfoW *info = el_wline(line_editor);
    return go(line_editor, info, line_start(info, info->cursor));
}

// Takes what is suggested, where the cursor is at the end.
static int accept_suggestion(EditLine *line_editor, const LineInfoW *info) {
    qedit *editor = qedit_of(line_editor);
    if (!editor->has_colour || info->cursor != info->lastchar) return 0;
    char *text = current_text(line_editor, NULL);
    if (!text) return 0;
    const char *rest = editor->callbacks.suggest(editor->callbacks.context, text);
    free(text);
    return rest && *rest && el_insertstr(line_editor, rest) != -1;
}

static unsigned char end(EditLine *line_editor, int character) {
    (void)character;
    const LineInfoW *info = el_wline(line_editor);
    if (accept_suggestion(line_editor, info)) return CC_REFRESH;
    return go(line_editor, info, line_end(info, info->cursor));
}

static unsigned char right(EditLine *line_editor, int character) {
    (void)character;
    const LineInfoW *info = el_wline(line_editor);
    if (accept_suggestion(line_editor, info)) return CC_REFRESH;
    if (info->cursor == info->lastchar) return CC_ERROR;
    el_cursor(line_editor, 1);
    return CC_CURSOR;
}

static const char paste_end[] = "\033[201~";

// The rest of a bracketed paste: its lines become one input, which is not run before Enter.
static unsigned char paste(EditLine *line_editor, int character) {
    (void)character;
    qedit *editor = qedit_of(line_editor);
    size_t length = 0, capacity = 4096, end = sizeof paste_end - 1;
    char *text = malloc(capacity);
    while (text) {
        int byte = editor->callbacks.read_byte(editor->callbacks.context);
        if (byte < 0) {
            if (byte == -2) editor->interrupted = 1;
            free(text);
            return CC_EOF;
        }
        if (length + 1 >= capacity) {
            char *grown = realloc(text, capacity *= 2);
            if (!grown) break;
            text = grown;
        }
        if (byte) text[length++] = byte == '\r' ? '\n' : (char)byte;
        if (length >= end && memcmp(text + length - end, paste_end, end) == 0) {
            length -= end;
            break;
        }
    }
    if (!text) return CC_ERROR;
    while (length && text[length - 1] == '\n') length--;
    text[length] = 0;
    int status = length ? el_insertstr(line_editor, text) : 0;
    free(text);
    return status == -1 ? CC_ERROR : CC_REFRESH;
}

static void add(
    EditLine *el, const char *name, const char *help,
    unsigned char (*function)(EditLine *, int), const char *const keys[]
) {
    el_set(el, EL_ADDFN, name, help, function);
    for (; *keys; keys++) el_set(el, EL_BIND, *keys, name, NULL);
}

void qedit_bind_keys(qedit *editor) {
    EditLine *el = editor->line_editor;
    add(el, "qsh-complete", "complete the word", complete_word, (const char *[]){"\t", NULL});
    // libedit leaves ^R unbound.
    el_set(el, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_set(el, EL_BIND, "\033[1;5C", "em-next-word", NULL);
    el_set(el, EL_BIND, "\033[1;5D", "ed-prev-word", NULL);
    el_set(el, EL_BIND, "\033[3~", "ed-delete-next-char", NULL);
    add(el, "qsh-paste", "take a bracketed paste", paste, (const char *[]){"\033[200~", NULL});
    if (!editor->has_escapes) return;
    // ICRNL stays on, so that Enter comes as ^J.
    add(el, "qsh-enter", "run the input, or go on with it", enter,
        (const char *[]){"\r", "\n", NULL});
    add(el, "qsh-break", "break the line", break_line, (const char *[]){"\033\r", "\033\n", NULL});
    add(el, "qsh-up", "the line or input before", up,
        (const char *[]){"\033[A", "\033OA", "^P", NULL});
    add(el, "qsh-down", "the line or input after", down,
        (const char *[]){"\033[B", "\033OB", "^N", NULL});
    add(el, "qsh-home", "the line's beginning", home,
        (const char *[]){"\033[H", "\033OH", "\033[1~", "^A", NULL});
    add(el, "qsh-end", "the line's end", end,
        (const char *[]){"\033[F", "\033OF", "\033[4~", "^E", NULL});
    add(el, "qsh-right", "the next character", right,
        (const char *[]){"\033[C", "\033OC", "^F", NULL});
}
