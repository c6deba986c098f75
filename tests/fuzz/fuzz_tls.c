/* Any bytes as a ClientHello. */
#include "fuzz_input.h"
#include <quicward/tls.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tls_client_hello NOTHING;
    struct tls_client_hello hello;
    struct qw_bytes message = {data, size};
    uint64_t length = tls_message_length(message);
    enum qw_error code = tls_client_hello(message, &hello);
    NEED((length == 0) == (size < 4));
    if (code != QW_OK) {
        NEED(memcmp(&hello, &NOTHING, sizeof hello) == 0);
        return 0;
    }
    NEED(length <= size);
    NEED(hello.sni.len <= TLS_NAME_MAX && fuzz_within(hello.sni, data, length));
    NEED(hello.sni.len == 0 || !memchr(hello.sni.data, 0, hello.sni.len));
    NEED(hello.alpn_count <= TLS_ALPN_MAX);
    for (unsigned i = 0; i < hello.alpn_count; i++)
        NEED(hello.alpn[i].len > 0 && fuzz_within(hello.alpn[i], data, length));
    return 0;
}
