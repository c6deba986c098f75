/* The extensions of a ClientHello that say something to a network. */
#ifndef TLS_EXTENSIONS_H
#define TLS_EXTENSIONS_H

#include <quicward/tls.h>

/* Reads the extension block (RFC 8446 4.2), without its length, into `out`. False when an extension is there
 * twice, is cut off, or contradicts itself; *out then holds garbage. */
bool tls_extensions(struct qw_reader *block, struct tls_client_hello *out);

#endif
