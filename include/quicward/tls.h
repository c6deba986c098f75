/* The ClientHello (RFC 8446 4.1.2) as a network may read it: who is asked for, and for which protocol. */
#ifndef QUICWARD_TLS_H
#define QUICWARD_TLS_H

#include <quicward/base/bytes.h>
#include <quicward/base/error.h>
#include <stdbool.h>
#include <stdint.h>

#define TLS_ALPN_MAX 64     /* protocols that are kept of an ALPN list; real ones have one to four */
#define TLS_NAME_MAX 255    /* longest host name (RFC 1035 2.3.4) and longest ALPN name (RFC 7301 3.1) */
#define TLS_HELLO_MAX 16384 /* a ClientHello longer than this is not waited for */

/* Everything is borrowed from the message. GREASE values (RFC 8701) are left out. */
struct tls_client_hello {
    struct qw_bytes sni; /* host_name (RFC 6066 3), as sent; empty when there is none */
    struct qw_bytes alpn[TLS_ALPN_MAX];
    unsigned alpn_count; /* kept in `alpn` */
    bool alpn_more;      /* the list was longer */
    bool ech;            /* encrypted_client_hello of type outer: `sni` is only the public name (RFC 9849) */
    bool tls13;          /* supported_versions offers TLS 1.3 */
};

/* How many bytes the handshake message that starts at `start` has in all, its 4-byte header included; 0 while
 * fewer than 4 bytes are there. `start` is the CRYPTO stream from offset 0. */
uint64_t tls_message_length(struct qw_bytes start);

/* Reads a whole ClientHello message, header included; bytes behind it are not looked at (after a
 * HelloRetryRequest a second one follows).
 * QW_OK. QW_ERR_TRUNCATED: the message is longer than what is there. QW_ERR_UNSUPPORTED: it is no
 * ClientHello. QW_ERR_MALFORMED: lengths that contradict each other, an SNI that is empty, longer than
 * TLS_NAME_MAX, holds a NUL or has two host names, an empty ALPN name or list, ECH of no known type, an
 * extension twice. *out is zero unless QW_OK. */
enum qw_error tls_client_hello(struct qw_bytes message, struct tls_client_hello *out);

#endif
