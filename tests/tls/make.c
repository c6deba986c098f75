#include "make.h"
#include "hex.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qw_bytes make_copy(const uint8_t *data, size_t len)
{
    static uint8_t memory[MESSAGE_MAX];
    if (len > sizeof memory) {
        fprintf(stderr, "make_copy: %zu bytes are too many\n", len);
        exit(1);
    }
    uint8_t *at = memory + sizeof memory - len;
    if (len > 0)
        memmove(at, data, len);
    return (struct qw_bytes){at, len};
}

void set_message_length(uint8_t *message, size_t len)
{
    message[1] = (uint8_t)((len - 4) >> 16);
    message[2] = (uint8_t)((len - 4) >> 8);
    message[3] = (uint8_t)(len - 4);
}

struct qw_bytes make_hello(const uint8_t *extensions, size_t len)
{
    static const uint8_t SUITE[] = {0x00, 0x02, 0x13, 0x01}, COMPRESSION[] = {0x01, 0x00};
    uint8_t message[MESSAGE_MAX];
    struct qw_writer w = qw_writer(message, sizeof message);
    qw_put_u32(&w, 0x01000000);
    qw_put_u16(&w, 0x0303);
    qw_put_zeros(&w, 32); /* random */
    qw_put_u8(&w, 0);     /* legacy_session_id */
    qw_put(&w, SUITE, sizeof SUITE);
    qw_put(&w, COMPRESSION, sizeof COMPRESSION);
    qw_put_u16(&w, (uint16_t)len);
    qw_put(&w, extensions, len);
    set_message_length(message, qw_written(&w));
    return make_copy(message, qw_written(&w));
}

enum qw_error read_extensions(const char *hex, struct tls_client_hello *out)
{
    uint8_t extensions[4096];
    size_t len = test_hex(hex, extensions, sizeof extensions);
    return tls_client_hello(make_hello(extensions, len), out);
}

bool text_is(struct qw_bytes bytes, const char *text)
{
    return bytes.len == strlen(text) && (bytes.len == 0 || memcmp(bytes.data, text, bytes.len) == 0);
}

bool alpn_is(const struct tls_client_hello *hello, const char *text)
{
    char joined[TLS_ALPN_MAX * (TLS_NAME_MAX + 1) + 1] = "";
    size_t len = 0;
    for (unsigned i = 0; i < hello->alpn_count; i++) {
        if (i > 0)
            joined[len++] = ',';
        memcpy(joined + len, hello->alpn[i].data, hello->alpn[i].len);
        len += hello->alpn[i].len;
    }
    return text_is((struct qw_bytes){(const uint8_t *)joined, len}, text);
}

bool is_blank(const struct tls_client_hello *hello)
{
    bool blank = !hello->sni.data && hello->sni.len == 0 && hello->alpn_count == 0 && !hello->alpn_more &&
                 !hello->ech && !hello->tls13;
    for (unsigned i = 0; i < TLS_ALPN_MAX; i++)
        blank = blank && !hello->alpn[i].data && hello->alpn[i].len == 0;
    return blank;
}
