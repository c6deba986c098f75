/* A lookup waits twice for memory when the table is large: for the index and for the record. Over a batch all
 * of them wait together. Nothing here decides anything: what changes before a packet's turn only makes the
 * fetching vain. */
#include "life.h"

/* The tuple under which its flow stands. */
static struct qw_tuple tuple_of(const struct engine *engine, const struct engine_packet *packet,
                                struct ahead_packet *out)
{
    struct qw_tuple tuple = out->view.tuple;
    out->mapping = 0;
    if (engine->nat && packet->from == ENGINE_OUTSIDE && tuple.family == QW_IPV4)
        out->mapping = nat_inside(engine->nat, &out->view.tuple.dst, &tuple.dst);
    return tuple;
}

static void read_header(struct engine *engine, const struct engine_packet *packet, struct ahead_packet *out)
{
    out->data = packet->data;
    out->decoded = packet_decode(packet->data, packet->captured, packet->wire_len, &out->view);
    out->hashed = out->decoded == QW_OK && out->view.kind == PACKET_UDP;
    if (!out->hashed)
        return;
    struct qw_tuple tuple = tuple_of(engine, packet, out);
    out->sender = flow_key_of(&tuple, &out->key);
    out->hash = flow_hash(engine->secret, &out->key);
    flow_fetch_index(engine_shard(engine, out->hash)->flows, out->hash);
}

void engine_expect(struct engine_worker *worker, const struct engine_packet *packets, unsigned count)
{
    struct engine *engine = worker->engine;
    struct ahead *ahead = &worker->ahead;
    ahead->next = 0;
    ahead->count = count < ENGINE_AHEAD ? count : ENGINE_AHEAD;
    for (unsigned i = 0; i < ahead->count; i++)
        read_header(engine, &packets[i], &ahead->packets[i]);
    for (unsigned i = 0; i < ahead->count; i++)
        if (ahead->packets[i].hashed)
            flow_fetch(engine_shard(engine, ahead->packets[i].hash)->flows, ahead->packets[i].hash);
}
