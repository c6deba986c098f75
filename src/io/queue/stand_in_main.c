#include "stand_in_main.h"
#include "queue_open.h"
#include "queue_stats.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 10    /* between two looks: a packet waits for two at most when the daemon was stopped */
#define SILENT_MAX 40 /* looks without a beat after which a worker hangs; it makes a turn each 100 ms */

struct ward {
    int fd; /* -1: none */
    uint16_t number;
    uint_fast32_t beat; /* at the last look */
    unsigned silent;    /* looks since it moved */
    bool readable;      /* a packet waited for the worker at the last look */
    bool stands_in;     /* the worker hangs: its packets are accepted here */
};

struct stand_in_state {
    pid_t daemon;
    int channel;
    const struct stand_in_beat *beats;
    int64_t looked_ms;
    struct ward wards[CONFIG_WORKERS_MAX];
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* All that waits in the queue, whoever has read it. */
static void accept_all(const struct ward *ward)
{
    struct queue_line line;
    if (queue_line_read(ward->number, &line) && line.waiting > 0)
        queue_accept_until(ward->fd, ward->number, line.last_id);
}

/* The number of a packet: its attribute comes first in a message, which may be cut behind it. */
static bool id_of(const char *message, size_t len, uint32_t *out)
{
    struct nlmsghdr header;
    struct nlattr attribute;
    struct nfqnl_msg_packet_hdr packet;
    const size_t at = sizeof(header) + sizeof(struct nfgenmsg); /* both are whole words */
    if (len < at + sizeof(attribute) + sizeof(packet))
        return false;
    memcpy(&header, message, sizeof(header));
    memcpy(&attribute, message + at, sizeof(attribute));
    memcpy(&packet, message + at + sizeof(attribute), sizeof(packet));
    *out = ntohl(packet.packet_id);
    return header.nlmsg_type == (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET) &&
           attribute.nla_type == NFQA_PACKET_HDR;
}

static void accept_new(struct ward *ward)
{
    char message[128];
    uint32_t id = 0, last = 0;
    bool some = false;
    for (int i = 0; i < 64; i++) {
        ssize_t got = recv(ward->fd, message, sizeof(message), MSG_DONTWAIT);
        if (got < 0)
            break;
        if (id_of(message, (size_t)got, &id)) {
            last = id;
            some = true;
        }
    }
    if (some)
        queue_accept_until(ward->fd, ward->number, last);
}

/* Stopped by a signal or a debugger: "PID (NAME) T ...". A worker that is only late must not be mistaken for
 * one, so a hang of other kinds takes longer to be seen. */
static bool is_stopped(pid_t pid)
{
    char path[32], text[256];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;
    if (fd >= 0)
        close(fd);
    text[len > 0 ? len : 0] = '\0';
    const char *state = strrchr(text, ')');
    return state && (strncmp(state, ") T", 3) == 0 || strncmp(state, ") t", 3) == 0);
}

static void look_at(const struct stand_in_state *state, struct ward *ward, const struct stand_in_beat *beat,
                    bool timed)
{
    uint_fast32_t now = atomic_load_explicit(&beat->count, memory_order_relaxed);
    if (now != ward->beat) {
        ward->beat = now;
        ward->silent = 0;
        ward->stands_in = false;
    } else if (timed && (++ward->silent >= SILENT_MAX || (ward->readable && is_stopped(state->daemon)))) {
        ward->stands_in = true;
        accept_all(ward);
    }
}

static void see_who_waits(struct stand_in_state *state)
{
    struct pollfd ready[CONFIG_WORKERS_MAX];
    for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
        ready[i] = (struct pollfd){.fd = state->wards[i].fd, .events = POLLIN};
    poll(ready, CONFIG_WORKERS_MAX, 0);
    for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
        state->wards[i].readable = ready[i].revents & POLLIN;
}

/* By time for all; at each turn for those that may go on again. */
static void look(struct stand_in_state *state)
{
    int64_t now = now_ms();
    bool timed = now - state->looked_ms >= LOOK_MS;
    if (timed) {
        state->looked_ms = now;
        see_who_waits(state);
    }
    for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
        if (state->wards[i].fd >= 0 && (timed || state->wards[i].stands_in))
            look_at(state, &state->wards[i], &state->beats[i], timed);
}

static void forget(struct ward *ward)
{
    if (ward->fd >= 0)
        close(ward->fd);
    *ward = (struct ward){.fd = -1};
}

static int socket_of(struct msghdr *header)
{
    int fd = -1;
    const struct cmsghdr *rights = CMSG_FIRSTHDR(header);
    if (rights && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(rights), sizeof(fd));
    return fd;
}

/* False at the end of the channel. */
static bool take_message(struct stand_in_state *state)
{
    union {
        struct cmsghdr aligned;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct stand_in_message message;
    struct iovec piece = {&message, sizeof(message)};
    struct msghdr header = {.msg_iov = &piece,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof(control.bytes)};
    if (recvmsg(state->channel, &header, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(message) ||
        message.index >= CONFIG_WORKERS_MAX)
        return false;
    struct ward *ward = &state->wards[message.index];
    forget(ward);
    ward->fd = socket_of(&header);
    ward->number = message.number;
    ward->beat = atomic_load_explicit(&state->beats[message.index].count, memory_order_relaxed);
    return true;
}

static void sleep_until_needed(const struct stand_in_state *state, struct pollfd *ready)
{
    int64_t left = state->looked_ms + LOOK_MS - now_ms();
    ready[CONFIG_WORKERS_MAX] = (struct pollfd){.fd = state->channel, .events = POLLIN};
    for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
        ready[i] =
            (struct pollfd){.fd = state->wards[i].stands_in ? state->wards[i].fd : -1, .events = POLLIN};
    poll(ready, CONFIG_WORKERS_MAX + 1, left > 0 ? (int)left : 0);
}

/* The daemon is gone. Nothing new may wait before the sockets, and with them the queues, are closed. */
static void let_go(struct stand_in_state *state)
{
    for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
        if (state->wards[i].fd < 0)
            continue;
        queue_shut(state->wards[i].fd, state->wards[i].number);
        accept_all(&state->wards[i]);
        forget(&state->wards[i]);
    }
}

void stand_in_main(int channel, const struct stand_in_beat *beats)
{
    struct pollfd ready[CONFIG_WORKERS_MAX + 1];
    struct stand_in_state state = {
        .channel = channel, .beats = beats, .looked_ms = now_ms(), .daemon = getppid()};
    for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
        state.wards[i] = (struct ward){.fd = -1};
    for (bool open = true; open;) {
        sleep_until_needed(&state, ready);
        look(&state);
        for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
            if (ready[i].revents != 0 && state.wards[i].stands_in)
                accept_new(&state.wards[i]);
        if (ready[CONFIG_WORKERS_MAX].revents != 0)
            open = take_message(&state);
    }
    let_go(&state);
}
