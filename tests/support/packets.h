/* IP packets made to measure: every header field right (checksums too), so that a test can then break one. */
#ifndef TEST_PACKETS_H
#define TEST_PACKETS_H

#include <quicward/base/addr.h>
#include <stddef.h>
#include <stdint.h>

/* Writes an IPv4 (DF set) or IPv6 packet with UDP from `from` to `to` ("192.0.2.1:443", "[2001:db8::1]:443")
 * and `payload` into `out`; returns its length. Ends the program when it does not fit or the text is wrong.
 */
size_t test_udp(uint8_t *out, size_t size, const char *from, const char *to, const void *payload, size_t len);

/* Writes an ICMP or ICMPv6 error of `type`, `code` and `mtu` from address `from` to the source of `packet`
 * (`len` bytes, IP header first), quoting the first `quoted` bytes of it; returns its length. */
size_t test_icmp_error(uint8_t *out, size_t size, const char *from, uint8_t type, uint8_t code, uint32_t mtu,
                       const uint8_t *packet, size_t len, size_t quoted);

#endif
