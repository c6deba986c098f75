/* When a hint is told. A new flow begins with a short header that carries the connection ID of another flow;
 * the server answers, and the client speaks again; meanwhile the client of the older flow sent nothing. A
 * forger who copies a connection ID gets no answer from the server, and does not make the real client fall
 * silent. */
#include "hint_news.h"
#include <quicward/hint.h>

#define LONG_HEADER 0x80 /* RFC 8999 5.1: the form bit */
#define LONG_DCID_LEN 5  /* RFC 8999 5.1: where its length stands */
#define HEARD_OF_NONE UINT64_MAX

static bool is_short(const struct walk *w)
{
    return w->view->payload.len > 0 && !(w->view->payload.data[0] & LONG_HEADER);
}

/* What follows the first byte. */
static struct qw_bytes behind(const struct walk *w)
{
    return (struct qw_bytes){w->view->payload.data + 1, w->view->payload.len - 1};
}

/* The connection ID that the packet is addressed to; of a short header it is as long as `len`. Empty when it
 * is not there. */
static struct qw_bytes addressed(const struct walk *w, size_t len)
{
    struct qw_reader payload = qw_reader(w->view->payload.data, w->view->payload.len);
    if (is_short(w))
        qw_take(&payload, 1);
    else {
        qw_take(&payload, LONG_DCID_LEN);
        len = qw_u8(&payload);
    }
    return qw_take(&payload, len);
}

static struct hint_flow own(const struct walk *w)
{
    return (struct hint_flow){.id = w->flow_id,
                              .shard = (uint32_t)(w->shard - w->worker->engine->shards),
                              .slot = flow_slot(w->shard->flows, w->flow)};
}

static struct qw_endpoint server_of(const struct walk *w)
{
    enum flow_side server = flow_peer(w->sender);
    return (struct qw_endpoint){w->key.addr[server], w->key.port[server]};
}

/* What confirms a handshake comes from its client. */
static void confirmed(const struct walk *w)
{
    const struct hint_flow flow = own(w);
    const struct qw_endpoint server = server_of(w);
    hint_learn(w->worker->engine->hints, &flow, &server, addressed(w, w->server_cid_len), w->now);
}

/* ---- of the older flow ---- */

static enum flow_side client_of(const struct flow *flow)
{
    unsigned flag = flow->flags & FLOW_CLIENT_SEEN ? FLOW_CLIENT_HI : FLOW_INITIATOR_HI;
    return flow->flags & flag ? FLOW_HI : FLOW_LO;
}

/* Packets of its client; HEARD_OF_NONE when it has ended. */
static uint64_t heard_of(const struct walk *w, const struct hint_flow *older)
{
    uint64_t heard = HEARD_OF_NONE;
    struct shard *shard = &w->worker->engine->shards[older->shard];
    shard_lock(shard, &w->worker->settings->shards, w->now);
    const struct flow *flow = flow_at(shard->flows, older->slot, w->now);
    if (flow && atomic_load_explicit(&flow->id, memory_order_relaxed) == older->id)
        heard = flow->packets[client_of(flow)];
    shard_unlock(shard);
    return heard;
}

/* ---- of the newer one ---- */

static void begun(const struct walk *w)
{
    struct hint_flow older;
    const struct qw_endpoint server = server_of(w);
    if (is_short(w) && hint_find(w->worker->engine->hints, &server, behind(w), w->now, &older))
        hint_await(w->worker->engine->hints, w->flow_id, &older, heard_of(w, &older));
}

static void tell(const struct walk *w, uint64_t older)
{
    enum flow_side client = w->sender;
    events_add(&w->worker->engine->events,
               &(struct engine_event){.kind = ENGINE_EVENT_FLOW_CONTINUES,
                                      .time = w->now,
                                      .family = (enum qw_family)w->key.family,
                                      .client = {w->key.addr[client], w->key.port[client]},
                                      .server = server_of(w),
                                      .flow = w->flow_id,
                                      .continues = older});
}

static void returned(const struct walk *w)
{
    struct hint_flow older;
    const struct hint_flow newer = own(w);
    struct hints *hints = w->worker->engine->hints;
    uint64_t before, now;
    if (!hint_awaited(hints, w->flow_id, &older, &before))
        return;
    now = heard_of(w, &older);
    bool silent = now == before || now == HEARD_OF_NONE;
    if (silent && hint_move(hints, &newer, older.id, w->now))
        tell(w, older.id);
}

void hint_news(const struct walk *w)
{
    if (!w->flow)
        return;
    if (w->news & NEWS_CONFIRMED)
        confirmed(w);
    else if (w->news & NEWS_HEARD && is_short(w))
        hint_hear(w->worker->engine->hints, w->flow_id, behind(w), w->now);
    if (w->news & NEWS_BEGUN)
        begun(w);
    if (w->news & NEWS_RETURNED)
        returned(w);
}
