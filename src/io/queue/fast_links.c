#include "fast_links.h"
#include <quicward/base/log.h>
#include <string.h>

/* What a pattern is for (PPP, WireGuard, tun) has no Ethernet header, and the program reads no other. */
static const char *why_not(const struct fast_links *links, const char *name)
{
    if (config_interface_is_pattern(name))
        return "is a pattern";
    return links->count == IO_OFFLOAD_LINKS_MAX ? "is one interface too many" : NULL;
}

static void add(struct fast_links *links, const struct config_interfaces *interfaces)
{
    for (unsigned i = 0; i < interfaces->count; i++) {
        const char *name = interfaces->names[i], *why = why_not(links, name);
        if (why)
            qw_log(QW_LOG_INFO, "offload: \"%s\" %s: flows by it pass the queue", name, why);
        else
            links->all[links->count++] = (struct fast_link){.name = name};
    }
}

void fast_links_start(struct fast_links *links, const struct config *config)
{
    *links = (struct fast_links){0};
    add(links, &config->inside);
    add(links, &config->outside);
}

bool fast_links_has(const struct fast_links *links, const char *name)
{
    for (unsigned i = 0; i < links->count; i++)
        if (strcmp(links->all[i].name, name) == 0)
            return true;
    return false;
}

static bool attach_at(struct fast_link *link, enum offload_place place, struct offload *offload,
                      char error[static OFFLOAD_ERROR_MAX])
{
    const struct offload_vlan vlan = {link->carrier, link->tag};
    if (link->tag == 0)
        return offload_attach(offload, link->name, place, error);
    return offload_attach_vlan(offload, link->name, &vlan, place, error);
}

/* XDP may fail where tc does not: a driver may refuse a large MTU, say. */
static bool attach(struct fast_link *link, enum config_offload mode, struct offload *offload)
{
    char error[OFFLOAD_ERROR_MAX];
    if (attach_at(link, link->choice.place, offload, error))
        return true;
    snprintf(link->choice.why, sizeof link->choice.why, "%s", error);
    if (mode != CONFIG_OFFLOAD_AUTO || link->choice.place != OFFLOAD_XDP)
        return false;
    link->choice.place = OFFLOAD_TC;
    return attach_at(link, OFFLOAD_TC, offload, error);
}

static void say(const struct fast_link *link)
{
    static const char *const PLACES[] = {"", "at XDP", "at tc"};
    if (link->attached)
        qw_log(QW_LOG_INFO, "offload: interface \"%s\": %s: %s", link->name, PLACES[link->choice.place],
               link->choice.why);
    else
        qw_log(QW_LOG_WARNING, "offload: interface \"%s\": %s; its flows pass the queue", link->name,
               link->choice.why);
}

static struct fast_choice choose(struct fast_link *link, enum config_offload mode)
{
    struct fast_facts facts;
    bool there = fast_ask(link->name, &facts);
    link->tag = facts.tag;
    memcpy(link->carrier, facts.carrier, sizeof link->carrier);
    if (there || mode != CONFIG_OFFLOAD_AUTO)
        return fast_choose(mode, &facts);
    return (struct fast_choice){.place = OFFLOAD_NOWHERE, .why = "there is no such interface"};
}

static void renew(struct fast_link *link, enum config_offload mode, struct offload *offload, bool look)
{
    struct fast_link before = *link;
    if (look || !link->attached)
        link->choice = choose(link, mode);
    if (link->choice.place == OFFLOAD_NOWHERE)
        offload_detach(offload, link->name);
    link->attached = link->choice.place != OFFLOAD_NOWHERE && attach(link, mode, offload);
    link->known = true;
    if (!before.known || before.attached != link->attached || before.choice.place != link->choice.place ||
        strcmp(before.choice.why, link->choice.why) != 0)
        say(link);
}

void fast_links_attach(struct fast_links *links, enum config_offload mode, struct offload *offload, bool look)
{
    for (unsigned i = 0; i < links->count; i++)
        renew(&links->all[i], mode, offload, look);
}
