/* The worked examples of RFC 9001 A.1 to A.4 and RFC 9369 A.1 to A.4, as printed there (hexadecimal). */
#ifndef QUIC_VECTORS_H
#define QUIC_VECTORS_H

#include <stdint.h>

#define VECTOR_COUNT 2
#define VECTOR_DCID "8394c8f03e515708" /* of the client's first Initial */
#define VECTOR_SCID "f067a5502a4262b5" /* of the server */
#define VECTOR_TOKEN "746f6b656e"      /* of the Retry */

struct vector_keys {
    const char *key, *iv, *hp;
};

struct vector {
    const char *name;
    uint32_t version;
    struct vector_keys client_keys, server_keys; /* A.1 */
    const char *client_initial, *server_initial; /* A.2, A.3: protected packets, numbers 2 and 1 */
    const char *retry;                           /* A.4 */
};

extern const struct vector VECTORS[VECTOR_COUNT];

extern const char VECTOR_CLIENT_FRAME[];  /* A.2 before PADDING, the same in both RFCs */
extern const char VECTOR_SERVER_FRAMES[]; /* A.3, likewise */

#endif
