/* bench_respond SECONDS: the server of replayed handshakes, at port 443 of every address. Answers Initials,
 * and prints how many clients finished, a line a second. */
#include "handshakes.h"
#include "measure.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 64

static struct {
    int fd;
    struct handshake *all;
    uint64_t finished;
    uint8_t in[BATCH][2048];
    struct sockaddr_in from[BATCH];
    union handshake_control controls[BATCH];
    struct mmsghdr got[BATCH], answers[BATCH];
    struct iovec into[BATCH], parts[BATCH];
} g;

static unsigned receive(void)
{
    for (unsigned i = 0; i < BATCH; i++) {
        g.into[i] = (struct iovec){g.in[i], sizeof g.in[i]};
        g.got[i].msg_hdr = (struct msghdr){.msg_name = &g.from[i],
                                           .msg_namelen = sizeof g.from[i],
                                           .msg_iov = &g.into[i],
                                           .msg_iovlen = 1,
                                           .msg_control = &g.controls[i],
                                           .msg_controllen = sizeof g.controls[i]};
    }
    int got = recvmmsg(g.fd, g.got, BATCH, MSG_WAITFORONE, NULL);
    return got > 0 ? (unsigned)got : 0;
}

/* Back to where message `i` came from, with the address that it was sent to. */
static struct msghdr answer_to(unsigned i, struct iovec *part)
{
    struct msghdr answer = {
        .msg_name = &g.from[i], .msg_namelen = sizeof g.from[i], .msg_iov = part, .msg_iovlen = 1};
    handshake_from(&answer, &g.controls[i], handshake_to(&g.got[i].msg_hdr));
    return answer;
}

/* Turns what came into answers; returns how many, and counts who finished. */
static unsigned answer_all(unsigned got)
{
    unsigned count = 0;
    for (unsigned i = 0; i < got; i++) {
        uint32_t number;
        memcpy(&number, g.in[i] + DCID_AT, sizeof number);
        g.finished += (g.in[i][0] & TYPE_BITS) == TYPE_HANDSHAKE;
        if ((g.in[i][0] & TYPE_BITS) != TYPE_INITIAL || g.got[i].msg_len != INITIAL_LEN ||
            number >= HANDSHAKES)
            continue;
        g.parts[count] = (struct iovec){g.all[number].answer, INITIAL_LEN};
        g.answers[count].msg_hdr = answer_to(i, &g.parts[count]);
        count++;
    }
    return count;
}

static void serve(void)
{
    unsigned count = answer_all(receive());
    for (unsigned sent = 0; sent < count;) {
        int now = sendmmsg(g.fd, g.answers + sent, count - sent, 0);
        bench_require(now > 0, "sending answers");
        sent += (unsigned)now;
    }
}

int main(int argc, char **argv)
{
    bench_require(argc == 2, "usage: bench_respond SECONDS");
    g.all = handshakes_new();
    g.fd = handshake_socket(443);
    uint64_t before = 0, second = bench_now() + 1000000000u;
    printf("ready\n");
    fflush(stdout);
    for (int left = atoi(argv[1]); left > 0;) {
        serve();
        if (bench_now() < second)
            continue;
        printf("%lu\n", (unsigned long)(g.finished - before));
        fflush(stdout);
        before = g.finished;
        second += 1000000000u;
        left--;
    }
    free(g.all);
    return 0;
}
