#include "extensions.h"

#define CLIENT_HELLO 1      /* HandshakeType, RFC 8446 4 */
#define HEADER_LEN 4        /* HandshakeType and a length of 24 bits */
#define VERSION_LEN 2       /* legacy_version */
#define RANDOM_LEN 32       /* RFC 8446 4.1.2, as the two below */
#define SESSION_ID_MAX 32   /* legacy_session_id */
#define CIPHER_SUITE_LEN 2u /* cipher_suites has at least one */
#define COMPRESSION_MIN 1   /* legacy_compression_methods has at least "null" */

uint64_t tls_message_length(struct qw_bytes start)
{
    struct qw_reader r = qw_reader(start.data, start.len);
    qw_skip(&r, 1);
    uint64_t body = qw_u24(&r);
    return r.bad ? 0 : HEADER_LEN + body;
}

/* The fields before the extensions. */
static bool skip_fixed(struct qw_reader *body)
{
    qw_skip(body, VERSION_LEN + RANDOM_LEN);
    size_t session_id = qw_take(body, qw_u8(body)).len;
    size_t suites = qw_take(body, qw_u16(body)).len;
    size_t compression = qw_take(body, qw_u8(body)).len;
    return !body->bad && session_id <= SESSION_ID_MAX && suites > 0 && suites % CIPHER_SUITE_LEN == 0 &&
           compression >= COMPRESSION_MIN;
}

static bool read_body(struct qw_reader *body, struct tls_client_hello *out)
{
    if (!skip_fixed(body))
        return false;
    if (qw_left(body) == 0)
        return true; /* before TLS 1.3 the extensions may be absent (RFC 5246 7.4.1.2) */
    struct qw_reader block = qw_sub(body, qw_u16(body));
    return !body->bad && qw_left(body) == 0 && tls_extensions(&block, out);
}

enum qw_error tls_client_hello(struct qw_bytes message, struct tls_client_hello *out)
{
    *out = (struct tls_client_hello){0};
    if (message.len > 0 && message.data[0] != CLIENT_HELLO)
        return QW_ERR_UNSUPPORTED;
    uint64_t len = tls_message_length(message);
    if (len == 0 || len > message.len)
        return QW_ERR_TRUNCATED;
    struct qw_reader r = qw_reader(message.data, message.len);
    qw_skip(&r, HEADER_LEN);
    struct qw_reader body = qw_sub(&r, len - HEADER_LEN);
    if (read_body(&body, out))
        return QW_OK;
    *out = (struct tls_client_hello){0};
    return QW_ERR_MALFORMED;
}
