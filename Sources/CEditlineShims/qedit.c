#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE
#include "qedit.h"

#include <histedit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

struct qedit {
    EditLine *line_editor;
    History *history;
    qedit_callbacks callbacks;
    const char *prompt;
    char *line;
    mbstate_t decoder;
    int interrupted;
    int has_escapes; // the terminal takes xterm's control sequences
};

static qedit *editor_of(EditLine *line_editor) {
    void *data = NULL;
    el_get(line_editor, EL_CLIENTDATA, &data);
    return data;
}

static char *prompt_of(EditLine *line_editor) {
    return (char *)editor_of(line_editor)->prompt;
}

// EL_GETCFN: 1 for a character, 0 at the end, -1 for an error, which makes el_gets return NULL.
static int read_character(EditLine *line_editor, wchar_t *character) {
    qedit *editor = editor_of(line_editor);
    for (;;) {
        int byte = editor->callbacks.read_byte(editor->callbacks.context);
        if (byte == -2) {
            editor->interrupted = 1;
            return -1;
        }
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

static unsigned char complete_word(EditLine *line_editor, int character) {
    (void)character;
    qedit *editor = editor_of(line_editor);
    if (!editor->callbacks.complete) return CC_ERROR;
    const LineInfo *info = el_line(line_editor);
    size_t length = (size_t)(info->lastchar - info->buffer);
    char *text = strndup(info->buffer, length);
    if (!text) return CC_ERROR;
    size_t cursor = (size_t)(info->cursor - info->buffer);
    size_t blank = cursor;
    while (blank && (text[blank - 1] == ' ' || text[blank - 1] == '\t')) blank--;
    if (!blank || text[blank - 1] == '\n') {
        free(text);
        return el_insertstr(line_editor, "    ") == -1 ? CC_ERROR : CC_REFRESH;
    }
    const char *insertion = editor->callbacks.complete(editor->callbacks.context, text, cursor);
    free(text);
    if (!insertion) return CC_ERROR;
    if (*insertion && el_insertstr(line_editor, insertion) == -1) return CC_ERROR;
    return CC_REFRESH;
}

static const char paste_end[] = "\033[201~";

// The rest of a bracketed paste: its lines become one input, which is not run before Enter.
static unsigned char paste(EditLine *line_editor, int character) {
    (void)character;
    qedit *editor = editor_of(line_editor);
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

static void set_paste_brackets(const qedit *editor, int on) {
    if (!editor->has_escapes) return;
    fputs(on ? "\033[?2004h" : "\033[?2004l", stdout);
    fflush(stdout);
}

qedit *qedit_open(qedit_callbacks callbacks) {
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
    el_set(el, EL_ADDFN, "qsh-complete", "complete the word", complete_word);
    el_set(el, EL_BIND, "\t", "qsh-complete", NULL);
    // libedit leaves ^R unbound.
    el_set(el, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_set(el, EL_BIND, "\033[1;5C", "em-next-word", NULL);
    el_set(el, EL_BIND, "\033[1;5D", "ed-prev-word", NULL);
    el_set(el, EL_ADDFN, "qsh-paste", "take a bracketed paste", paste);
    el_set(el, EL_BIND, "\033[200~", "qsh-paste", NULL);
    const char *terminal = getenv("TERM");
    editor->has_escapes = terminal && *terminal && strcmp(terminal, "dumb") != 0;
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

qedit_status qedit_read(qedit *editor, const char *prompt, const char **line, size_t *length) {
    int count = 0;
    editor->prompt = prompt;
    editor->interrupted = 0;
    set_paste_brackets(editor, 1);
    const char *text = el_gets(editor->line_editor, &count);
    set_paste_brackets(editor, 0);
    if (editor->interrupted) {
        el_reset(editor->line_editor);
        return QEDIT_INTERRUPTED;
    }
    if (!text || count <= 0) return QEDIT_END;
    size_t size = strlen(text);
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

static int columns(void) {
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

// Where libedit has put the cursor: rows below the prompt's first, by its own layout. A character
// that does not fit the row goes to the next, control characters show as `^X`.
static int cursor_row(const qedit *editor) {
    int width = columns(), column = (int)strlen(editor->prompt), row = 0;
    const LineInfoW *line = el_wline(editor->line_editor);
    for (const wchar_t *next = line->buffer; next < line->cursor; next++) {
        if (*next == L'\n') {
            row++;
            column = 0;
            continue;
        }
        int cells = *next == L'\t' ? 8 - column % 8 : wcwidth(*next);
        if (cells < 0) cells = 2;
        if (column + cells > width) {
            row++;
            column = 0;
        }
        column += cells;
        if (column == width) {
            row++;
            column = 0;
        }
    }
    return row;
}

void qedit_hide(qedit *editor) {
    if (editor->has_escapes) {
        int row = cursor_row(editor);
        if (row > 0) printf("\033[%dA", row);
        fputs("\r\033[J", stdout);
    } else {
        putchar('\n');
    }
    fflush(stdout);
}

void qedit_refresh(qedit *editor) { el_set(editor->line_editor, EL_REFRESH); }

void qedit_resize(qedit *editor) {
    qedit_hide(editor);
    el_resize(editor->line_editor);
    qedit_refresh(editor);
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
