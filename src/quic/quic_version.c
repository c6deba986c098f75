#include "quic_version.h"

/* HKDF-Expand (RFC 5869 2.3) of one block hashes HkdfLabel (RFC 8446 7.1) and the byte 1. HkdfLabel is the
 * output length in two bytes, the label with its length, and an empty context. */
#define LABEL(text)                                                                                          \
    {                                                                                                        \
        (const uint8_t *)text "\0\1", sizeof(text "\0\1") - 1                                                \
    }

const struct qw_bytes quic_label_client_in = LABEL("\0\x20\x0f"
                                                   "tls13 client in");
const struct qw_bytes quic_label_server_in = LABEL("\0\x20\x0f"
                                                   "tls13 server in");

const struct quic_version quic_versions[QUIC_VERSIONS] = {
    {
        /* RFC 9000 17.2, RFC 9001 5.1, 5.2, 5.8 */
        .number = QUIC_VERSION_1,
        .types = {QUIC_INITIAL, QUIC_ZERO_RTT, QUIC_HANDSHAKE, QUIC_RETRY},
        .initial_salt = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                         0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
        .key = LABEL("\0\x10\x0e"
                     "tls13 quic key"),
        .iv = LABEL("\0\x0c\x0d"
                    "tls13 quic iv"),
        .hp = LABEL("\0\x10\x0d"
                    "tls13 quic hp"),
        .retry_key = {0xbe, 0x0c, 0x69, 0x0b, 0x9f, 0x66, 0x57, 0x5a, 0x1d, 0x76, 0x6b, 0x54, 0xe3, 0x68,
                      0xc8, 0x4e},
        .retry_nonce = {0x46, 0x15, 0x99, 0xd3, 0x5d, 0x63, 0x2b, 0xf2, 0x23, 0x98, 0x25, 0xbb},
    },
    {
        /* RFC 9369 3.2, 3.3 */
        .number = QUIC_VERSION_2,
        .types = {QUIC_RETRY, QUIC_INITIAL, QUIC_ZERO_RTT, QUIC_HANDSHAKE},
        .initial_salt = {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
                         0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
        .key = LABEL("\0\x10\x10"
                     "tls13 quicv2 key"),
        .iv = LABEL("\0\x0c\x0f"
                    "tls13 quicv2 iv"),
        .hp = LABEL("\0\x10\x0f"
                    "tls13 quicv2 hp"),
        .retry_key = {0x8f, 0xb4, 0xb0, 0x1b, 0x56, 0xac, 0x48, 0xe2, 0x60, 0xfb, 0xcb, 0xce, 0xad, 0x7c,
                      0xcc, 0x92},
        .retry_nonce = {0xd8, 0x69, 0x69, 0xbc, 0x2d, 0x7c, 0x6d, 0x99, 0x90, 0xef, 0xb0, 0x4a},
    },
};

const struct quic_version *quic_version_find(uint32_t number)
{
    for (size_t i = 0; i < QUIC_VERSIONS; i++)
        if (quic_versions[i].number == number)
            return &quic_versions[i];
    return NULL;
}

bool quic_version_known(uint32_t version)
{
    return quic_version_find(version) != NULL;
}

bool quic_version_is_scone(uint32_t version)
{
    return (version & 0x7fffffff) == 0x6f7dc0fd;
}

static bool is_digit(uint32_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* "Q0" over UDP with Google's crypto, "T0" with TLS; then the number in ASCII. */
bool quic_version_is_google(uint32_t version)
{
    uint32_t prefix = version >> 16;
    return (prefix == ('Q' << 8 | '0') || prefix == ('T' << 8 | '0')) && is_digit(version >> 8 & 0xff) &&
           is_digit(version & 0xff);
}
