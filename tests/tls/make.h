/* ClientHello messages made to measure, and what was read of them in comparable form. */
#ifndef MAKE_H
#define MAKE_H

#include <quicward/tls.h>

#define MESSAGE_MAX 20000

/* Memory that ends where a message does, so that the address sanitizer sees a byte too many. One at a time.
 */
struct qw_bytes make_copy(const uint8_t *data, size_t len);

/* A ClientHello with one cipher suite, no session ID, and these extensions. */
struct qw_bytes make_hello(const uint8_t *extensions, size_t len);

/* tls_client_hello of make_hello; the extensions in hexadecimal. */
enum qw_error read_extensions(const char *hex, struct tls_client_hello *out);

/* The length field of a handshake message, set to what its `len` bytes are. */
void set_message_length(uint8_t *message, size_t len);

bool text_is(struct qw_bytes bytes, const char *text);

/* The ALPN names joined with commas are `text`. */
bool alpn_is(const struct tls_client_hello *hello, const char *text);

/* Nothing was read: all fields are zero. */
bool is_blank(const struct tls_client_hello *hello);

#endif
