/* The kernel's settings and the external address. */
#include "survey_judge.h"
#include <string.h>

#define REMEDY_MAX 128

/* ---- forwarding ---- */

static bool inside_has(const struct config *config, const struct survey *survey, enum qw_family family)
{
    for (unsigned i = 0; i < config->inside.count; i++) {
        unsigned from = 0;
        for (const struct survey_interface *one; (one = judge_next(survey, config->inside.names[i], &from));)
            for (unsigned k = 0; k < one->address_count; k++)
                if (one->addresses[k].family == family && (family == QW_IPV4 || one->addresses[k].global))
                    return true;
    }
    return false;
}

static void judge_one_forwarding(const struct survey_interface *one, const char *family, int setting,
                                 struct survey_findings *out)
{
    char remedy[REMEDY_MAX];
    if (setting != 0)
        return;
    snprintf(remedy, sizeof(remedy), "\"sysctl -w net.%s.conf.%s.forwarding=1\"", family, one->name);
    survey_add(out, SURVEY_ABOUT_FORWARDING, false, remedy,
               "net.%s.conf.%s.forwarding is 0: nothing that comes by %s is forwarded", family, one->name,
               one->name);
}

static void judge_forwarding4(const struct config *config, const struct survey *survey,
                              const struct survey_interface *one, bool inside, struct survey_findings *out)
{
    (void)config, (void)survey, (void)inside;
    if (one)
        judge_one_forwarding(one, "ipv4", one->forwarding4, out);
}

static void judge_forwarding6(const struct config *config, const struct survey *survey,
                              const struct survey_interface *one, bool inside, struct survey_findings *out)
{
    (void)config, (void)survey, (void)inside;
    if (one)
        judge_one_forwarding(one, "ipv6", one->forwarding6, out);
}

static void judge_forwarding(const struct config *config, const struct survey *survey,
                             struct survey_findings *out)
{
    bool has4 = inside_has(config, survey, QW_IPV4), has6 = inside_has(config, survey, QW_IPV6);
    bool wants4 = has4 || !has6;
    if (wants4 && survey->forward4 == 0)
        survey_add(out, SURVEY_ABOUT_FORWARDING, false, "\"sysctl -w net.ipv4.ip_forward=1\"",
                   "net.ipv4.ip_forward is 0: this router forwards no IPv4");
    else if (wants4)
        judge_each(config, survey, judge_forwarding4, out);
    if (has6 && survey->forward6 == 0)
        survey_add(out, SURVEY_ABOUT_FORWARDING, false, "\"sysctl -w net.ipv6.conf.all.forwarding=1\"",
                   "net.ipv6.conf.all.forwarding is 0: this router forwards no IPv6");
    else if (has6)
        judge_each(config, survey, judge_forwarding6, out);
}

/* ---- source addresses ---- */

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* A hairpin comes from an inside interface with an address that is not reached by it. The kernel takes the
 * larger one of the two values. */
static void judge_filter_inside(const struct survey *survey, const struct survey_interface *one,
                                struct survey_findings *out)
{
    char remedy[REMEDY_MAX];
    if (one->rp_filter < 0 || larger(survey->rp_filter, one->rp_filter) != 1)
        return;
    snprintf(remedy, sizeof(remedy), "\"sysctl -w net.ipv4.conf.%s.rp_filter=2\"", one->name);
    survey_add(out, SURVEY_ABOUT_FILTER, false, remedy,
               "net.ipv4.conf.%s.rp_filter is 1 (strict): inside hosts cannot reach each other's external "
               "endpoints; 0 or 2 lets them",
               one->name);
}

/* With manage_rules the daemon sets it itself. */
static void judge_local(const struct config *config, const struct survey *survey,
                        const struct survey_interface *one, struct survey_findings *out)
{
    char remedy[REMEDY_MAX];
    if (config->manage_rules || survey->accept_local != 0 || one->accept_local != 0)
        return;
    snprintf(remedy, sizeof(remedy), "\"sysctl -w net.ipv4.conf.%s.accept_local=1\" while the rules stand",
             one->name);
    survey_add(
        out, SURVEY_ABOUT_FILTER, false, remedy,
        "net.ipv4.conf.%s.accept_local is 0: inside hosts cannot reach each other's external endpoints",
        one->name);
}

static void judge_source(const struct config *config, const struct survey *survey,
                         const struct survey_interface *one, bool inside, struct survey_findings *out)
{
    if (!one || !inside)
        return;
    judge_filter_inside(survey, one, out);
    judge_local(config, survey, one, out);
}

/* ---- the external address ---- */

static void judge_external(const struct config *config, const struct survey *survey,
                           struct survey_findings *out)
{
    static const struct qw_addr NONE;
    char text[QW_ADDR_TEXT_MAX], remedy[REMEDY_MAX + QW_ADDR_TEXT_MAX];
    for (unsigned i = 0; i < config->external_count; i++) {
        const struct qw_addr *address = config->external_auto ? &survey->external : &config->external[i];
        if (config->external_auto && (!survey->external_asked || qw_addr_equal(address, &NONE)))
            return;
        if (!survey_is_private(address))
            continue;
        qw_addr_text(address, QW_IPV4, text);
        snprintf(remedy, sizeof(remedy),
                 "nothing from the internet can begin a flow unless that NAT forwards \"nat.ports\" and "
                 "\"nat.forwards\" to %s",
                 text);
        survey_add(out, SURVEY_ABOUT_ADDRESSES, true, remedy,
                   "the external address %s is private: another NAT stands between this router and the "
                   "internet",
                   text);
    }
}

void survey_judge_host(const struct config *config, const struct survey *survey, struct survey_findings *out)
{
    judge_forwarding(config, survey, out);
    if (config->mode != CONFIG_NAT)
        return;
    judge_each(config, survey, judge_source, out);
    judge_external(config, survey, out);
}
