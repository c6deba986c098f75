#include "host_sums.h"
#include "json_line.h"
#include <stdlib.h>
#include <string.h>

struct host_sum {
    struct qw_addr addr;
    enum qw_family family; /* 0: the place is free */
    uint64_t flows, confirmed, packets, up, down;
};

struct host_sums {
    unsigned count;
    struct host_sum others;
    struct host_sum hosts[HOST_SUMS_MAX];
};

#define FULL (HOST_SUMS_MAX / 8 * 7) /* beyond that places are looked for too long */

struct host_sums *host_sums_new(void)
{
    return calloc(1, sizeof(struct host_sums));
}

void host_sums_free(struct host_sums *sums)
{
    free(sums);
}

static bool is_host(const struct host_sum *host, const struct engine_flow *flow)
{
    return host->family == flow->family && qw_addr_equal(&host->addr, &flow->client.addr);
}

/* Lives as long as one answer, and nothing waits for it: no key is needed against whoever chooses addresses.
 */
static struct host_sum *find(struct host_sums *sums, const struct engine_flow *flow)
{
    static const struct qw_hash_key KEY = {1, 2};
    size_t at = (size_t)qw_hash(KEY, &flow->client.addr, sizeof flow->client.addr) % HOST_SUMS_MAX;
    while (sums->hosts[at].family && !is_host(&sums->hosts[at], flow))
        at = (at + 1) % HOST_SUMS_MAX;
    struct host_sum *host = &sums->hosts[at];
    if (host->family)
        return host;
    if (sums->count == FULL)
        return &sums->others;
    sums->count++;
    host->family = flow->family;
    host->addr = flow->client.addr;
    return host;
}

void host_sums_add(struct host_sums *sums, const struct engine_flow *flow)
{
    struct host_sum *host = find(sums, flow);
    host->flows++;
    host->confirmed += flow->state == FLOW_CONFIRMED;
    host->packets += flow->up.packets + flow->down.packets;
    host->up += flow->up.bytes;
    host->down += flow->down.bytes;
}

/* Free places go behind all others. */
static int compare(const void *a, const void *b)
{
    const struct host_sum *one = a, *other = b;
    uint64_t bytes = one->up + one->down, others = other->up + other->down;
    if (!one->family != !other->family)
        return !one->family - !other->family;
    if (bytes != others)
        return bytes > others ? -1 : 1;
    return memcmp(&one->addr, &other->addr, sizeof one->addr);
}

static void put_count(struct json_line *line, const char *key, uint64_t count)
{
    line_key(line, key);
    line_count(line, count);
}

static bool write_host(const struct host_sum *host, FILE *out)
{
    struct json_line line;
    char text[QW_ADDR_TEXT_MAX];
    line.len = 0;
    line.cut = false;
    line_raw(&line, "{");
    line_key(&line, "host");
    line_text(&line, host->family ? qw_addr_text(&host->addr, host->family, text) : NULL);
    put_count(&line, "flows", host->flows);
    put_count(&line, "confirmed", host->confirmed);
    put_count(&line, "packets", host->packets);
    put_count(&line, "up", host->up);
    put_count(&line, "down", host->down);
    line_raw(&line, "}\n");
    return !line.cut && fwrite(line.text, 1, line.len, out) == line.len;
}

bool host_sums_write(struct host_sums *sums, uint64_t limit, FILE *out)
{
    bool written = true;
    qsort(sums->hosts, HOST_SUMS_MAX, sizeof sums->hosts[0], compare);
    for (uint64_t i = 0; written && i < sums->count && (limit == 0 || i < limit); i++)
        written = write_host(&sums->hosts[i], out);
    return written && (sums->others.flows == 0 || write_host(&sums->others, out));
}
