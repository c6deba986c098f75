/* Ports and the clock. */
#include "survey_judge.h"
#include <inttypes.h>
#include <stdlib.h>

#define NS_PER_SECOND INT64_C(1000000000)
#define NO_EARLIER_NS (INT64_C(1767225600) * NS_PER_SECOND) /* 2026-01-01: this program is younger */
#define JUMP_NS (NS_PER_SECOND / 2) /* between two looks, against the clock that nobody sets */

static void judge_left(unsigned left, const char *kind, struct survey_findings *out)
{
    if (left == 0)
        survey_add(
            out, SURVEY_ABOUT_PORTS, false,
            "see net.ipv4.ip_local_port_range, ip_local_reserved_ports, nat.ports and nat.exclude",
            "no %s port of nat.ports is left for mappings: the router uses them itself, or they are excluded",
            kind);
}

void judge_ports(const struct config *config, const struct survey *survey, struct survey_findings *out)
{
    if (config->mode != CONFIG_NAT || !survey->ports_known)
        return;
    judge_left(survey->ports_left.even, "even", out);
    judge_left(survey->ports_left.odd, "odd", out);
    for (unsigned i = 0; i < survey->taken_count; i++)
        survey_add(out, SURVEY_ABOUT_PORTS, false,
                   "stop that program, bind it to an inside address, or forward another port",
                   "a program of this router listens on UDP port %u: the forward of that port (nat.forwards) "
                   "will receive no packets",
                   (unsigned)survey->taken[i]);
}

/* Only what is written with the time of day depends on it: timers do not. */
static bool needs_time(const struct config *config)
{
    struct config_collector collector;
    bool collects =
        config_collector_parse(config->ipfix, &collector) && collector.kind != CONFIG_COLLECTOR_OFF;
    return collects || config->events_journal || config->events_syslog != CONFIG_NO_SYSLOG ||
           (config->events_file[0] == '/');
}

static void judge_jump(const struct survey *survey, struct survey_findings *out)
{
    int64_t passed = survey->second.wall_ns - survey->first.wall_ns;
    int64_t wanted = (int64_t)(survey->second.uptime_ns - survey->first.uptime_ns);
    if (survey->twice && llabs(passed - wanted) > JUMP_NS)
        survey_add(out, SURVEY_ABOUT_CLOCK, false, "see what sets it: \"timedatectl\"",
                   "somebody set the clock by %" PRId64 " ms between two looks: times of events jump",
                   (passed - wanted) / 1000000);
}

void judge_clock(const struct config *config, const struct survey *survey, struct survey_findings *out)
{
    judge_jump(survey, out);
    if (survey->first.wall_ns < NO_EARLIER_NS)
        survey_add(out, SURVEY_ABOUT_CLOCK, false, "set it, or see \"timedatectl\"",
                   "the clock is wrong: it says a time before this program was written");
    else if (!survey->clock_synced && needs_time(config))
        survey_add(out, SURVEY_ABOUT_CLOCK, true, "\"timedatectl set-ntp true\"",
                   "no other clock sets this clock, and events are written with its time");
}
