#include "agreement.h"
#include <string.h>

void agreement_put(struct agreement *agreement, uint64_t digest, const struct qw_addr *external,
                   unsigned count)
{
    *agreement = (struct agreement){.news = true, .digest = digest};
    agreement->external_count = count < PEER_ADDRESSES_MAX ? count : PEER_ADDRESSES_MAX;
    for (unsigned i = 0; i < agreement->external_count; i++)
        agreement->external[i] = external[i];
}

bool agreement_take(struct agreement *agreement, struct peer_options *options)
{
    if (!agreement->news)
        return false;
    agreement->news = false;
    options->digest = agreement->digest;
    options->external_count = agreement->external_count;
    memcpy(options->external, agreement->external, sizeof options->external);
    return true;
}
