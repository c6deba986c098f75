#include "flow_lines.h"
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 65536
#define KEY_LEN (2 * CONTROL_KEY_SIZE)
#define FLOW_AT (KEY_LEN + 4) /* behind ["...", */

static bool is_keyed(const char *line, size_t len)
{
    return len > FLOW_AT && strncmp(line, "[\"", 2) == 0 && strncmp(line + KEY_LEN + 2, "\",", 2) == 0 &&
           line[len - 1] == ']';
}

static bool make_room(struct flow_lines *lines, size_t len)
{
    size_t room = lines->room ? lines->room : FIRST_ROOM;
    while (room - lines->len < len + 1)
        room *= 2;
    char *text = room > lines->room ? realloc(lines->text, room) : lines->text;
    if (!text)
        return false;
    lines->text = text;
    lines->room = room;
    return true;
}

void flow_lines_add(struct flow_lines *lines, const char *line)
{
    size_t len = strlen(line);
    if (!is_keyed(line, len) || !make_room(lines, len)) {
        lines->failed = true;
        return;
    }
    memcpy(lines->text + lines->len, line, len - 1); /* without the bracket */
    lines->text[lines->len + len - 1] = '\0';
    lines->len += len;
    lines->count++;
}

/* Keys are of one length and different, so nothing behind them is compared. */
static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool flow_lines_show(struct flow_lines *lines, uint64_t limit, control_line *each, void *context)
{
    char **sorted = malloc((lines->count + 1) * sizeof *sorted), *at = lines->text;
    if (!sorted)
        return false;
    for (size_t i = 0; i < lines->count; i++, at += strlen(at) + 1)
        sorted[i] = at;
    qsort(sorted, lines->count, sizeof *sorted, compare);
    for (size_t i = 0; i < lines->count && (limit == 0 || i < limit); i++)
        each(context, sorted[i] + FLOW_AT);
    free(sorted);
    return true;
}

void flow_lines_clear(struct flow_lines *lines)
{
    free(lines->text);
    *lines = (struct flow_lines){0};
}
