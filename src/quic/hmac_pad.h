/* What both implementations of HMAC share. */
#ifndef QUIC_HMAC_PAD_H
#define QUIC_HMAC_PAD_H

#include "hmac.h"
#include <stddef.h>

#define HMAC_IPAD 0x36
#define HMAC_OPAD 0x5c

/* Ends a message of `len` bytes at `block`, which follows a key's block; what is between must be zeros. */
void hmac_end_message(uint8_t block[QUIC_HMAC_BLOCK_LEN], size_t len);

/* How long a message that was ended so is. */
size_t hmac_message_len(const uint8_t block[QUIC_HMAC_BLOCK_LEN]);

#endif
