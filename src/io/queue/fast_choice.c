#include "fast_choice.h"
#include <quicward/survey.h>
#include <stdio.h>
#include <string.h>

/* What is quoted follows. */
static struct fast_choice at(enum offload_place place, const char *why, const char *quoted)
{
    struct fast_choice choice = {.place = place};
    snprintf(choice.why, sizeof choice.why, quoted ? "%s \"%s\"" : "%s", why, quoted);
    return choice;
}

/* Their far ends are on this machine, and send packets whose checksums hardware would finish. */
static bool is_local(const char *kind)
{
    return strcmp(kind, "veth") == 0 || strcmp(kind, "tun") == 0;
}

/* What is said of the carrier of a VLAN. OFFLOAD_XDP: it is in nobody's way. */
static struct fast_choice choose_by_carrier(const struct fast_facts *facts)
{
    if (facts->tag == 0)
        return at(OFFLOAD_TC, "XDP puts one tag of 802.1Q, no others", NULL);
    if (survey_is_shaper(facts->carrier_qdisc))
        return at(OFFLOAD_TC, "XDP would go around its carrier's queueing discipline", facts->carrier_qdisc);
    if (is_local(facts->carrier_kind))
        return at(OFFLOAD_TC,
                  "checksums may be incomplete, for the far end of its carrier is on this machine:",
                  facts->carrier_kind);
    if (facts->stripped)
        return at(OFFLOAD_TC, "XDP would not see its tags, for rx-vlan-hw-parse is on at", facts->carrier);
    return at(OFFLOAD_XDP, "", NULL);
}

static struct fast_choice choose_freely(const struct fast_facts *facts)
{
    if (!facts->ethernet)
        return at(OFFLOAD_NOWHERE, "it is not an Ethernet interface", NULL);
    if (facts->policies)
        return at(OFFLOAD_NOWHERE, "IPsec policies exist, and the fast path would bypass them", NULL);
    if (survey_is_shaper(facts->qdisc))
        return at(OFFLOAD_TC, "XDP would bypass its queueing discipline", facts->qdisc);
    if (is_local(facts->kind))
        return at(OFFLOAD_TC,
                  "checksums may be incomplete, because its far end is on this machine:", facts->kind);
    if (strcmp(facts->kind, "vlan") == 0) {
        struct fast_choice choice = choose_by_carrier(facts);
        if (choice.place != OFFLOAD_XDP)
            return choice;
    }
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
