#include "evade_attempt.h"

#include "sockets.h"
#include <client_hello.h>
#include <quicward/base/bytes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define CID_LEN 8
#define HELLO 600
#define SLICE ((size_t)HELLO / EVADE_SLICES)
#define SMALLEST 1200 /* RFC 9000 14.1 */
#define HALF_PACKET 600
#define ZERO_RTT_BITS 1 /* RFC 9000 17.2 */
#define HANDSHAKE_BITS 2
#define VERSION_2 0x6b3343cfu
#define BODY 100

static struct test_cid random_cid(uint8_t len)
{
    struct test_cid cid = {.len = len};
    if (getrandom(cid.bytes, len, 0) != len)
        tool_fail("getrandom");
    return cid;
}

struct evade_attempt evade_attempt(const char *name, uint32_t version, uint8_t dcid_len)
{
    struct test_cid dcid = random_cid(dcid_len);
    return (struct evade_attempt){.name = name,
                                  .version = version,
                                  .key_dcid = dcid,
                                  .dcid = dcid,
                                  .scid = random_cid(CID_LEN),
                                  .server = random_cid(CID_LEN)};
}

/* Versions that quicward cannot read are sealed as version 1 would be: nobody opens them here. */
static uint32_t sealed_as(uint32_t version)
{
    return version == VERSION_2 ? version : 1;
}

static size_t seal(struct evade_attempt *a, const uint8_t *frames, size_t len, size_t pad_to, uint8_t *out,
                   size_t size)
{
    struct test_initial initial = {.version = sealed_as(a->version),
                                   .key_dcid = a->key_dcid,
                                   .dcid = a->dcid,
                                   .scid = a->scid,
                                   .token = a->token,
                                   .token_len = a->token_len,
                                   .packet_number = a->packet_number++,
                                   .pn_len = 1,
                                   .frames = frames,
                                   .frames_len = len,
                                   .pad_to = pad_to,
                                   .grease = a->grease};
    size_t sealed = test_seal_initial(&initial, out, size);
    if (a->version != initial.version) {
        struct qw_writer w = qw_writer(out + 1, 4);
        qw_put_u32(&w, a->version);
    }
    return sealed;
}

static size_t part_frame(const struct evade_attempt *a, uint64_t slices, uint8_t *out, size_t size)
{
    uint8_t hello[HELLO];
    if (test_client_hello(hello, sizeof(hello), a->name, HELLO) != HELLO)
        abort();
    const uint8_t *name = memmem(hello, HELLO, a->name, strlen(a->name)), *cut = hello + EVADE_CUT * SLICE;
    if (!name || cut <= name || cut >= name + strlen(a->name))
        abort();
    size_t from = 0, to = 0;
    for (unsigned i = EVADE_SLICES; i-- > 0;)
        if (slices >> i & 1)
            from = i;
    for (unsigned i = 0; i < EVADE_SLICES; i++)
        if (slices >> i & 1)
            to = i + 1;
    return test_crypto_frame(out, size, hello, from * SLICE, to * SLICE);
}

size_t evade_initial(struct evade_attempt *attempt, uint64_t slices, uint8_t out[EVADE_DATAGRAM])
{
    uint8_t frame[HELLO + 20];
    size_t len = part_frame(attempt, slices, frame, sizeof(frame));
    return seal(attempt, frame, len, SMALLEST, out, EVADE_DATAGRAM);
}

size_t evade_coalesced(struct evade_attempt *attempt, uint8_t out[EVADE_DATAGRAM])
{
    uint8_t frame[HELLO + 20];
    size_t len = part_frame(attempt, EVADE_LAST, frame, sizeof(frame));
    size_t first = seal(attempt, frame, len, HALF_PACKET, out, EVADE_DATAGRAM);
    len = part_frame(attempt, EVADE_FIRST, frame, sizeof(frame));
    return first + seal(attempt, frame, len, SMALLEST - first, out + first, EVADE_DATAGRAM - first);
}

static size_t long_header(const struct evade_attempt *a, unsigned bits, const struct test_cid *dcid,
                          uint8_t out[EVADE_DATAGRAM])
{
    if (a->version == VERSION_2)
        bits++; /* RFC 9369 3.2 */
    return test_long_header(out, EVADE_DATAGRAM, a->version, bits, dcid, &a->scid, BODY);
}

size_t evade_zero_rtt(const struct evade_attempt *attempt, uint8_t out[EVADE_DATAGRAM])
{
    return long_header(attempt, ZERO_RTT_BITS, &attempt->dcid, out);
}

size_t evade_handshake(const struct evade_attempt *attempt, uint8_t out[EVADE_DATAGRAM])
{
    return long_header(attempt, HANDSHAKE_BITS, &attempt->server, out);
}

size_t evade_short(const struct evade_attempt *attempt, uint8_t out[EVADE_DATAGRAM])
{
    struct qw_writer w = qw_writer(out, EVADE_DATAGRAM);
    qw_put_u8(&w, 0x40);
    qw_put(&w, attempt->server.bytes, attempt->server.len);
    struct test_cid body = random_cid(40);
    qw_put(&w, body.bytes, body.len);
    return qw_written(&w);
}

size_t evade_server_initial(const struct evade_attempt *attempt, uint8_t out[EVADE_DATAGRAM])
{
    static const uint8_t CRYPTO[] = {0x06, 0x00, 0x08, 0x02, 0x00, 0x00, 0x56, 0x03, 0x03, 0x33, 0x44};
    struct test_initial initial = {.version = sealed_as(attempt->version),
                                   .from_server = true,
                                   .key_dcid = attempt->key_dcid,
                                   .dcid = attempt->scid,
                                   .scid = attempt->server,
                                   .pn_len = 1,
                                   .frames = CRYPTO,
                                   .frames_len = sizeof(CRYPTO),
                                   .pad_to = SMALLEST};
    return test_seal_initial(&initial, out, EVADE_DATAGRAM);
}

size_t evade_retry(struct evade_attempt *attempt, uint8_t out[EVADE_DATAGRAM])
{
    attempt->token_len = sizeof(attempt->token);
    size_t len = test_retry(out, EVADE_DATAGRAM, attempt->version, &attempt->scid, &attempt->server,
                            &attempt->key_dcid, attempt->token, attempt->token_len);
    attempt->dcid = attempt->key_dcid = attempt->server;
    attempt->server = random_cid(CID_LEN);
    return len;
}

size_t evade_negotiation(const struct evade_attempt *attempt, uint8_t out[EVADE_DATAGRAM])
{
    struct qw_writer w = qw_writer(out, EVADE_DATAGRAM);
    qw_put_u8(&w, 0xc0);
    qw_put_u32(&w, 0); /* RFC 8999 6 */
    qw_put_u8(&w, attempt->scid.len);
    qw_put(&w, attempt->scid.bytes, attempt->scid.len);
    qw_put_u8(&w, attempt->dcid.len);
    qw_put(&w, attempt->dcid.bytes, attempt->dcid.len);
    qw_put_u32(&w, 1);
    return qw_written(&w);
}
