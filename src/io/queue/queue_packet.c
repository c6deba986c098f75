#include "queue_packet.h"
#include "rules_fragments.h"
#include <linux/netfilter.h>

/* What was cut cannot go back whole, and a verdict's header needs its room in front. */
static bool may_change(const struct config *config, const struct packet_message *message)
{
    return config->mode == CONFIG_NAT && message->captured > 0 && message->captured == message->wire_len &&
           message->before >= VERDICT_HEAD;
}

/* The router speaks for its inside. */
static enum engine_origin origin(const struct packet_message *message, const struct known_interface *in)
{
    return message->hook == NF_INET_LOCAL_OUT ? ENGINE_INSIDE : in->side;
}

bool queue_packet_inside(struct queue_worker *worker, const struct packet_message *message)
{
    return origin(message, interfaces_find(&worker->incoming, message->indev)) == ENGINE_INSIDE;
}

/* Rules before routing hand it over to learn whose it is (rules_owners.c). Mode nat has others there, too. */
bool queue_packet_looks(struct queue_worker *worker, const struct packet_message *message)
{
    return worker->config->cluster_owner_count > 0 && message->hook == NF_INET_PRE_ROUTING &&
           (worker->config->mode != CONFIG_NAT || queue_packet_inside(worker, message));
}

/* What is known of its fragments stays. What the guard marked has its way here (rules_guard.c). */
uint32_t queue_packet_mark(const struct packet_message *message, uint32_t mark)
{
    return (message->mark & FRAGMENT_MARK_MASK) | mark;
}

/* Before the routing decision nothing is said of where a packet goes, but what comes from outside for a host
 * inside can only leave by the one interface of that side, if it is the only one. A pattern is what is known
 * then: rules that want it match, those that want one of its interfaces do not. */
static const char *leaves_by(const struct config *config, const struct engine_packet *packet,
                             const struct known_interface *out)
{
    if (packet->unrouted && packet->from == ENGINE_OUTSIDE && config->inside.count == 1)
        return config->inside.names[0];
    return interface_name(out);
}

void queue_packet_ahead(struct queue_worker *worker, const struct packet_message *message,
                        struct engine_packet *out)
{
    *out = (struct engine_packet){
        .data = message->data,
        .captured = message->captured,
        .wire_len = message->wire_len,
        .from = origin(message, interfaces_find(&worker->incoming, message->indev)),
    };
}

void queue_packet(struct queue_worker *worker, const struct packet_message *message,
                  struct engine_packet *out)
{
    const struct known_interface *in = interfaces_find(&worker->incoming, message->indev);
    *out = (struct engine_packet){
        .data = message->data,
        .writable = may_change(worker->config, message) ? message->data : NULL,
        .captured = message->captured,
        .wire_len = message->wire_len,
        .from = origin(message, in),
        .from_interface = interface_name(in),
        .unrouted = message->hook == NF_INET_PRE_ROUTING,
        .link_mtu = in->mtu,
        .fragment_len = rules_fragment_length(worker->config, message->mark),
        .token = verdicts_token(&worker->verdicts, message->id),
    };
    out->to_interface = leaves_by(worker->config, out, interfaces_find(&worker->outgoing, message->outdev));
}
