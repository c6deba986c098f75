/* The few QUIC datagrams that a case needs, with connection IDs of its own. */
#ifndef TOOLS_WIRE_H
#define TOOLS_WIRE_H

#include <seal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_DATAGRAM 1200 /* RFC 9000 14.1: what a client's Initial fills */

/* An 8-byte connection ID filled with `mark`. */
struct test_cid wire_cid(uint8_t mark);

/* Reads both connection IDs of a long header; false when `datagram` is none. */
bool wire_read(const uint8_t *datagram, size_t len, struct test_cid *dcid, struct test_cid *scid);

/* An Initial of version 1 with a CRYPTO frame, filled up to WIRE_DATAGRAM. Keys come from `key_dcid`. */
size_t wire_initial(uint8_t out[WIRE_DATAGRAM], bool from_server, const struct test_cid *key_dcid,
                    const struct test_cid *dcid, const struct test_cid *scid);

/* A short header to `dcid` and unreadable bytes. */
size_t wire_short(uint8_t out[WIRE_DATAGRAM], const struct test_cid *dcid);

#endif
