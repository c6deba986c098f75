/* Two endpoints that spin as RFC 9000 17.4 says, or do not, and an observer between them: for histories with
 * a known round trip. */
#ifndef MEASURE_SIM_H
#define MEASURE_SIM_H

#include <quicward/measure.h>

enum sim_traffic {
    SIM_BULK_DOWN,
    SIM_BULK_UP,
    SIM_BULK_BOTH,
    SIM_REQUESTS,
    SIM_PERIODIC, /* requests, one each 300 ms */
    SIM_SEGMENTS, /* of a film: a hundred packets each two seconds */
    SIM_VIDEO,    /* 30 pictures a second, of eight packets each */
    SIM_VOICE,
    SIM_TELEMETRY,
    SIM_KEEPALIVE
};
enum sim_bit { SIM_SPINS, SIM_ZERO, SIM_ONE, SIM_RANDOM };

#define SIM_WINDOW 24
#define SIM_FIRST_WINDOW 10 /* RFC 9002 7.2 */

struct sim_options {
    uint64_t seed;
    uint32_t half_us[2];  /* client's, server's */
    uint32_t jitter_us;   /* more on each way of half a half */
    double loss, reorder; /* on each way of half a half */
    uint32_t late_us;     /* a reordered packet is so much late at most */
    enum sim_traffic traffic;
    enum sim_bit bits[2];
    double seconds;
    /* of bulk senders */
    uint32_t window;    /* packets on the way at most; 0: SIM_WINDOW */
    bool slow_start;    /* it begins with SIM_FIRST_WINDOW, and grows by one with each packet that arrived */
    bool paced;         /* spread over a round trip, and not in bursts */
    uint32_t ack_every; /* packets; 0: 2 */
    double step;        /* halves are multiplied by it half way; 0: they stay */
    uint32_t handshake_us[2]; /* what the handshake showed; 0: nothing */
    uint32_t clock_us;        /* of the observer when it begins */
};

struct sim_result {
    struct measure measure;
    uint32_t now_us; /* of the observer */
    unsigned packets;
};

/* Client is side 0. The record is a joined one, with `handshake` halves if they are not 0. */
struct sim_result sim_run(const struct sim_options *options);

#endif
