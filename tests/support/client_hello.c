#include "client_hello.h"
#include <quicward/base/bytes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t finish(const struct qw_writer *w)
{
    if (w->bad) {
        fputs("test_hello: the buffer is too small\n", stderr);
        exit(1);
    }
    return qw_written(w);
}

static void put_sni(struct qw_writer *w, const char *sni)
{
    uint16_t len = (uint16_t)strlen(sni);
    qw_put_u16(w, 0); /* server_name */
    qw_put_u16(w, (uint16_t)(len + 5));
    qw_put_u16(w, (uint16_t)(len + 3));
    qw_put_u8(w, 0); /* host_name */
    qw_put_u16(w, len);
    qw_put(w, sni, len);
}

static void put_padding(struct qw_writer *w, size_t total)
{
    size_t used = qw_written(w) + 4;
    if (total <= used)
        return;
    qw_put_u16(w, 21); /* padding */
    qw_put_u16(w, (uint16_t)(total - used));
    qw_put_zeros(w, total - used);
}

size_t test_client_hello(uint8_t *out, size_t size, const char *sni, size_t total)
{
    static const uint8_t ALPN[] = {0, 16, 0, 5, 0, 3, 2, 'h', '3'}, SUITES[] = {0, 2, 0x13, 0x01, 1, 0};
    struct qw_writer w = qw_writer(out, size);
    qw_put_u32(&w, 0x01000000);
    qw_put_u16(&w, 0x0303);
    qw_put_zeros(&w, 32 + 1); /* random, no session id */
    qw_put(&w, SUITES, sizeof SUITES);
    size_t extensions = qw_written(&w);
    qw_put_u16(&w, 0);
    if (sni)
        put_sni(&w, sni);
    qw_put(&w, ALPN, sizeof ALPN);
    put_padding(&w, total);
    size_t len = finish(&w);
    out[2] = (uint8_t)((len - 4) >> 8);
    out[3] = (uint8_t)(len - 4);
    out[extensions] = (uint8_t)((len - extensions - 2) >> 8);
    out[extensions + 1] = (uint8_t)(len - extensions - 2);
    return len;
}

size_t test_crypto_frame(uint8_t *out, size_t size, const uint8_t *message, size_t from, size_t to)
{
    struct qw_writer w = qw_writer(out, size);
    qw_put_u8(&w, 0x06);
    qw_put_varint(&w, from);
    qw_put_varint(&w, to - from);
    qw_put(&w, message + from, to - from);
    return finish(&w);
}
