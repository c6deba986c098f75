#include <arpa/inet.h>
#include <quicward/base/checksum.h>
#include <string.h>

static uint32_t fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint32_t)sum;
}

/* The sum of 16-bit words does not depend on byte order until the end (RFC 1071 2.B), so words are added as
 * the machine loads them, four bytes at once, and swapped once. */
uint32_t qw_checksum_add(uint32_t sum, const void *data, size_t len)
{
    const uint8_t *at = data;
    uint64_t native = 0;
    for (; len >= 4; at += 4, len -= 4) {
        uint32_t word;
        memcpy(&word, at, sizeof(word));
        native += word;
    }
    if (len > 0) {
        uint32_t last = 0;
        memcpy(&last, at, len);
        native += last;
    }
    return fold((uint64_t)sum + ntohs((uint16_t)fold(native)));
}

uint16_t qw_checksum_finish(uint32_t sum)
{
    return (uint16_t)~fold(sum);
}

/* HC' = ~(~HC + ~m + m'), equation 3: the one that keeps a sum of 0 apart from 0xffff. */
uint16_t qw_checksum_update(uint16_t checksum, uint16_t from, uint16_t to)
{
    return qw_checksum_finish((uint32_t)(uint16_t)~checksum + (uint16_t)~from + to);
}
