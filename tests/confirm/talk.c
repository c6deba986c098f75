#include "talk.h"
#include <CUnit/CUnit.h>
#include <string.h>

static const uint8_t FRAMES[] = {0x06, 0x00, 0x04, 0x01, 0x00, 0x00, 0x00}; /* CRYPTO, 4 bytes at 0 */

struct talk talk_start(void)
{
    struct talk t = {.reader = confirm_reader_new((struct qw_hash_key){1, 2})};
    CU_ASSERT_PTR_NOT_NULL_FATAL(t.reader);
    memset(&t.scratch, 0xee, sizeof t.scratch);
    confirm_start(&t.scratch);
    return t;
}

void talk_end(struct talk *t)
{
    confirm_reader_free(t->reader);
}

struct test_cid cid(uint8_t len, uint8_t fill)
{
    struct test_cid c = {.len = len};
    memset(c.bytes, fill, len);
    return c;
}

struct names plain_names(void)
{
    return (struct names){V1, FLOW_LO, cid(8, 0xd1), cid(5, 0xc1), cid(6, 0x51)};
}

enum flow_state datagram(struct talk *t, enum flow_side from, const uint8_t *data, size_t len)
{
    struct confirm copy;
    memset(&copy, 0xee, sizeof copy); /* what is not copied must not matter */
    confirm_copy(&copy, &t->scratch);
    confirm_datagram(&copy, t->reader, from, (struct qw_bytes){data, len}, &t->view);
    memset(&t->scratch, 0xee, sizeof t->scratch);
    confirm_copy(&t->scratch, &copy);
    return t->view.state;
}

static enum flow_state initial(struct talk *t, enum flow_side from, struct test_initial what)
{
    uint8_t out[1500];
    what.pn_len = 2;
    what.frames = FRAMES;
    what.frames_len = sizeof FRAMES;
    what.pad_to = 1200;
    return datagram(t, from, out, test_seal_initial(&what, out, sizeof out));
}

enum flow_state client_initial(struct talk *t, const struct names *n)
{
    return initial(
        t, n->client,
        (struct test_initial){
            .version = n->version, .key_dcid = n->first_dcid, .dcid = n->first_dcid, .scid = n->client_scid});
}

enum flow_state client_initial_half(struct talk *t, const struct names *n)
{
    return initial(t, n->client,
                   (struct test_initial){.version = n->version,
                                         .key_dcid = n->first_dcid,
                                         .dcid = n->first_dcid,
                                         .scid = n->client_scid,
                                         .packet_number = 1});
}

enum flow_state retry(struct talk *t, const struct names *n, const struct test_cid *scid, uint8_t fill,
                      size_t token_len)
{
    uint8_t out[300], token[200];
    memset(token, fill, sizeof token);
    return datagram(
        t, flow_peer(n->client), out,
        test_retry(out, sizeof out, n->version, &n->client_scid, scid, &n->first_dcid, token, token_len));
}

enum flow_state follow_retry(struct talk *t, const struct names *n, const struct test_cid *scid, uint8_t fill,
                             size_t token_len, uint64_t number)
{
    uint8_t token[200];
    memset(token, fill, sizeof token);
    return initial(t, n->client,
                   (struct test_initial){.version = n->version,
                                         .key_dcid = *scid,
                                         .dcid = *scid,
                                         .scid = n->client_scid,
                                         .token = token,
                                         .token_len = token_len,
                                         .packet_number = number});
}

enum flow_state client_initial_again(struct talk *t, const struct names *n)
{
    return initial(t, n->client,
                   (struct test_initial){.version = n->version,
                                         .key_dcid = n->first_dcid,
                                         .dcid = n->server_scid,
                                         .scid = n->client_scid,
                                         .packet_number = 1});
}

enum flow_state server_initial(struct talk *t, const struct names *n)
{
    return initial(t, flow_peer(n->client),
                   (struct test_initial){.version = n->version,
                                         .from_server = true,
                                         .key_dcid = n->first_dcid,
                                         .dcid = n->client_scid,
                                         .scid = n->server_scid});
}

enum flow_state long_header(struct talk *t, enum flow_side from, uint32_t version, unsigned type_bits,
                            const struct test_cid *dcid, const struct test_cid *scid)
{
    uint8_t out[1500];
    return datagram(t, from, out, test_long_header(out, sizeof out, version, type_bits, dcid, scid, 100));
}

static unsigned handshake_bits(uint32_t version)
{
    return version == V2 ? 3 : 2; /* RFC 9369 3.2 */
}

enum flow_state client_handshake(struct talk *t, const struct names *n)
{
    return long_header(t, n->client, n->version, handshake_bits(n->version), &n->server_scid,
                       &n->client_scid);
}

enum flow_state server_handshake(struct talk *t, const struct names *n)
{
    return long_header(t, flow_peer(n->client), n->version, handshake_bits(n->version), &n->client_scid,
                       &n->server_scid);
}

static enum flow_state short_header(struct talk *t, enum flow_side from, const struct test_cid *dcid)
{
    uint8_t out[64] = {0x41};
    memcpy(out + 1, dcid->bytes, dcid->len);
    return datagram(t, from, out, sizeof out);
}

enum flow_state client_short(struct talk *t, const struct names *n)
{
    return short_header(t, n->client, &n->server_scid);
}

enum flow_state server_short(struct talk *t, const struct names *n)
{
    return short_header(t, flow_peer(n->client), &n->client_scid);
}

enum flow_state zero_rtt(struct talk *t, const struct names *n)
{
    return long_header(t, n->client, n->version, n->version == V2 ? 2 : 1, &n->first_dcid, &n->client_scid);
}
