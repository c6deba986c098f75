#include "fast_choice.h"
#include <stdio.h>
#include <string.h>

/* What is quoted follows. */
static struct fast_choice at(enum offload_place place, const char *why, const char *quoted)
{
    struct fast_choice choice = {.place = place};
    snprintf(choice.why, sizeof choice.why, quoted ? "%s \"%s\"" : "%s", why, quoted);
    return choice;
}

/* XDP goes around the egress qdisc. These do not hold packets back. */
static bool is_shaped(const char *qdisc)
{
    static const char *const OTHERS[] = {"", "noqueue", "mq", "pfifo_fast", "fq", "fq_codel"};
    for (unsigned i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++)
        if (strcmp(qdisc, OTHERS[i]) == 0)
            return false;
    return true;
}

/* Their far ends are on this machine, and send packets whose checksums hardware would finish. */
static bool is_local(const char *kind)
{
    return strcmp(kind, "veth") == 0 || strcmp(kind, "tun") == 0;
}

static struct fast_choice choose_freely(const struct fast_facts *facts)
{
    if (!facts->ethernet)
        return at(OFFLOAD_NOWHERE, "it is not an Ethernet interface", NULL);
    if (facts->policies)
        return at(OFFLOAD_NOWHERE, "IPsec policies exist, and the fast path would bypass them", NULL);
    if (is_shaped(facts->qdisc))
        return at(OFFLOAD_TC, "XDP would bypass its queueing discipline", facts->qdisc);
    if (is_local(facts->kind))
        return at(OFFLOAD_TC,
                  "checksums may be incomplete, because its far end is on this machine:", facts->kind);
    if (!facts->features)
        return at(OFFLOAD_TC, "the kernel does not say what its driver can do at XDP", NULL);
    if (!facts->redirects)
        return at(OFFLOAD_TC, "its driver does not forward frames at XDP", NULL);
    return at(OFFLOAD_XDP, "its driver forwards frames at XDP", NULL);
}

struct fast_choice fast_choose(enum config_offload mode, const struct fast_facts *facts)
{
    if (mode == CONFIG_OFFLOAD_AUTO)
        return choose_freely(facts);
    return at(mode == CONFIG_OFFLOAD_XDP ? OFFLOAD_XDP : OFFLOAD_TC, "configured", NULL);
}
