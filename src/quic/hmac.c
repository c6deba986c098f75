#include "hmac_pad.h"
#include <string.h>

#define LENGTH_LEN 8 /* of the count of bits that ends the padding (FIPS 180-4 5.1.1) */
#define END_OF_MESSAGE 0x80
_Static_assert(QUIC_HMAC_MESSAGE_MAX + 1 + LENGTH_LEN == QUIC_HMAC_BLOCK_LEN, "one block with its padding");
_Static_assert(QUIC_HASH_LEN <= QUIC_HMAC_MESSAGE_MAX, "so is a digest");

void hmac_end_message(uint8_t block[QUIC_HMAC_BLOCK_LEN], size_t len)
{
    size_t bits = (QUIC_HMAC_BLOCK_LEN + len) * 8;
    block[len] = END_OF_MESSAGE;
    block[QUIC_HMAC_BLOCK_LEN - 2] = (uint8_t)(bits >> 8);
    block[QUIC_HMAC_BLOCK_LEN - 1] = (uint8_t)bits;
}

size_t hmac_message_len(const uint8_t block[QUIC_HMAC_BLOCK_LEN])
{
    size_t bits = (size_t)block[QUIC_HMAC_BLOCK_LEN - 2] << 8 | block[QUIC_HMAC_BLOCK_LEN - 1];
    return bits / 8 - QUIC_HMAC_BLOCK_LEN;
}

struct quic_hmac_message quic_hmac_message(struct qw_bytes message)
{
    struct quic_hmac_message out = {{0}};
    if (message.len > 0)
        memcpy(out.block, message.data, message.len);
    hmac_end_message(out.block, message.len);
    return out;
}
