#include "internal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

qedit *qedit_of(EditLine *line_editor) {
    void *data = NULL;
    el_get(line_editor, EL_CLIENTDATA, &data);
    return data;
}

static char *prompt_of(EditLine *line_editor) {
    return (char *)qedit_of(line_editor)->prompt;
}

// EL_GETCFN: 1 for a character, 0 at the end, -1 for an error, which makes el_gets return NULL.
static int read_character(EditLine *line_editor, wchar_t *character) {
    qedit *editor = qedit_of(line_editor);
    if (mbsinit(&editor->decoder)) qedit_decorate(editor);
    for (;;) {
        int byte = editor->callbacks.read_byte(editor->callbacks.context);
        if (byte == -2) {
            editor->interrupted = 1;
            return -1;
        }
        qedit_undecorate(editor);
        if (byte < 0) return 0;
        char one = (char)byte;
        size_t length = mbrtowc(character, &one, 1, &editor->decoder);
        if (length == (size_t)-2) continue;
        if (length == (size_t)-1) {
            memset(&editor->decoder, 0, sizeof editor->decoder);
            *character = 0xFFFD;
        }
        if (length == 0) *character = 0;
        return 1;
    }
}

static void set_paste_brackets(const qedit *editor, int on) {
    if (!editor->has_escapes) return;
    fputs(on ? "\033[?2004h" : "\033[?2004l", stdout);
    fflush(stdout);
}

qedit *qedit_open(qedit_callbacks callbacks, int has_colour) {
    qedit *editor = calloc(1, sizeof *editor);
    if (!editor) return NULL;
    editor->callbacks = callbacks;
    editor->prompt = "";
    editor->line_editor = el_init("qsh", stdin, stdout, stderr);
    editor->history = history_init();
    if (!editor->line_editor || !editor->history) {
        qedit_close(editor);
        return NULL;
    }
    const char *terminal = getenv("TERM");
    editor->has_escapes = terminal && *terminal && strcmp(terminal, "dumb") != 0;
    editor->has_colour = has_colour && editor->has_escapes;
    HistEvent event;
    history(editor->history, &event, H_SETSIZE, 2000);
    history(editor->history, &event, H_SETUNIQUE, 1);
    EditLine *el = editor->line_editor;
    el_set(el, EL_CLIENTDATA, editor);
    el_set(el, EL_PROMPT, prompt_of);
    el_set(el, EL_EDITOR, "emacs");
    el_set(el, EL_HIST, history, editor->history);
    el_set(el, EL_SIGNAL, 0);
    el_wset(el, EL_GETCFN, read_character);
    qedit_bind_keys(editor);
    // Last, so that the user's ~/.editrc wins.
    el_source(el, NULL);
    return editor;
}

void qedit_close(qedit *editor) {
    if (!editor) return;
    if (editor->line_editor) el_end(editor->line_editor);
    if (editor->history) history_end(editor->history);
    free(editor->line);
    free(editor);
}

int qedit_has_escapes(const qedit *editor) { return editor->has_escapes; }

qedit_status qedit_read(
    qedit *editor, const char *prompt, void (*is_ready)(void *context), const char **line,
    size_t *length
) {
    int count = 0;
    editor->prompt = prompt;
    editor->interrupted = 0;
    set_paste_brackets(editor, 1);
    // el_gets shows the prompt first, and keys typed in between would be the terminal's to edit.
    el_set(editor->line_editor, EL_PREP_TERM, 1);
    qedit_start_row(editor);
    if (is_ready) is_ready(editor->callbacks.context);
    const char *text = el_gets(editor->line_editor, &count);
    if (editor->interrupted) qedit_leave(editor);
    set_paste_brackets(editor, 0);
    if (editor->interrupted) {
        el_reset(editor->line_editor);
        return QEDIT_INTERRUPTED;
    }
    if (!text || count <= 0) return QEDIT_END;
    // What follows is left from longer lines: the keys of this shim put no NUL behind the text.
    size_t size = strnlen(text, (size_t)count);
    if (size && text[size - 1] == '\n') size--;
    free(editor->line);
    editor->line = strndup(text, size);
    if (!editor->line) return QEDIT_END;
    *line = editor->line;
    *length = size;
    return QEDIT_LINE;
}

void qedit_history_add(qedit *editor, const char *entry) {
    HistEvent event;
    history(editor->history, &event, H_ENTER, entry);
}

void qedit_stop(qedit *editor) {
    set_paste_brackets(editor, 0);
    el_set(editor->line_editor, EL_PREP_TERM, 0);
    struct sigaction stop = {.sa_handler = SIG_DFL}, old;
    sigaction(SIGTSTP, &stop, &old);
    raise(SIGTSTP);
    sigaction(SIGTSTP, &old, NULL);
    el_set(editor->line_editor, EL_PREP_TERM, 1);
    set_paste_brackets(editor, 1);
    qedit_refresh(editor);
}
