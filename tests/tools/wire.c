#include "wire.h"

#include <quicward/base/bytes.h>
#include <string.h>

#define VERSION_1 1
#define CID_LEN 8
#define SHORT_BODY 40

/* CRYPTO, offset 0, 8 bytes (RFC 9000 19.6): the beginning of a handshake message. */
static const uint8_t client_crypto[] = {0x06, 0x00, 0x08, 0x01, 0x00, 0x01, 0x00, 0x03, 0x03, 0x11, 0x22};
static const uint8_t server_crypto[] = {0x06, 0x00, 0x08, 0x02, 0x00, 0x00, 0x56, 0x03, 0x03, 0x33, 0x44};

struct test_cid wire_cid(uint8_t mark)
{
    struct test_cid cid = {.len = CID_LEN};
    memset(cid.bytes, mark, CID_LEN);
    return cid;
}

bool wire_read(const uint8_t *datagram, size_t len, struct test_cid *dcid, struct test_cid *scid)
{
    struct qw_reader r = qw_reader(datagram, len);
    if (!(qw_u8(&r) & 0x80)) /* RFC 8999 5.1 */
        return false;
    qw_skip(&r, 4);
    dcid->len = qw_u8(&r);
    struct qw_bytes to = qw_take(&r, dcid->len);
    scid->len = qw_u8(&r);
    struct qw_bytes from = qw_take(&r, scid->len);
    if (r.bad)
        return false;
    memcpy(dcid->bytes, to.data, to.len);
    memcpy(scid->bytes, from.data, from.len);
    return true;
}

size_t wire_initial(uint8_t out[WIRE_DATAGRAM], bool from_server, const struct test_cid *key_dcid,
                    const struct test_cid *dcid, const struct test_cid *scid)
{
    struct test_initial initial = {
        .version = VERSION_1,
        .from_server = from_server,
        .key_dcid = *key_dcid,
        .dcid = *dcid,
        .scid = *scid,
        .pn_len = 1,
        .frames = from_server ? server_crypto : client_crypto,
        .frames_len = from_server ? sizeof(server_crypto) : sizeof(client_crypto),
        .pad_to = WIRE_DATAGRAM,
    };
    return test_seal_initial(&initial, out, WIRE_DATAGRAM);
}

size_t wire_short(uint8_t out[WIRE_DATAGRAM], const struct test_cid *dcid)
{
    struct qw_writer w = qw_writer(out, WIRE_DATAGRAM);
    qw_put_u8(&w, 0x40); /* RFC 9000 17.3.1: short header, fixed bit */
    qw_put(&w, dcid->bytes, dcid->len);
    for (unsigned i = 0; i < SHORT_BODY; i++)
        qw_put_u8(&w, (uint8_t)(i * 37));
    return qw_written(&w);
}
