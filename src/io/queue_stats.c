#include "queue_stats.h"
#include <inttypes.h>
#include <stdio.h>

#define LINE_MAX_LEN 256

bool queue_stats_parse(const char *line, struct queue_line *out)
{
    unsigned number;
    /* Queue Portid Waiting Mode Range Queue-dropped User-dropped Id 1 */
    if (sscanf(line, "%u %" SCNu32 " %" SCNu32 " %*u %*u %" SCNu32 " %" SCNu32, &number, &out->portid,
               &out->waiting, &out->queue_dropped, &out->user_dropped) != 5 ||
        number > UINT16_MAX)
        return false;
    out->number = (uint16_t)number;
    return true;
}

bool queue_stats_find(uint16_t number, struct queue_line *out)
{
    char line[LINE_MAX_LEN];
    FILE *queues = fopen("/proc/self/net/netfilter/nfnetlink_queue", "re");
    bool found = false;
    while (queues && !found && fgets(line, sizeof(line), queues))
        found = queue_stats_parse(line, out) && out->number == number;
    if (queues)
        fclose(queues);
    return found;
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
