/* ClientHellos and the client Initials that carry them, in as many pieces as a test wants. */
#ifndef TEST_CLIENT_HELLO_H
#define TEST_CLIENT_HELLO_H

#include "seal.h"

/* Writes a ClientHello message for `sni` (NULL: no server_name) offering h3 into `out`, padded (RFC 7685) to
 * `total` bytes if that is more than it needs; returns its length. Ends the program when it does not fit. */
size_t test_client_hello(uint8_t *out, size_t size, const char *sni, size_t total);

/* Writes a CRYPTO frame with bytes `from`..`to`-1 of `message`; returns its length. */
size_t test_crypto_frame(uint8_t *out, size_t size, const uint8_t *message, size_t from, size_t to);

#endif
