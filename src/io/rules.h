/* The two ways to write the kernel rules; include/quicward/io.h says what both must hold. */
#ifndef QUICWARD_IO_RULES_H
#define QUICWARD_IO_RULES_H

#include <quicward/io.h>

/* The body of the script, after its heading. */
void rules_nft_print(const struct config *config, bool remove, FILE *out);
void rules_iptables_print(const struct config *config, bool remove, FILE *out);

/* Of mode nat, what installs the rules for IPv4. */
void rules_iptables_nat_print(const struct config *config, FILE *out);

/* The target of a rule that feeds the queues, and the end of its line. */
void rules_iptables_queue(const struct config *config, FILE *out);

/* Likewise the chains of mode nat in nft's table, all but `between`, which is that of IPv6. */
void rules_nft_nat_print(const struct config *config, FILE *out);

/* A match: `keyword` (iifname, oifname) is one of `named`. */
void rules_nft_set(const char *keyword, const struct config_interfaces *named, FILE *out);

/* The statement that feeds the queues, and the end of its line. */
void rules_nft_queue(const struct config *config, FILE *out);

/* Matches of errors, which are told from what is only named like them: unreachable, source quench, time
 * exceeded, parameter problem (RFC 792); unreachable, packet too big and so on (RFC 4443). */
#define RULES_NFT_ERRORS                                                                                     \
    "icmp type { destination-unreachable, source-quench, time-exceeded, parameter-problem }"
#define RULES_NFT_ERRORS6                                                                                    \
    "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem }"

/* Mode nat: has the kernel accept, or no longer accept, packets from inside with an address of the router.
 * First the shell function that the others call; to remove the rules, it is called at once. */
void rules_local_begin(const struct config *config, bool remove, FILE *out);
void rules_local_accept(const struct config *config, FILE *out); /* once the rules stand */
void rules_local_end(const struct config *config, FILE *out);

/* Do packets pass while no program listens? Never in mode nat: they would leave untranslated. */
bool rules_pass(const struct config *config);

/* Runs `script` with /bin/sh, what it prints going to *said (cut if it is longer than `size`, never NULL).
 * 0 when it ran and succeeded, its exit status, or -1 when it could not be started. */
int rules_run(const char *script, size_t len, char *said, size_t size);

#endif
