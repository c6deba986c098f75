#include "extensions.h"
#include <string.h>

enum {
    SERVER_NAME = 0,                /* RFC 6066 3 */
    ALPN = 16,                      /* RFC 7301 3.1 */
    SUPPORTED_VERSIONS = 43,        /* RFC 8446 4.2.1 */
    ENCRYPTED_CLIENT_HELLO = 0xfe0d /* RFC 9849 5 */
};

#define HOST_NAME 0 /* RFC 6066 3, the one NameType that is defined */
#define ECH_OUTER 0 /* RFC 9849 5 */
#define ECH_INNER 1
#define HPKE_SUITE_LEN 4 /* of HpkeSymmetricCipherSuite: KDF and AEAD */
#define TLS_1_3 0x0304

static bool is_host_name(struct qw_bytes name)
{
    return name.len > 0 && name.len <= TLS_NAME_MAX && !memchr(name.data, 0, name.len);
}

/* Names of other types are passed over: each begins with a length of 16 bits (RFC 6066 3). */
static bool server_name(struct qw_reader *body, struct tls_client_hello *out)
{
    struct qw_reader list = qw_sub(body, qw_u16(body));
    if (qw_left(&list) == 0)
        return false;
    while (qw_left(&list) > 0) {
        uint8_t type = qw_u8(&list);
        struct qw_bytes name = qw_take(&list, qw_u16(&list));
        if (type != HOST_NAME)
            continue;
        if (out->sni.len > 0 || !is_host_name(name))
            return false;
        out->sni = name;
    }
    return !list.bad;
}

/* RFC 8701 2: ALPN names of two bytes 0x?A, both the same. */
static bool is_grease(struct qw_bytes name)
{
    return name.len == 2 && name.data[0] == name.data[1] && (name.data[0] & 0x0f) == 0x0a;
}

static void keep_protocol(struct tls_client_hello *out, struct qw_bytes name)
{
    if (is_grease(name))
        return;
    if (out->alpn_count == TLS_ALPN_MAX)
        out->alpn_more = true;
    else
        out->alpn[out->alpn_count++] = name;
}

static bool alpn(struct qw_reader *body, struct tls_client_hello *out)
{
    struct qw_reader list = qw_sub(body, qw_u16(body));
    if (qw_left(&list) == 0)
        return false;
    while (qw_left(&list) > 0) {
        struct qw_bytes name = qw_take(&list, qw_u8(&list));
        if (name.len == 0)
            return false;
        keep_protocol(out, name);
    }
    return true;
}

static bool supported_versions(struct qw_reader *body, struct tls_client_hello *out)
{
    struct qw_reader list = qw_sub(body, qw_u8(body));
    if (qw_left(&list) == 0)
        return false;
    while (qw_left(&list) > 0)
        if (qw_u16(&list) == TLS_1_3)
            out->tls13 = true;
    return !list.bad;
}

/* ECH that is only GREASE (RFC 9849 6.2) looks the same, on purpose. Type inner is an empty marker, which a
 * server sees behind a client-facing server; the SNI beside it is then the real one. */
static bool encrypted_client_hello(struct qw_reader *body, struct tls_client_hello *out)
{
    uint8_t type = qw_u8(body);
    if (type != ECH_OUTER)
        return type == ECH_INNER;
    out->ech = true;
    qw_skip(body, HPKE_SUITE_LEN + 1); /* and config_id */
    qw_skip(body, qw_u16(body));       /* enc: empty after a HelloRetryRequest */
    return qw_take(body, qw_u16(body)).len > 0;
}

static bool read_one(uint16_t type, struct qw_reader *body, struct tls_client_hello *out)
{
    switch (type) {
    case SERVER_NAME:
        return server_name(body, out);
    case ALPN:
        return alpn(body, out);
    case SUPPORTED_VERSIONS:
        return supported_versions(body, out);
    case ENCRYPTED_CLIENT_HELLO:
        return encrypted_client_hello(body, out);
    default:
        qw_skip(body, qw_left(body));
        return true;
    }
}

#define STRETCH 1024 /* types that are cleared at once */

/* One bit for each type, so that a block of thousands of empty extensions takes no longer than its bytes. The
 * usual dozen lie in a few stretches; the others' memory is not touched. */
struct extensions_seen {
    uint64_t begun; /* one bit for each stretch that is clear but for what was seen */
    uint64_t bits[(UINT16_MAX + 1) / STRETCH][STRETCH / 64];
};
_Static_assert((UINT16_MAX + 1) / STRETCH <= 64, "`begun` has a bit for each stretch");

/* False the second time that it gets the same type. */
static bool first_time(struct extensions_seen *seen, uint16_t type)
{
    uint64_t *stretch = seen->bits[type / STRETCH], mark = UINT64_C(1) << type / STRETCH;
    if ((seen->begun & mark) == 0)
        memset(stretch, 0, sizeof seen->bits[0]);
    seen->begun |= mark;
    uint64_t *word = &stretch[type % STRETCH / 64], bit = UINT64_C(1) << type % 64;
    bool first = (*word & bit) == 0;
    *word |= bit;
    return first;
}

bool tls_extensions(struct qw_reader *block, struct tls_client_hello *out)
{
    struct extensions_seen seen;
    seen.begun = 0;
    while (qw_left(block) > 0) {
        uint16_t type = qw_u16(block);
        struct qw_reader body = qw_sub(block, qw_u16(block));
        if (body.bad || !first_time(&seen, type) || !read_one(type, &body, out))
            return false;
        if (body.bad || qw_left(&body) > 0)
            return false;
    }
    return true;
}
