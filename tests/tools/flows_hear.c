/* flows_hear AT FLOWS WINDOW: hears what flows_send sends, until nothing came for a second.
 *
 * A line for every 200 ms, "at MILLISECONDS BYTES FLOWS": since the first datagram; IP lengths; how many
 * flows came. At the end a line on the last WINDOW numbers that came: how many flows came whole, not at all,
 * began or ended once amid, and how many lost some of their packets. */
#include "sockets.h"

#include <quicward/base/bytes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STEP_MS 200
#define HEADERS 28 /* IPv4 and UDP */
#define WINDOW_MAX 512

struct heard {
    unsigned long flows, window;
    uint32_t (*numbers)[WINDOW_MAX]; /* by flow: the last numbers that came, plus one, at their remainder */
    bool *came;                      /* in this step */
    uint32_t last;
    unsigned long bytes, count; /* of this step: bytes, flows */
};

static unsigned long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long)now.tv_sec * 1000 + (unsigned long)now.tv_nsec / 1000000;
}

static void take(struct heard *heard, const uint8_t *datagram, size_t len)
{
    struct qw_reader r = qw_reader(datagram, len);
    uint32_t flow = qw_u32(&r), number = qw_u32(&r);
    if (r.bad || flow >= heard->flows)
        return;
    heard->numbers[flow][number % WINDOW_MAX] = number + 1;
    heard->last = number > heard->last ? number : heard->last;
    heard->bytes += len + HEADERS;
    heard->count += !heard->came[flow];
    heard->came[flow] = true;
}

static void print_step(struct heard *heard, unsigned long at)
{
    printf("at %lu %lu %lu\n", at, heard->bytes, heard->count);
    memset(heard->came, 0, heard->flows * sizeof(*heard->came));
    heard->bytes = heard->count = 0;
}

static void listen_to(struct heard *heard, int fd)
{
    static uint8_t datagram[65536];
    while (!tool_wait(fd, 20000))
        tool_fail("nothing comes");
    unsigned long began = now_ms(), next = STEP_MS;
    while (tool_wait(fd, 1000)) {
        ssize_t got = recv(fd, datagram, sizeof(datagram), 0);
        for (unsigned long at = now_ms() - began; at >= next; next += STEP_MS)
            print_step(heard, next);
        if (got > 0)
            take(heard, datagram, (size_t)got);
    }
}

static bool has_come(const struct heard *heard, unsigned long flow, uint32_t number)
{
    return heard->numbers[flow][number % WINDOW_MAX] == number + 1;
}

/* How often the flow changes between coming and not coming. */
static unsigned changes(const struct heard *heard, unsigned long flow)
{
    unsigned count = 0;
    for (uint32_t i = 0; i + 1 < heard->window && i < heard->last; i++)
        count += has_come(heard, flow, heard->last - i) != has_come(heard, flow, heard->last - i - 1);
    return count;
}

static void print_window(const struct heard *heard)
{
    unsigned long whole = 0, none = 0, once = 0;
    for (unsigned long flow = 0; flow < heard->flows; flow++) {
        unsigned count = changes(heard, flow);
        bool comes = has_come(heard, flow, heard->last);
        whole += count == 0 && comes;
        none += count == 0 && !comes;
        once += count == 1;
    }
    printf(
        "last %lu datagrams: %lu flows came whole, %lu not at all, %lu began or ended once, %lu lost some\n",
        heard->window, whole, none, once, heard->flows - whole - none - once);
}

int main(int argc, char **argv)
{
    struct heard heard = {0};
    if (argc != 4) {
        fprintf(stderr, "usage: flows_hear AT FLOWS WINDOW\n");
        return 2;
    }
    struct tool_endpoint at = tool_endpoint(argv[1]);
    heard.flows = tool_number(argv[2], 10000);
    heard.window = tool_number(argv[3], WINDOW_MAX);
    heard.numbers = calloc(heard.flows, sizeof(*heard.numbers));
    heard.came = calloc(heard.flows, sizeof(*heard.came));
    if (!heard.numbers || !heard.came)
        tool_fail("memory");
    setvbuf(stdout, NULL, _IOLBF, 0);
    listen_to(&heard, tool_socket(&at));
    print_window(&heard);
    free(heard.numbers);
    free(heard.came);
    return 0;
}
