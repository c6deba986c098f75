#include "initials.h"
#include "client_hello.h"
#include "measure.h"
#include "packets.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct test_cid cid_of(uint32_t number, uint8_t fill)
{
    struct test_cid cid = {.len = 8};
    memset(cid.bytes, fill, cid.len);
    memcpy(cid.bytes, &number, sizeof number);
    return cid;
}

static void seal(uint32_t number, uint8_t *packet)
{
    uint8_t hello[512], frames[600], datagram[INITIAL_LEN];
    char from[32];
    size_t len = test_client_hello(hello, sizeof hello, INITIAL_NAME, 300);
    struct test_initial initial = {.version = 1,
                                   .key_dcid = cid_of(number, 0xd0),
                                   .dcid = cid_of(number, 0xd0),
                                   .scid = cid_of(number, 0x50),
                                   .pn_len = 1,
                                   .frames = frames,
                                   .pad_to = INITIAL_LEN};
    initial.frames_len = test_crypto_frame(frames, sizeof frames, hello, 0, len);
    len = test_seal_initial(&initial, datagram, sizeof datagram);
    snprintf(from, sizeof from, "10.0.%u.%u:5000", number >> 8, number & 255);
    len = test_udp(packet, INITIAL_PACKET_LEN, from, "192.0.2.1:443", datagram, len);
    bench_require(len == INITIAL_PACKET_LEN, "the size of an Initial");
}

struct initials *initials_new(void)
{
    struct initials *set = malloc(sizeof *set);
    bench_require(set != NULL, "memory for the Initials");
    for (uint32_t i = 0; i < INITIALS; i++)
        seal(i, set->packet[i]);
    return set;
}
