#include "nat_state.h"

static uint64_t peer_of(nat_external mapping, const struct qw_addr *remote)
{
    return peer_key(handle_slot(mapping), handle_port(mapping), ipv4_of(remote));
}

static nat_external find(const struct nat *nat, const struct qw_endpoint *inside, unsigned uplink)
{
    nat_external found = uplink == 0 ? mapping_any(nat, inside) : mapping_find(nat, inside, uplink);
    return found == 0 && uplink != 0 ? mapping_find(nat, inside, 0) : found;
}

static enum nat_answer find_or_make(struct nat *nat, const struct qw_endpoint *inside, unsigned uplink,
                                    struct qw_time now, nat_external *out)
{
    unsigned on = uplink_counts_as(nat, uplink);
    if (nat->sessions >= nat->sessions_max)
        return NAT_NO_PORT;
    *out = find(nat, inside, on);
    if (*out == 0)
        return mapping_make(nat, inside, on, now, out);
    return addresses_at(&nat->addresses, handle_slot(*out)).ipv4 == 0 ? NAT_NO_ADDRESS : NAT_OK;
}

static void count_refusal(struct nat *nat, enum nat_answer answer)
{
    if (answer == NAT_NO_PORT)
        nat->stats.refused_port++;
    else if (answer == NAT_HOST_LIMIT)
        nat->stats.refused_host++;
    else if (answer == NAT_PORT_SHARE)
        nat->stats.refused_share++;
    else
        nat->stats.refused_address++;
}

void session_hold_at(struct nat *nat, nat_external mapping, uint64_t peer, uint32_t hash)
{
    ++*mapping_sessions(nat, mapping);
    nat->sessions++;
    nat_table_up_at(&nat->peers, peer, hash); /* whatever the filtering: it may change */
}

void session_hold(struct nat *nat, nat_external mapping, const struct qw_addr *remote)
{
    uint64_t peer = peer_of(mapping, remote);
    session_hold_at(nat, mapping, peer, nat_table_hash(&nat->peers, peer));
}

enum nat_answer nat_session_begin(struct nat *nat, const struct qw_endpoint *inside,
                                  const struct qw_addr *remote, struct qw_time now, nat_external *out)
{
    return nat_session_begin_by(nat, inside, 0, remote, now, out);
}

enum nat_answer nat_session_begin_by(struct nat *nat, const struct qw_endpoint *inside, unsigned uplink,
                                     const struct qw_addr *remote, struct qw_time now, nat_external *out)
{
    nat_external mapping;
    pthread_mutex_lock(&nat->lock);
    enum nat_answer answer = find_or_make(nat, inside, uplink, now, &mapping);
    if (answer == NAT_OK) {
        session_hold(nat, mapping, remote);
        *out = mapping;
    } else
        count_refusal(nat, answer);
    pthread_mutex_unlock(&nat->lock);
    return answer;
}

/* By its timer no mapping ends sooner (RFC 4787 REQ-5): this one makes room in a full flow table. Its port
 * rests all the same, and so counts on for its host: otherwise a host that floods the table would send port
 * after port to rest until none is left for the others (RFC 6888 REQ-4). */
#define LIFE_MIN (120 * QW_NS_PER_SECOND)

static bool ends_early(const struct port *record, struct qw_time now)
{
    return qw_time_since(now, (struct qw_time){record->since_ns}) < LIFE_MIN;
}

static bool half_rests(const struct pool *pool)
{
    return pool->resting >= pool_configured(pool) / 2;
}

static void forget_session(struct nat *nat, nat_external mapping, const struct qw_addr *remote)
{
    if (nat->sessions > 0)
        nat->sessions--;
    nat_table_down(&nat->peers, peer_of(mapping, remote));
}

static void let_go(struct nat *nat, nat_external mapping, const struct qw_endpoint *inside,
                   const struct qw_addr *remote, bool is_short, struct qw_time now)
{
    if (!mapping_live(nat, mapping))
        return;
    if (!nat_holds(nat, mapping, inside)) { /* a forward has the endpoint now, and counts its own */
        forget_session(nat, mapping, remote);
        return;
    }
    if (*mapping_sessions(nat, mapping) == 0)
        return;
    const struct port *record = mapping_port(nat, mapping);
    uint32_t left = --*mapping_sessions(nat, mapping);
    forget_session(nat, mapping, remote);
    if (record->state != PORT_MAPPED || left > 0)
        return;
    bool counts = ends_early(record, now) && (!is_short || half_rests(&nat->pools[handle_slot(mapping)]));
    mapping_end(nat, handle_slot(mapping), handle_port(mapping), counts, now);
}

void nat_session_end(struct nat *nat, nat_external mapping, const struct qw_endpoint *inside,
                     const struct qw_addr *remote, struct qw_time now)
{
    pthread_mutex_lock(&nat->lock);
    let_go(nat, mapping, inside, remote, false, now);
    pthread_mutex_unlock(&nat->lock);
}

void nat_session_end_short(struct nat *nat, nat_external mapping, const struct qw_endpoint *inside,
                           const struct qw_addr *remote, struct qw_time now)
{
    pthread_mutex_lock(&nat->lock);
    let_go(nat, mapping, inside, remote, true, now);
    pthread_mutex_unlock(&nat->lock);
}

static bool admits(const struct nat *nat, nat_external mapping, const struct qw_addr *remote)
{
    if (!mapping_live(nat, mapping))
        return false;
    if (mapping_port(nat, mapping)->state == PORT_FORWARD || nat->filtering == NAT_ENDPOINT_INDEPENDENT)
        return true;
    return nat->filtering == NAT_ADDRESS_DEPENDENT &&
           nat_table_get(&nat->peers, peer_of(mapping, remote)) > 0;
}

bool nat_admits(struct nat *nat, nat_external mapping, const struct qw_addr *remote)
{
    pthread_mutex_lock(&nat->lock);
    bool admitted = admits(nat, mapping, remote);
    pthread_mutex_unlock(&nat->lock);
    return admitted;
}

static void change_peer(struct nat *nat, nat_external mapping, const struct qw_addr *remote,
                        void (*change)(struct nat_table *table, uint64_t key))
{
    pthread_mutex_lock(&nat->lock);
    if (mapping_live(nat, mapping))
        change(&nat->peers, peer_of(mapping, remote));
    pthread_mutex_unlock(&nat->lock);
}

void nat_session_silence(struct nat *nat, nat_external mapping, const struct qw_addr *remote)
{
    change_peer(nat, mapping, remote, nat_table_down);
}

void nat_session_speak(struct nat *nat, nat_external mapping, const struct qw_addr *remote)
{
    change_peer(nat, mapping, remote, nat_table_up);
}
