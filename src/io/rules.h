/* The two ways to write the kernel rules; include/quicward/io.h says what both must hold. */
#ifndef QUICWARD_IO_RULES_H
#define QUICWARD_IO_RULES_H

#include <quicward/io.h>

/* The body of the script, after its heading. */
void rules_nft_print(const struct config *config, bool remove, FILE *out);
void rules_iptables_print(const struct config *config, bool remove, FILE *out);

/* Runs `script` with /bin/sh, what it prints going to *said (cut if it is longer than `size`, never NULL).
 * 0 when it ran and succeeded, its exit status, or -1 when it could not be started. */
int rules_run(const char *script, size_t len, char *said, size_t size);

#endif
