/* What the suites of this program share. */
#ifndef QUIC_TEST_COMMON_H
#define QUIC_TEST_COMMON_H

#include "hex.h"
#include "seal.h"
#include "suite.h"
#include "vectors.h"
#include <quicward/quic.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void header_suite(void);
void hmac_suite(void);
void hostile_suite(void);
void initial_suite(void);
void retry_suite(void);
void vectors_suite(void);
void versions_suite(void);

/* The program's only OpenSSL objects: as in the engine, all packets, good and bad, go through them. */
struct quic_crypto *crypto(void);

struct test_cid cid_hex(const char *hex);
struct test_cid cid_of(uint8_t len); /* bytes 1, 2, 3 ... */
struct qw_bytes cid_bytes(const struct test_cid *cid);
struct qw_bytes bytes(const void *data, size_t len);
bool same(struct qw_bytes a, struct qw_bytes b);

/* A client Initial with an 8-byte DCID, the keys' one, no token, one PING frame, 1200 bytes. */
struct test_initial plain_initial(uint32_t version);

/* quic_next on the start of `data`. */
enum qw_error next_of(const uint8_t *data, size_t len, struct quic_packet *out);

/* The keys that open what `initial` makes. */
struct quic_initial_keys keys_of(const struct test_initial *initial);

/* Opens `packet` into `buffer`, as large as the packet. */
enum qw_error open_with(const struct test_initial *initial, const struct quic_packet *packet, int64_t largest,
                        uint8_t *buffer, struct quic_opened *out);

#endif
