/* path_link CLIENT-SIDE SERVER-SIDE CAPTURE [RULE...]: a path between two Ethernet interfaces, with an
 * observer in its middle who writes a capture. Delays, losses and reordering follow from a seed and a
 * datagram's number. What is not UDP passes at once. Ends at SIGTERM, and then prints the truth: how long
 * datagrams really took between the observer and each side and back, in microseconds, in the median:
 *
 *   truth client 10012 server 100034
 *   later client 20010 server 200029     (after the step, if there is one)
 *   packets 5012 lost 103
 *
 * The interfaces at the ends need "ethtool -K IF tx off". The rules:
 *
 * - client=MS, server=MS: the round trip between the observer and that side.
 * - loss=N%, reorder=N%: of each of the four ways: sender to observer, observer to receiver, up and down.
 * - late=MS: what is reordered is late by so much at most (5).
 * - jitter=MS: added to each way at most; nothing overtakes for this.
 * - step=SECONDS:CLIENT-MS:SERVER-MS: other round trips, so long after the first datagram.
 * - snap=BYTES: what the capture keeps of a frame (100).
 * - seed=N */
#include "link_frame.h"
#include "link_interfaces.h"
#include "path_rules.h"
#include "sockets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define FRAME_MAX 2048
#define WAITING_MAX 32768
#define BUFFER_BYTES (16 << 20)
#define READ_AT_ONCE 64
#define TIMES_MAX (1 << 20) /* of each way; what comes later is not counted */

/* A datagram between its sender and the observer, or behind the observer. */
struct waiting {
    uint64_t due_us, began_us;
    enum link_side from;
    bool observed, late, udp, stepped;
    uint32_t buffer;
    size_t len;
};

/* How long datagrams took on one way, before and after the step. */
struct times {
    uint32_t *us[2], count[2];
};

static struct path_rules rules;
static int sockets[2];
static FILE *capture;
static uint8_t buffers[WAITING_MAX][FRAME_MAX];
static uint32_t free_buffers[WAITING_MAX], free_count;
static struct waiting heap[WAITING_MAX];
static uint32_t heap_count;
static uint64_t first_us;            /* the first datagram */
static uint64_t last_due_us[2][2];   /* by sender and side: nothing overtakes but what is late */
static uint32_t numbers[2][2], lost; /* by sender and side */
static struct times times[2][2];     /* by sender and side */

static uint64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ---- interfaces ---- */

/* The kernel tells when it got each frame. */
static int open_stamped(const char *name)
{
    int on = 1, fd = link_open(name, BUFFER_BYTES);
    if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0)
        tool_fail(name);
    return fd;
}

/* The time when the kernel got it: a path that wakes late delays, but does not lie. */
static ssize_t receive(int fd, uint8_t *bytes, uint64_t *at_us)
{
    union {
        struct cmsghdr header;
        uint8_t space[CMSG_SPACE(sizeof(struct timespec))];
    } control;
    struct iovec part = {.iov_base = bytes, .iov_len = FRAME_MAX};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
    ssize_t got = recvmsg(fd, &message, 0);
    *at_us = now_us();
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); got >= 0 && c; c = CMSG_NXTHDR(&message, c)) {
        struct timespec t;
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
            continue;
        memcpy(&t, CMSG_DATA(c), sizeof(t));
        *at_us = (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
    }
    return got;
}

/* ---- the capture ---- */

static void capture_begin(const char *path)
{
    const uint32_t header[] = {0xa1b2c3d4, 0x00040002, 0, 0, rules.snap, 1 /* Ethernet */};
    capture = fopen(path, "wb");
    if (!capture || fwrite(header, sizeof(header), 1, capture) != 1)
        tool_fail(path);
}

static void capture_frame(const uint8_t *bytes, size_t len, uint64_t at_us)
{
    uint32_t kept = len < rules.snap ? (uint32_t)len : rules.snap;
    const uint32_t header[] = {(uint32_t)(at_us / 1000000), (uint32_t)(at_us % 1000000), kept, (uint32_t)len};
    if (fwrite(header, sizeof(header), 1, capture) != 1 || fwrite(bytes, kept, 1, capture) != 1)
        tool_fail("capture");
}

/* ---- what waits ---- */

static void push(struct waiting w)
{
    uint32_t at = heap_count++;
    for (; at > 0 && heap[(at - 1) / 2].due_us > w.due_us; at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = w;
}

static struct waiting pop(void)
{
    struct waiting first = heap[0], last = heap[--heap_count];
    uint32_t at = 0, child;
    while ((child = 2 * at + 1) < heap_count) {
        if (child + 1 < heap_count && heap[child + 1].due_us < heap[child].due_us)
            child++;
        if (heap[child].due_us >= last.due_us)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return first;
}

static enum link_side other(enum link_side side)
{
    return side == LINK_CLIENT ? LINK_SERVER : LINK_CLIENT;
}

/* The side between which and the observer it is. */
static enum link_side near(const struct waiting *w)
{
    return w->observed ? other(w->from) : w->from;
}

/* Sends it on its next way, or loses it. */
static void set_out(struct waiting w)
{
    if (w.udp) {
        enum link_side side = near(&w);
        w.stepped = rules.step_us > 0 && w.began_us - first_us >= rules.step_us;
        struct path_trip trip = path_trip(&rules, w.from, side, ++numbers[w.from][side], w.stepped);
        uint64_t *last = &last_due_us[w.from][side];
        if (trip.lost) {
            free_buffers[free_count++] = w.buffer;
            lost++;
            return;
        }
        w.late = trip.late;
        w.due_us = w.began_us + trip.delay_us;
        if (!w.late && w.due_us < *last)
            w.due_us = *last;
        if (!w.late)
            *last = w.due_us;
    }
    push(w);
}

static void note_time(const struct waiting *w, uint64_t now)
{
    struct times *t = &times[w->from][near(w)];
    if (!w->udp || w->late || t->count[w->stepped] == TIMES_MAX)
        return;
    if (!t->us[w->stepped])
        t->us[w->stepped] = calloc(TIMES_MAX, sizeof(uint32_t));
    if (!t->us[w->stepped])
        tool_fail("memory");
    t->us[w->stepped][t->count[w->stepped]++] = (uint32_t)(now - w->began_us);
}

static void arrive(struct waiting *w)
{
    uint64_t now = now_us();
    note_time(w, now);
    if (!w->observed) {
        if (w->udp)
            capture_frame(buffers[w->buffer], w->len, now);
        w->observed = true;
        w->began_us = w->due_us = now;
        set_out(*w);
        return;
    }
    link_send(sockets[other(w->from)], buffers[w->buffer], w->len);
    free_buffers[free_count++] = w->buffer;
}

static void pass_due(void)
{
    while (heap_count > 0 && heap[0].due_us <= now_us()) {
        struct waiting w = pop();
        arrive(&w);
    }
}

/* A full path loses what comes. */
static void take_frames(enum link_side side)
{
    for (unsigned i = 0; i < READ_AT_ONCE && free_count > 0; i++) {
        struct waiting w = {.from = side, .buffer = free_buffers[free_count - 1]};
        struct link_frame frame;
        ssize_t got = receive(sockets[side], buffers[w.buffer], &w.began_us);
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            tool_fail("receive");
        if (got < 0)
            return;
        free_count--;
        w.len = (size_t)got;
        w.due_us = w.began_us;
        w.udp = link_frame_read(buffers[w.buffer], w.len, &frame);
        if (w.udp && first_us == 0)
            first_us = w.began_us;
        set_out(w);
    }
}

/* ---- the truth ---- */

static int compare(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, two = *(const uint32_t *)b;
    return (one > two) - (one < two);
}

static uint32_t median(const struct times *t, bool stepped)
{
    if (t->count[stepped] == 0)
        return 0;
    qsort(t->us[stepped], t->count[stepped], sizeof(uint32_t), compare);
    return t->us[stepped][t->count[stepped] / 2];
}

static void print_truth(const char *word, bool stepped)
{
    uint32_t half[2];
    for (enum link_side side = LINK_CLIENT; side <= LINK_SERVER; side++)
        half[side] = median(&times[LINK_CLIENT][side], stepped) + median(&times[LINK_SERVER][side], stepped);
    printf("%s client %u server %u\n", word, half[LINK_CLIENT], half[LINK_SERVER]);
}

/* ---- the loop ---- */

/* Until the next datagram is due. */
static uint64_t patience_us(void)
{
    if (heap_count == 0)
        return LINK_FOREVER;
    uint64_t now = now_us();
    return heap[0].due_us > now ? heap[0].due_us - now : 0;
}

static void forward(int stop)
{
    bool goes_on, ready[2];
    do {
        goes_on = link_wait(sockets, stop, patience_us(), ready);
        for (enum link_side side = LINK_CLIENT; side <= LINK_SERVER; side++)
            if (ready[side])
                take_frames(side);
        pass_due();
    } while (goes_on);
}

int main(int argc, char **argv)
{
    rules = path_rules_none();
    if (argc < 4) {
        fprintf(stderr, "usage: path_link CLIENT-SIDE SERVER-SIDE CAPTURE [RULE...]\n");
        return 2;
    }
    for (int i = 4; i < argc; i++)
        if (!path_rules_read(&rules, argv[i])) {
            fprintf(stderr, "path_link: no rule: '%s'\n", argv[i]);
            return 2;
        }
    for (free_count = 0; free_count < WAITING_MAX; free_count++)
        free_buffers[free_count] = free_count;
    int stop = link_stop_signal();
    capture_begin(argv[3]);
    for (int side = 0; side < 2; side++)
        sockets[side] = open_stamped(argv[1 + side]);
    puts("ready");
    fflush(stdout);
    forward(stop);
    if (fclose(capture) != 0)
        tool_fail("capture");
    print_truth("truth", false);
    if (rules.step_us > 0)
        print_truth("later", true);
    printf("packets %u lost %u\n", numbers[LINK_CLIENT][LINK_CLIENT] + numbers[LINK_SERVER][LINK_SERVER],
           lost);
    return 0;
}
