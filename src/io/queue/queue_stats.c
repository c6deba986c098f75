#include "queue_stats.h"
#include "rules_helper.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool queue_stats_parse(const char *line, struct queue_line *out)
{
    unsigned number;
    /* Queue Portid Waiting Mode Range Queue-dropped User-dropped Id 1 */
    if (sscanf(line, "%u %" SCNu32 " %" SCNu32 " %*u %*u %" SCNu32 " %" SCNu32 " %" SCNu32, &number,
               &out->portid, &out->waiting, &out->queue_dropped, &out->user_dropped, &out->last_id) != 6 ||
        number > UINT16_MAX)
        return false;
    out->number = (uint16_t)number;
    return true;
}

bool queue_line_read(uint16_t number, struct queue_line *out)
{
    char text[16384];
    rules_file_read(RULES_FILE_QUEUES, text, sizeof(text));
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (queue_stats_parse(line, out) && out->number == number)
            return true;
    }
    return false;
}

bool queue_stats_find(uint16_t number, struct queue_line *out)
{
    return queue_line_read(number, out);
}

void queue_counter_follow(struct queue_counter *counter, uint32_t now)
{
    counter->total += (uint32_t)(now - counter->last);
    counter->last = now;
}

void queue_counter_restart(struct queue_counter *counter)
{
    counter->last = 0;
}
