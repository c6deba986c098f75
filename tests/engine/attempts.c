#include "attempts.h"
#include "packets.h"
#include "seal.h"
#include <CUnit/CUnit.h>
#include <quicward/quic.h>
#include <string.h>

static struct test_cid cid(uint8_t len, uint8_t fill)
{
    struct test_cid id = {.len = len};
    memset(id.bytes, fill, len);
    return id;
}

static bool send(struct router *r, enum engine_origin side, const char *from, const char *to,
                 const uint8_t *payload, size_t len)
{
    uint8_t packet[2048];
    return raw(r, side, packet, test_udp(packet, sizeof packet, from, to, payload, len));
}

bool server_answers(struct router *r, const struct client *c)
{
    static const uint8_t PING[] = {1};
    uint8_t payload[1500];
    struct test_initial what = {.version = QUIC_VERSION_1, .from_server = true, .pn_len = 1, .pad_to = 1200};
    what.key_dcid = cid(8, c->fill);
    what.dcid = cid(4, c->fill);
    what.scid = cid(6, (uint8_t)~c->fill);
    what.frames = PING;
    what.frames_len = sizeof PING;
    size_t len = test_seal_initial(&what, payload, sizeof payload);
    return send(r, c->side == ENGINE_INSIDE ? ENGINE_OUTSIDE : ENGINE_INSIDE, c->to,
                c->outside ? c->outside : c->from, payload, len);
}

bool client_sends_handshake(struct router *r, const struct client *c)
{
    uint8_t payload[100];
    struct test_cid dcid = cid(6, (uint8_t)~c->fill), scid = cid(4, c->fill);
    size_t len = test_long_header(payload, sizeof payload, QUIC_VERSION_1, 2, &dcid, &scid, 50);
    return send(r, c->side, c->from, c->to, payload, len);
}

void client_connects(struct router *r, struct client *c)
{
    CU_ASSERT_EQUAL(client_sends_all(r, c), ENGINE_ACCEPT);
    CU_ASSERT_TRUE(server_answers(r, c));
    CU_ASSERT_TRUE(client_sends_handshake(r, c));
    CU_ASSERT_TRUE(send(r, c->side, c->from, c->to, (const uint8_t *)"\x40shortshortshortshort", 21));
}

#define DATAGRAM 1200

/* Long headers of v1 with connection IDs of 8 bytes; nobody can open what is behind them. */
static const uint8_t CLIENT_INITIAL[DATAGRAM] = {0xc0, 0, 0, 0, 1, 8, 1, 1, 1, 1, 1, 1, 1,
                                                 1,    8, 2, 2, 2, 2, 2, 2, 2, 2, 0, 30};
static const uint8_t SERVER_INITIAL[DATAGRAM] = {0xc0, 0, 0, 0, 1, 8, 2, 2, 2, 2, 2, 2, 2,
                                                 2,    8, 3, 3, 3, 3, 3, 3, 3, 3, 0, 30};
static const uint8_t CLIENT_HANDSHAKE[DATAGRAM] = {0xe0, 0, 0, 0, 1, 8, 3, 3, 3, 3, 3, 3,
                                                   3,    3, 8, 2, 2, 2, 2, 2, 2, 2, 2, 30};

void shake_hands(struct router *r, const char *from)
{
    out(r, from, WAN, CLIENT_INITIAL, DATAGRAM);
    r->now.ns += 80 * QW_NS_PER_MS;
    in(r, WAN, from, SERVER_INITIAL, DATAGRAM);
    r->now.ns += 20 * QW_NS_PER_MS;
    out(r, from, WAN, CLIENT_HANDSHAKE, DATAGRAM);
}

void both_spin(struct router *r, const char *from, unsigned round_trips)
{
    static const uint8_t BITS[4][2] = {{1, 0}, {1, 1}, {0, 1}, {0, 0}};
    for (unsigned i = 0; i < 4 * round_trips; i++)
        for (unsigned ms = 0; ms < (i % 2 ? 20 : 80); ms++) {
            uint8_t up[30] = {(uint8_t)(0x40 | BITS[i % 4][0] << 5)},
                    down[30] = {(uint8_t)(BITS[i % 4][1] << 5)};
            out(r, from, WAN, up, sizeof up);
            in(r, WAN, from, down, sizeof down);
            r->now.ns += QW_NS_PER_MS;
        }
}
