#include "initials.h"
#include "client_hello.h"
#include "measure.h"
#include "packets.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test_cid initial_cid(uint32_t number, uint8_t fill)
{
    struct test_cid cid = {.len = 8};
    memset(cid.bytes, fill, cid.len);
    memcpy(cid.bytes, &number, sizeof number);
    return cid;
}

void initial_datagram(uint32_t number, uint8_t datagram[static INITIAL_LEN])
{
    uint8_t hello[512], frames[600];
    size_t len = test_client_hello(hello, sizeof hello, INITIAL_NAME, 300);
    struct test_initial initial = {.version = 1,
                                   .key_dcid = initial_cid(number, INITIAL_DCID),
                                   .dcid = initial_cid(number, INITIAL_DCID),
                                   .scid = initial_cid(number, INITIAL_SCID),
                                   .pn_len = 1,
                                   .frames = frames,
                                   .pad_to = INITIAL_LEN};
    initial.frames_len = test_crypto_frame(frames, sizeof frames, hello, 0, len);
    bench_require(test_seal_initial(&initial, datagram, INITIAL_LEN) == INITIAL_LEN,
                  "the size of an Initial");
}

static void make_packet(uint32_t number, uint8_t *packet)
{
    uint8_t datagram[INITIAL_LEN];
    char from[32];
    initial_datagram(number, datagram);
    snprintf(from, sizeof from, "10.0.%u.%u:5000", number >> 8, number & 255);
    test_udp(packet, INITIAL_PACKET_LEN, from, "192.0.2.1:443", datagram, sizeof datagram);
}

struct initials *initials_new(void)
{
    struct initials *set = malloc(sizeof *set);
    bench_require(set != NULL, "memory for the Initials");
    for (uint32_t i = 0; i < INITIALS; i++)
        make_packet(i, set->packet[i]);
    return set;
}
