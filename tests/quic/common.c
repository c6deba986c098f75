#include "common.h"
#include <stdlib.h>

struct quic_crypto *crypto(void)
{
    static struct quic_crypto *only;
    if (!only)
        only = quic_crypto_new();
    if (!only)
        exit(1);
    return only;
}

struct test_cid cid_hex(const char *hex)
{
    struct test_cid cid = {0};
    cid.len = (uint8_t)test_hex(hex, cid.bytes, sizeof cid.bytes);
    return cid;
}

struct test_cid cid_of(uint8_t len)
{
    struct test_cid cid = {.len = len};
    for (unsigned i = 0; i < len; i++)
        cid.bytes[i] = (uint8_t)(i + 1);
    return cid;
}

struct qw_bytes cid_bytes(const struct test_cid *cid)
{
    return bytes(cid->bytes, cid->len);
}

struct qw_bytes bytes(const void *data, size_t len)
{
    return (struct qw_bytes){data, len};
}

bool same(struct qw_bytes a, struct qw_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

struct test_initial plain_initial(uint32_t version)
{
    static const uint8_t PING[] = {0x01};
    return (struct test_initial){
        .version = version,
        .key_dcid = cid_hex(VECTOR_DCID),
        .dcid = cid_hex(VECTOR_DCID),
        .pn_len = 1,
        .frames = PING,
        .frames_len = sizeof PING,
        .pad_to = QUIC_CLIENT_DATAGRAM_MIN,
    };
}

enum qw_error next_of(const uint8_t *data, size_t len, struct quic_packet *out)
{
    struct qw_reader r = qw_reader(data, len);
    return quic_next(&r, out);
}

struct quic_initial_keys keys_of(const struct test_initial *initial)
{
    struct quic_initial_keys keys = {0};
    CU_ASSERT_EQUAL(quic_initial_keys(crypto(), initial->version, cid_bytes(&initial->key_dcid),
                                      initial->from_server ? QUIC_SERVER : QUIC_CLIENT, &keys),
                    QW_OK);
    return keys;
}

enum qw_error open_with(const struct test_initial *initial, const struct quic_packet *packet, int64_t largest,
                        uint8_t *buffer, struct quic_opened *out)
{
    struct quic_initial_keys keys = keys_of(initial);
    return quic_initial_open(crypto(), &keys, packet, largest, buffer, packet->packet.len, out);
}
