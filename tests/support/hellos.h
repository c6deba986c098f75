/* ClientHello messages of RFC 8448 and of real clients over QUIC. What is expected of them is what another
 * decoder (Wireshark's) reads. */
#ifndef TEST_HELLOS_H
#define TEST_HELLOS_H

#include <stdbool.h>

enum { HELLO_RFC8448, HELLO_CHROMIUM, HELLO_CURL, HELLO_RESUMED, HELLO_AIOQUIC, HELLO_KDIG, HELLO_COUNT };

struct hello {
    const char *name, *hex;
    const char *sni, *alpn; /* ALPN names joined with commas; "" when there are none */
    bool ech;               /* Chromium's is GREASE */
    unsigned extensions;    /* how many there are */
};

extern const struct hello HELLOS[HELLO_COUNT];

#endif
