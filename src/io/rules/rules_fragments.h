/* How long the fragments were that a packet was put together from. The queue shows packets whole and says
 * nothing of it (the kernel keeps the longest length to itself), but a mark set before fragments are put
 * together stays: the whole has that of its first fragment. So a rule of nft, which iptables has no chain
 * early enough for, writes into three bits which of the size limits the fragment fits. */
#ifndef QUICWARD_IO_RULES_FRAGMENTS_H
#define QUICWARD_IO_RULES_FRAGMENTS_H

#include <quicward/config.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Apart from the marks of the guard (kernel_rules.h), which see past these bits. */
#define FRAGMENT_MARK_SHIFT 26u
#define FRAGMENT_MARK_MASK (7u << FRAGMENT_MARK_SHIFT)
#define FRAGMENT_LIMITS_MAX 6u

/* Behind the name of the instance's table of nft: the name of the table that measures. */
#define FRAGMENT_TABLE_END "_fragments"

/* Are fragments to be measured? Where nothing is limited nobody asks, and the bits may be in use. */
bool rules_measures(const struct config *config);

/* Installs the marking, for either tool. Without nft, or with one that the kernel refuses, the script says so
 * and goes on. Nothing where nothing is to be measured. */
void rules_fragments_print(const struct config *config, FILE *out);

/* For rules_state.c: prints what stands of it; whether it is all there, if it is to be. */
void rules_fragments_state(const struct config *config, FILE *out);
bool rules_state_measures(const struct config *config, const char *state);

/* What a packet's mark says: 0 it did not come in fragments, or nobody marked them; else the least size limit
 * that its first fragment fits, UINT32_MAX: none. */
uint32_t rules_fragment_length(const struct config *config, uint32_t mark);

#endif
