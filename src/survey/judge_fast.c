/* What is in the way of the fast path, and what it would go around. */
#include "survey_judge.h"
#include <string.h>

#define REMEDY_MAX 160
#define OTHERWISE "or write offload = \"auto\""

bool survey_is_shaper(const char *qdisc)
{
    static const char *const OTHERS[] = {"", "noqueue", "mq", "pfifo_fast", "fq", "fq_codel"};
    for (unsigned i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++)
        if (strcmp(qdisc, OTHERS[i]) == 0)
            return false;
    return true;
}

/* With "auto" the program is at tc, in front of it. */
static void judge_shaper(const struct config *config, const char *name, const char *qdisc,
                         struct survey_findings *out)
{
    char remedy[REMEDY_MAX];
    bool goes_around = config->offload == CONFIG_OFFLOAD_XDP;
    if (!survey_is_shaper(qdisc) || config->offload == CONFIG_OFFLOAD_TC)
        return;
    snprintf(remedy, sizeof(remedy), "\"tc qdisc replace dev %s root fq_codel\"%s", name,
             goes_around ? ", " OTHERWISE : " if nothing is to be shaped");
    survey_add(out, SURVEY_ABOUT_FAST_PATH, !goes_around, remedy,
               goes_around ? "%s has the queueing discipline %s, and the fast path goes around it at XDP"
                           : "%s has the queueing discipline %s: the fast path is at tc, in front of it, and "
                             "not at XDP",
               name, qdisc);
}

/* Nobody is told of a frame that its driver does not take. */
static void judge_target(const struct config *config, const struct survey_interface *one,
                         struct survey_findings *out)
{
    char remedy[REMEDY_MAX];
    const char *name = one->below[0] ? one->below : one->name;
    bool veth = strcmp(one->below[0] ? one->below_kind : one->kind, "veth") == 0;
    if (config->offload != CONFIG_OFFLOAD_XDP || one->takes_frames != 0)
        return;
    if (veth) {
        snprintf(remedy, sizeof(remedy),
                 "\"ethtool -K NAME gro on\" where NAME is the far end of %s, " OTHERWISE, name);
        survey_add(
            out, SURVEY_ABOUT_FAST_PATH, false, remedy,
            "the far end of %s (veth) has neither GRO nor a program at XDP: packets that the fast path "
            "sends by it vanish",
            name);
    } else
        survey_add(out, SURVEY_ABOUT_FAST_PATH, false, "write offload = \"auto\"",
                   "the driver of %s takes no frames from XDP: packets that the fast path sends by it vanish",
                   name);
}

static void judge_tags(const struct config *config, const struct survey_interface *one,
                       struct survey_findings *out)
{
    char remedy[REMEDY_MAX];
    if (!one->tags_hidden || config->offload == CONFIG_OFFLOAD_TC)
        return;
    snprintf(remedy, sizeof(remedy), "\"ethtool -K %s rxvlan off\"", one->below);
    survey_add(
        out, SURVEY_ABOUT_FAST_PATH, config->offload == CONFIG_OFFLOAD_AUTO, remedy,
        config->offload == CONFIG_OFFLOAD_AUTO
            ? "rx-vlan-hw-parse is on at %s: XDP would not see the tags of %s, so its fast path is at tc"
            : "rx-vlan-hw-parse is on at %s: XDP does not see the tags of %s, so its packets pass the "
              "queue",
        one->below, one->name);
}

/* The smallest of the other side. */
static const struct survey_interface *smaller(const struct survey *survey,
                                              const struct config_interfaces *side, uint32_t mtu)
{
    const struct survey_interface *found = NULL;
    for (unsigned i = 0; i < side->count; i++) {
        const struct survey_interface *other = survey_find(survey, side->names[i]);
        if (other && other->mtu < (found ? found->mtu : mtu))
            found = other;
    }
    return found;
}

/* Such packets need an ICMP error, or have to be cut, and that is the kernel's. */
static void judge_sizes(const struct config *config, const struct survey *survey,
                        const struct survey_interface *one, bool inside, struct survey_findings *out)
{
    char remedy[REMEDY_MAX];
    const struct survey_interface *other =
        smaller(survey, inside ? &config->outside : &config->inside, one->mtu);
    if (!other)
        return;
    snprintf(remedy, sizeof(remedy), "\"ip link set %s mtu %u\"", one->name, (unsigned)other->mtu);
    survey_add(out, SURVEY_ABOUT_FAST_PATH, true, remedy,
               "the MTU of %s is %u, that of %s %u: longer packets to it pass the queue", one->name,
               (unsigned)one->mtu, other->name, (unsigned)other->mtu);
}

/* What only a pattern names has no fast path. */
static bool is_name_of(const struct config_interfaces *side, const char *name)
{
    for (unsigned i = 0; i < side->count; i++)
        if (strcmp(side->names[i], name) == 0)
            return true;
    return false;
}

void judge_fast(const struct config *config, const struct survey *survey, const struct survey_interface *one,
                bool inside, struct survey_findings *out)
{
    if (!one || config->offload == CONFIG_OFFLOAD_OFF ||
        !is_name_of(inside ? &config->inside : &config->outside, one->name))
        return;
    judge_lro(one, out);
    judge_shaper(config, one->name, one->qdisc, out);
    if (one->below[0])
        judge_shaper(config, one->below, one->below_qdisc, out);
    judge_target(config, one, out);
    judge_tags(config, one, out);
    judge_sizes(config, survey, one, inside, out);
}

void survey_judge_fast(const struct config *config, const struct survey *survey, const char *name,
                       struct survey_findings *out)
{
    judge_fast(config, survey, survey_find(survey, name), judge_is_named(&config->inside, name), out);
}
