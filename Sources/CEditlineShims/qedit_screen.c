// What is on the screen, by libedit's own rules of layout: a character that does not fit the row
// goes to the next, control characters show as `^X`, tabs as blanks.
#include "internal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

typedef struct {
    int row, column;
} place;

static struct winsize window(void) {
    struct winsize size = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0) size.ws_col = 80;
    if (size.ws_row == 0) size.ws_row = 24;
    return size;
}

static int cells_of(wchar_t character, int column) {
    if (character == L'\t') return 8 - column % 8;
    int cells = wcwidth(character);
    return cells < 0 ? 2 : cells;
}

// Where a character goes that comes at `at`, and where the next one does.
static place before(place at, int cells, int width) {
    return at.column + cells > width ? (place){at.row + 1, 0} : at;
}

static place after(place at, wchar_t character, int cells, int width) {
    if (character == L'\n') return (place){at.row + 1, 0};
    at.column += cells;
    return at.column >= width ? (place){at.row + 1, 0} : at;
}

static place place_of(const qedit *editor, const wchar_t *end) {
    int width = window().ws_col;
    place at = {0, (int)strlen(editor->prompt)};
    for (const wchar_t *next = el_wline(editor->line_editor)->buffer; next < end; next++) {
        int cells = *next == L'\n' ? 0 : cells_of(*next, at.column);
        at = after(before(at, cells, width), *next, cells, width);
    }
    return at;
}

static int cursor_row(const qedit *editor) {
    return place_of(editor, el_wline(editor->line_editor)->cursor).row;
}

// libedit shows an incremental search by a last line in its buffer.
static int is_searching(const LineInfoW *info) {
    const wchar_t *start = info->lastchar;
    while (start > info->buffer && start[-1] != L'\n') start--;
    return start > info->buffer && info->lastchar - start >= 4 &&
           (wcsncmp(start, L"bck", 3) == 0 || wcsncmp(start, L"fwd", 3) == 0);
}

static const char *const colours[QEDIT_STYLES] = {
    "\033[m", "\033[34;1m", "\033[32m", "\033[36m", "\033[2m", "\033[35m"};

static void write_character(FILE *output, wchar_t character) {
    char bytes[MB_LEN_MAX];
    mbstate_t state = {0};
    size_t length = wcrtomb(bytes, character, &state);
    if (length != (size_t)-1) fwrite(bytes, 1, length, output);
}

// The same characters over themselves, in colour.
static void paint(qedit *editor, FILE *output, const LineInfoW *info, const uint8_t *styles) {
    int width = window().ws_col, style = QEDIT_PLAIN;
    place at = {0, (int)strlen(editor->prompt)}, here = at;
    int up = cursor_row(editor);
    if (up > 0) fprintf(output, "\033[%dA", up);
    fprintf(output, "\r\033[%dC", at.column);
    for (const wchar_t *next = info->buffer; next < info->lastchar; next++) {
        int cells = *next == L'\n' ? 0 : cells_of(*next, at.column);
        at = before(at, cells, width);
        for (; here.row < at.row; here.row++) fputs("\r\n", output);
        int wanted = styles[next - info->buffer];
        if (wanted != style) fputs(colours[style = wanted], output);
        if (*next == L'\t' || wcwidth(*next) < 0) {
            if (*next != L'\n') fprintf(output, "\033[%dC", cells);
        } else {
            write_character(output, *next);
        }
        at = after(at, *next, cells, width);
    }
    if (style != QEDIT_PLAIN) fputs(colours[QEDIT_PLAIN], output);
}

// As much of a suggestion as the row has room for.
static int suggest(qedit *editor, FILE *output, const LineInfoW *info) {
    if (info->cursor != info->lastchar || info->cursor == info->buffer) return 0;
    char *text = strndup(
        el_line(editor->line_editor)->buffer,
        (size_t)(el_line(editor->line_editor)->lastchar - el_line(editor->line_editor)->buffer));
    if (!text) return 0;
    const char *rest = editor->callbacks.suggest(editor->callbacks.context, text);
    free(text);
    if (!rest || !*rest) return 0;
    int width = window().ws_col, column = place_of(editor, info->cursor).column;
    fputs("\033[2m", output);
    mbstate_t state = {0};
    for (wchar_t next; *rest && *rest != '\n';) {
        size_t length = mbrtowc(&next, rest, strlen(rest), &state);
        if (length == (size_t)-1 || length == (size_t)-2 || length == 0) break;
        int cells = wcwidth(next);
        if (cells < 0 || column + cells >= width) break;
        fwrite(rest, 1, length, output);
        column += cells;
        rest += length;
    }
    fputs("\033[m", output);
    return 1;
}

void qedit_decorate(qedit *editor) {
    if (!editor->has_colour) return;
    const LineInfoW *info = el_wline(editor->line_editor);
    size_t count = (size_t)(info->lastchar - info->buffer);
    if (count == 0 || is_searching(info)) return;
    // What does not fit the window has been scrolled by libedit, who knows how far.
    if (place_of(editor, info->lastchar).row + 1 >= window().ws_row) return;
    uint8_t *styles = calloc(count, 1);
    char *text = NULL;
    size_t length = 0;
    FILE *output = open_memstream(&text, &length);
    if (styles && output) {
        _Static_assert(sizeof(wchar_t) == sizeof(uint32_t), "characters are UCS-4");
        editor->callbacks.highlight(
            editor->callbacks.context, (const uint32_t *)info->buffer, count, styles);
        // The cursor is saved and restored: libedit must find it where it left it.
        fputs("\0337", output);
        paint(editor, output, info, styles);
        fputs("\0338", output);
        if (suggest(editor, output, info)) {
            fputs("\0338", output);
            editor->shows_suggestion = 1;
        }
    }
    if (output) fclose(output);
    if (text) fwrite(text, 1, length, stdout);
    fflush(stdout);
    free(text);
    free(styles);
}

void qedit_undecorate(qedit *editor) {
    if (!editor->shows_suggestion) return;
    editor->shows_suggestion = 0;
    fputs("\033[K", stdout);
    fflush(stdout);
}

void qedit_start_row(const qedit *editor) {
    if (!editor->has_escapes) return;
    // From the first column the blanks just fill the row, and a terminal goes to the next row only
    // with the character after them; from any other column they reach the next row.
    printf("%*s\r\033[K", window().ws_col, "");
    fflush(stdout);
}

void qedit_leave(qedit *editor) {
    qedit_undecorate(editor);
    const LineInfoW *info = el_wline(editor->line_editor);
    if (editor->has_escapes && info->cursor != info->lastchar) {
        place end = place_of(editor, info->lastchar);
        for (int row = cursor_row(editor); row < end.row; row++) fputs("\n", stdout);
        printf("\r");
        if (end.column > 0) printf("\033[%dC", end.column);
    }
    fflush(stdout);
}

void qedit_hide(qedit *editor) {
    if (editor->has_escapes) {
        int row = cursor_row(editor);
        if (row > 0) printf("\033[%dA", row);
        fputs("\r\033[J", stdout);
        editor->shows_suggestion = 0;
    } else {
        putchar('\n');
    }
    fflush(stdout);
}

void qedit_refresh(qedit *editor) {
    el_set(editor->line_editor, EL_REFRESH);
    fflush(stdout);
    qedit_decorate(editor);
}

void qedit_resize(qedit *editor) {
    qedit_hide(editor);
    el_resize(editor->line_editor);
    qedit_refresh(editor);
}
