/* The other half of QUIC that the program itself never needs: making Initial packets, v1 and v2. */
#ifndef TEST_SEAL_H
#define TEST_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test_cid {
    uint8_t len;
    uint8_t bytes[255];
};

struct test_initial {
    uint32_t version;         /* 1 or 0x6b3343cf: chooses salt, labels and type bits */
    bool from_server;         /* which keys */
    struct test_cid key_dcid; /* the DCID that the keys derive from */
    struct test_cid dcid, scid;
    const uint8_t *token;
    size_t token_len;
    uint64_t packet_number;
    unsigned pn_len;       /* 1..4 */
    const uint8_t *frames; /* payload */
    size_t frames_len;
    size_t pad_to; /* PADDING frames until the packet has this size; 0: none but what the sample needs */
    bool grease;   /* the fixed bit is sent cleared (RFC 9287) */
};

/* Writes the protected packet into `out`; returns its length. Ends the program when it does not fit. */
size_t test_seal_initial(const struct test_initial *initial, uint8_t *out, size_t size);

/* A long header packet of any type with a Length and `body_len` random-looking bytes after it: Handshake,
 * 0-RTT of v1/v2
 * (`type_bits` 0..3 as on the wire). */
size_t test_long_header(uint8_t *out, size_t size, uint32_t version, unsigned type_bits,
                        const struct test_cid *dcid, const struct test_cid *scid, size_t body_len);

/* A Retry with a valid integrity tag. */
size_t test_retry(uint8_t *out, size_t size, uint32_t version, const struct test_cid *dcid,
                  const struct test_cid *scid, const struct test_cid *original_dcid, const uint8_t *token,
                  size_t token_len);

#endif
