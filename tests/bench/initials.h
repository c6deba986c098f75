/* A set of client Initials, sealed before the clock runs: each opens a new flow and names a server. */
#ifndef BENCH_INITIALS_H
#define BENCH_INITIALS_H

#include "seal.h"

#define INITIALS 20000u
#define INITIAL_LEN 1200u /* RFC 9000 14.1 */
#define INITIAL_PACKET_LEN (INITIAL_LEN + 28)
#define INITIAL_NAME "www.example.org"

struct initials {
    uint8_t packet[INITIALS][INITIAL_PACKET_LEN]; /* from the IPv4 header on */
};

/* The connection ID of connection `number`; `fill` tells its several CIDs apart. */
struct test_cid initial_cid(uint32_t number, uint8_t fill);
#define INITIAL_DCID 0xd0
#define INITIAL_SCID 0x50

/* The first datagram of connection `number`. */
void initial_datagram(uint32_t number, uint8_t datagram[static INITIAL_LEN]);

/* Owned by the caller, free(). Ends the program when memory is short. */
struct initials *initials_new(void);

#endif
