#include "fast_drops.h"
#include "netlink.h"
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

_Static_assert(sizeof(((struct config_interfaces *)NULL)->names[0]) == FLOW_PATH_INTERFACE_MAX,
               "the same names");

static struct offload_side side(const struct config_interfaces *interfaces)
{
    return (struct offload_side){interfaces->names, interfaces->count};
}

static int note_source(const struct nlmsghdr *message, void *context)
{
    const struct fib_rule_hdr *rule = mnl_nlmsg_get_payload(message);
    if (mnl_nlmsg_get_payload_len(message) >= sizeof *rule && rule->src_len > 0)
        *(bool *)context = true;
    return MNL_CB_OK;
}

/* Does a routing rule of the family name sources? What cannot be read may. */
static bool names_sources(uint8_t family)
{
    _Alignas(struct nlmsghdr) char buffer[NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct fib_rule_hdr))];
    struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
    bool names = false;
    question->nlmsg_type = RTM_GETRULE;
    question->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    struct fib_rule_hdr *rule = mnl_nlmsg_put_extra_header(question, sizeof *rule);
    rule->family = family;
    return !netlink_ask(NETLINK_ROUTE, question, note_source, &names) || names;
}

/* The maps are empty before the engine writes them: nothing is dropped that it does not know of. */
void fast_drops_start(struct fast_drops *drops, struct engine *engine, struct offload *offload,
                      const struct config *config)
{
    *drops = (struct fast_drops){0};
    if (!config->offload_unsolicited || config->mode == CONFIG_MONITOR)
        return;
    *drops = (struct fast_drops){.engine = engine,
                                 .offload = offload,
                                 .inside = side(&config->inside),
                                 .outside = side(&config->outside),
                                 .told = offload_dropped(offload)};
    struct offload_asked asked = offload_drop(offload, &drops->inside, &drops->outside);
    engine_show_ports(engine, asked.ports);
    engine_show_flows(engine, asked.known, asked.flows);
    fast_drops_look(drops);
}

void fast_drops_look(struct fast_drops *drops)
{
    if (!drops->engine)
        return;
    offload_drop_by_source(drops->offload, names_sources(AF_INET) || names_sources(AF_INET6));
    offload_drop_look(drops->offload);
}

void fast_drops_tell(struct fast_drops *drops)
{
    if (!drops->engine)
        return;
    struct offload_dropped now = offload_dropped(drops->offload);
    engine_count_dropped(drops->engine, now.no_mapping - drops->told.no_mapping, false);
    engine_count_dropped(drops->engine, now.no_flow - drops->told.no_flow, true);
    drops->told = now;
}

/* The program goes first: what gets mappings and flows afterwards is not shown any more. */
void fast_drops_end(struct fast_drops *drops)
{
    if (!drops->engine)
        return;
    offload_drop_end(drops->offload);
    engine_show_flows(drops->engine, NULL, NULL);
    engine_show_ports(drops->engine, NULL);
    fast_drops_tell(drops);
    drops->engine = NULL;
}
