#include "sequence_input.h"
#include "seal.h"
#include <string.h>

#define FRAMES_MAX 1100

bool sequence_next(struct fuzz_input *in, struct sequence_datagram *out)
{
    if (in->left < 4)
        return false;
    out->flags = fuzz_byte(in);
    out->pause = fuzz_byte(in);
    uint16_t len = fuzz_word(in);
    out->bytes = fuzz_bytes(in, len % 2048);
    return true;
}

static struct test_cid cid_of(uint8_t fill, uint8_t len)
{
    struct test_cid cid = {.len = len};
    memset(cid.bytes, fill, len);
    return cid;
}

static size_t seal(const struct sequence_datagram *datagram, uint8_t *out, size_t size)
{
    const uint8_t number = datagram->flags & SEQUENCE_OTHER_CID ? 2 : 1;
    const bool server = datagram->flags & SEQUENCE_SERVER;
    const struct test_cid first = cid_of(number, 8), client = cid_of((uint8_t)(0x10 + number), 6),
                          answer = cid_of((uint8_t)(0x20 + number), 7);
    const uint32_t version = datagram->flags & SEQUENCE_V2 ? 0x6b3343cf : 1;
    const size_t len = datagram->bytes.len < FRAMES_MAX ? datagram->bytes.len : FRAMES_MAX;
    static uint64_t packet_number; /* any will do */
    if (datagram->flags & SEQUENCE_HANDSHAKE)
        return test_long_header(out, size, version, datagram->pause & 3, server ? &client : &answer,
                                server ? &answer : &client, len);
    if (datagram->flags & SEQUENCE_RETRY)
        return test_retry(out, size, version, &client, &answer, &first, datagram->bytes.data,
                          len < 64 ? len : 64);
    const struct test_initial initial = {.version = version,
                                         .from_server = server,
                                         .key_dcid = first,
                                         .dcid = server ? client : first,
                                         .scid = server ? answer : client,
                                         .packet_number = packet_number++ & 0x7fff,
                                         .pn_len = 2,
                                         .frames = datagram->bytes.data,
                                         .frames_len = len,
                                         .pad_to = 1200};
    return test_seal_initial(&initial, out, size);
}

struct qw_bytes sequence_payload(const struct sequence_datagram *datagram)
{
    static uint8_t buffer[2048];
    if (!(datagram->flags & SEQUENCE_SEALED))
        return datagram->bytes;
    return (struct qw_bytes){buffer, seal(datagram, buffer, sizeof buffer)};
}

uint64_t sequence_pause_ns(uint8_t pause)
{
    static const uint64_t UNIT[] = {0, 1000000, 1000000000, UINT64_C(30000000000)};
    return UNIT[pause >> 6] * (pause & 63u);
}
