/* A conversation under observation: what client and server send, datagram by datagram, and what that proves.
 */
#ifndef TEST_TALK_H
#define TEST_TALK_H

#include "seal.h"
#include <quicward/confirm.h>

#define V1 QUIC_VERSION_1
#define V2 QUIC_VERSION_2
#define DRAFT 0x709a50c4u /* a version nobody here knows */

/* One connection's names, as its two ends chose them. */
struct names {
    uint32_t version;
    enum flow_side client;
    struct test_cid first_dcid, client_scid, server_scid;
};

struct talk {
    struct confirm scratch;
    struct confirm_reader *reader;
    struct confirm_view view; /* after the last datagram */
};

struct talk talk_start(void);
void talk_end(struct talk *t);

/* The names most tests use: v1, client at FLOW_LO, CIDs of 8, 5 and 6 bytes. */
struct names plain_names(void);
struct test_cid cid(uint8_t len, uint8_t fill);

/* Each sends one datagram and returns the state afterwards. */
enum flow_state client_initial(struct talk *t, const struct names *n);
enum flow_state client_initial_again(struct talk *t, const struct names *n); /* to the server's SCID */
enum flow_state server_initial(struct talk *t, const struct names *n);
enum flow_state client_handshake(struct talk *t, const struct names *n);
enum flow_state server_handshake(struct talk *t, const struct names *n);
enum flow_state client_short(struct talk *t, const struct names *n);
enum flow_state server_short(struct talk *t, const struct names *n);
enum flow_state long_header(struct talk *t, enum flow_side from, uint32_t version, unsigned type_bits,
                            const struct test_cid *dcid, const struct test_cid *scid);
enum flow_state client_initial_half(struct talk *t,
                                    const struct names *n); /* the other half of a ClientHello */
enum flow_state zero_rtt(struct talk *t, const struct names *n);
/* A Retry that asks for `scid` with a token of `token_len` bytes `fill`, and the client's Initial `number`
 * that follows it: to `scid`, which its keys derive from. */
enum flow_state retry(struct talk *t, const struct names *n, const struct test_cid *scid, uint8_t fill,
                      size_t token_len);
enum flow_state follow_retry(struct talk *t, const struct names *n, const struct test_cid *scid, uint8_t fill,
                             size_t token_len, uint64_t number);
enum flow_state datagram(struct talk *t, enum flow_side from, const uint8_t *data, size_t len);

void suite_evidence(void);
void suite_forgers(void);
void suite_versions(void);
void suite_retries(void);
void suite_loss(void);
void suite_blind(void);
void suite_pieces(void);

#endif
