#include "client.h"
#include "packets.h"
#include <CUnit/CUnit.h>
#include <quicward/quic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct config *config_with(const char *mode, const char *text)
{
    char path[] = "/tmp/quicward-test-XXXXXX";
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    FILE *file = fdopen(fd, "w");
    fprintf(file,
            "mode = \"%s\"; inside = [\"lan0\"]; outside = [\"wan0\"];\n"
            "flows = { max = 64; per_host = 16777216; handshakes = 16; }; initials = { rate = 0; per_source "
            "= 0; };\n%s\n",
            mode, text);
    fclose(file);
    struct config *config;
    enum qw_error error = config_load(path, stderr, &config);
    unlink(path);
    CU_ASSERT_EQUAL_FATAL(error, QW_OK);
    return config;
}

static struct router router_of(const char *mode, const char *text)
{
    struct config *config = config_with(mode, text);
    struct router r = router_start(config);
    config_free(config);
    return r;
}

struct router router_with(const char *text)
{
    return router_of("firewall", text);
}

struct router nat_with(const char *text)
{
    return router_of("nat", text);
}

enum qw_error reload_with(struct router *r, const char *text)
{
    struct config *config = config_with("firewall", text);
    enum qw_error error = engine_reload(r->engine, config, stderr);
    config_free(config);
    return error;
}

struct client client_of(const char *sni, uint8_t fill, size_t len)
{
    struct client c = {.from = LAN, .to = WAN, .side = ENGINE_INSIDE, .fill = fill};
    c.hello_len = test_client_hello(c.hello, sizeof c.hello, sni, len);
    return c;
}

static struct test_cid cid(uint8_t len, uint8_t fill)
{
    struct test_cid id = {.len = len};
    memset(id.bytes, fill, len);
    return id;
}

static enum engine_action send_payload(struct router *r, const struct client *c, const uint8_t *payload,
                                       size_t len)
{
    uint8_t packet[4096];
    raw(r, c->side, packet, test_udp(packet, sizeof packet, c->from, c->to, payload, len));
    return r->last.action;
}

enum engine_action client_sends(struct router *r, struct client *c, size_t start, size_t end)
{
    uint8_t frames[3000], payload[3200];
    struct test_initial initial = {
        .version = QUIC_VERSION_1, .pn_len = 2, .packet_number = c->packet_number++};
    initial.key_dcid = initial.dcid = cid(8, c->fill);
    initial.scid = cid(4, c->fill);
    initial.frames = frames;
    initial.frames_len = test_crypto_frame(frames, sizeof frames, c->hello, start, end);
    initial.pad_to = 1200;
    return send_payload(r, c, payload, test_seal_initial(&initial, payload, sizeof payload));
}

enum engine_action client_sends_two(struct router *r, struct client *c, const struct client *other)
{
    uint8_t frames[3000], payload[3200];
    struct test_initial initial = {
        .version = QUIC_VERSION_1, .pn_len = 2, .packet_number = c->packet_number++};
    initial.key_dcid = initial.dcid = cid(8, c->fill);
    initial.scid = cid(4, c->fill);
    initial.frames = frames;
    size_t len = test_crypto_frame(frames, sizeof frames, c->hello, 0, c->hello_len);
    initial.frames_len =
        len + test_crypto_frame(frames + len, sizeof frames - len, other->hello, 0, other->hello_len);
    initial.pad_to = 1200;
    return send_payload(r, c, payload, test_seal_initial(&initial, payload, sizeof payload));
}

#define TOKEN "a token of the server"

static struct test_cid retry_cid(const struct client *c)
{
    return cid(8, (uint8_t)(c->fill ^ 0x80));
}

bool server_retries(struct router *r, const struct client *c)
{
    uint8_t payload[300], packet[400];
    struct test_cid dcid = cid(4, c->fill), scid = retry_cid(c), original = cid(8, c->fill);
    size_t len = test_retry(payload, sizeof payload, QUIC_VERSION_1, &dcid, &scid, &original,
                            (const uint8_t *)TOKEN, sizeof TOKEN);
    return raw(r, ENGINE_OUTSIDE, packet, test_udp(packet, sizeof packet, c->to, c->from, payload, len));
}

/* The first `end` bytes of the ClientHello, behind the Retry. */
static size_t seal_follower(struct client *c, size_t end, size_t pad_to, uint8_t *out, size_t size)
{
    uint8_t frames[3000];
    struct test_initial initial = {.version = QUIC_VERSION_1,
                                   .pn_len = 2,
                                   .packet_number = c->packet_number++,
                                   .token = (const uint8_t *)TOKEN,
                                   .token_len = sizeof TOKEN,
                                   .scid = cid(4, c->fill),
                                   .frames = frames,
                                   .pad_to = pad_to};
    initial.key_dcid = initial.dcid = retry_cid(c);
    initial.frames_len = test_crypto_frame(frames, sizeof frames, c->hello, 0, end);
    return test_seal_initial(&initial, out, size);
}

enum engine_action client_follows_behind(struct router *r, struct client *c, unsigned bad)
{
    uint8_t payload[3200];
    size_t at = 0;
    for (unsigned i = 0; i < bad; i++) {
        at += seal_follower(c, 1, 0, payload + at, sizeof payload - at);
        payload[at - 1] ^= 1;
    }
    at += seal_follower(c, c->hello_len, 1200, payload + at, sizeof payload - at);
    return send_payload(r, c, payload, at);
}

enum engine_action client_follows(struct router *r, struct client *c)
{
    return client_follows_behind(r, c, 0);
}

enum engine_action client_sends_all(struct router *r, struct client *c)
{
    return client_sends(r, c, 0, c->hello_len);
}

enum engine_action client_sends_zero_rtt(struct router *r, struct client *c)
{
    uint8_t payload[300];
    struct test_cid dcid = cid(8, c->fill), scid = cid(4, c->fill);
    return send_payload(r, c, payload,
                        test_long_header(payload, sizeof payload, QUIC_VERSION_1, 1, &dcid, &scid, 100));
}

const char *released(struct router *r)
{
    static char text[256];
    const struct engine_release *list;
    size_t count = engine_released(r->worker, &list), at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count && at + 8 < sizeof text; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%c%u",
                               list[i].action == ENGINE_ACCEPT ? 'a' : 'd', (unsigned)list[i].token);
    return text;
}

void later(struct router *r, uint64_t ms)
{
    r->now.ns += ms * QW_NS_PER_MS;
    engine_tick(r->worker, r->now, 10);
}
