/* A set of client Initials, sealed before the clock runs: each opens a new flow and names a server. */
#ifndef BENCH_INITIALS_H
#define BENCH_INITIALS_H

#include <stddef.h>
#include <stdint.h>

#define INITIALS 20000u
#define INITIAL_LEN 1200u /* RFC 9000 14.1 */
#define INITIAL_PACKET_LEN (INITIAL_LEN + 28)
#define INITIAL_NAME "www.example.org"

struct initials {
    uint8_t packet[INITIALS][INITIAL_PACKET_LEN]; /* from the IPv4 header on */
};

/* Owned by the caller, free(). Ends the program when memory is short. */
struct initials *initials_new(void);

#endif
