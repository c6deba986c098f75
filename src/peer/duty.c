#include "duty.h"
#include "holders.h"
#include "notices.h"
#include "taking.h"
#include <quicward/base/log.h>
#include <stdio.h>

#define STALE_NS (5 * QW_NS_PER_SECOND) /* a header that old is worth a word */

static void say_takeover(const struct peer_pair *peer, const struct peer_taking *takeover,
                         const struct peer_reader *from, uint64_t age_ns, uint64_t took_ns)
{
    char text[ENGINE_EVENT_TEXT_MAX];
    const char *name = from ? from->other->router : peer->options.others[0].router;
    taking_describe(takeover, name, took_ns, text);
    qw_log(QW_LOG_INFO, "cluster: active, %s", text);
    if (from && age_ns > STALE_NS)
        qw_log(QW_LOG_WARNING, "cluster: what %s had written was %llu s old", name,
               (unsigned long long)(age_ns / QW_NS_PER_SECOND));
    notices_tell(peer, ENGINE_EVENT_TAKEOVER, text);
}

static void count_takeover(struct peer_pair *peer, const struct peer_taking *takeover, uint64_t took_ns)
{
    pthread_mutex_lock(&peer->lock);
    struct peer_stats *stats = &peer->stats;
    stats->takeovers++;
    stats->adopted += takeover->given.adopted;
    stats->conflicts += takeover->given.conflicts;
    stats->refused += taking_refused(takeover);
    stats->bad += takeover->bad;
    stats->last_ns = took_ns;
    pthread_mutex_unlock(&peer->lock);
}

/* What the others' headers say, of those that may own it. Returns how many others there are. */
static unsigned rival_claims(const struct peer_pair *peer, unsigned number,
                             struct rival_claim out[static PEER_OTHERS_MAX])
{
    for (unsigned i = 0; i < peer->options.other_count; i++)
        out[i] = (struct rival_claim){.usable = false};
    for (unsigned i = 0; i < peer->options.owned[number].router_count; i++) {
        unsigned other = holders_reader(peer, number, i);
        const struct peer_reader *reader = other == NOBODY ? NULL : &peer->readers[other];
        if (!reader || !holders_is_usable(reader))
            continue;
        const struct record_owned *said = &reader->header.owned[number];
        out[other] = (struct rival_claim){
            true, said->active, said->epoch, reader->header.life, reader->seen,
        };
    }
    return peer->options.other_count;
}

static void begin_rivals(struct peer_pair *peer, unsigned number, unsigned taken, struct qw_time now)
{
    struct rival_claim claims[PEER_OTHERS_MAX];
    unsigned count = rival_claims(peer, number, claims);
    rivals_begin(&peer->owned[number].rivals, claims, count, taken, peer->owned[number].role.epoch, now);
}

static void be_active(struct peer_pair *peer, unsigned number, struct qw_time now)
{
    struct owned *owned = &peer->owned[number];
    struct peer_taking takeover = {.options = &peer->options,
                                   .number = number,
                                   .epoch = owned->role.epoch,
                                   .merges = owned->role.merges};
    bool reads = owned->role.reads && owned->source != NOBODY;
    struct peer_reader *from = reads ? &peer->readers[owned->source] : NULL;
    uint64_t age_ns = from ? qw_time_since(now, from->seen) : 0;
    if (from && reader_slots(from) > 0) /* what the other had is newer than what is here */
        taking_enter(&takeover, from, now);
    holders_own(peer, number, ENGINE_OWNED_HERE);
    begin_rivals(peer, number, reads ? owned->source : PEER_OTHERS_MAX, now);
    if (from && !peer->options.owners)
        from->flows = takeover.flows;
    peer->writer.header.owned[number] = (struct record_owned){owned->role.epoch, true};
    writer_tell(&peer->writer);
    uint64_t took_ns = qw_time_since(peer->options.now(), owned->role.began);
    count_takeover(peer, &takeover, took_ns);
    say_takeover(peer, &takeover, from, age_ns, took_ns);
}

static void be_standby(struct peer_pair *peer, unsigned number)
{
    char whose[NOTICES_OF_MAX], text[ENGINE_EVENT_TEXT_MAX];
    holders_own(peer, number, ENGINE_OWNED_ELSEWHERE);
    rivals_end(&peer->owned[number].rivals);
    peer->writer.header.owned[number].active = false;
    writer_tell(&peer->writer);
    qw_log(QW_LOG_INFO, "cluster: stands by%s", notices_of(peer, number, whose));
    snprintf(text, sizeof text, "%s is not here, or a command said so",
             peer->options.owners ? peer->options.owned[number].name : "the address");
    notices_tell(peer, ENGINE_EVENT_STANDS_BY, text);
}

/* Whose flows are taken: while a takeover lasts they are read as fast as it goes. */
static unsigned choose_source(struct peer_pair *peer, unsigned number)
{
    struct owned *owned = &peer->owned[number];
    bool healed = owned->role.now == PEER_TAKES_OVER && owned->role.merges;
    unsigned source = healed ? owned->owing : holders_latest(peer, number);
    if (owned->role.now == PEER_TAKES_OVER && source != owned->source && source != NOBODY)
        reader_hurry(&peer->readers[source]);
    owned->source = source;
    return source;
}

static void begin_takeover(struct peer_pair *peer, unsigned number)
{
    struct owned *owned = &peer->owned[number];
    if (!owned->role.merges)
        holders_own(peer, number, ENGINE_OWNED_SOON);
    owned->source = NOBODY;
    for (unsigned i = 0; i < peer->options.other_count; i++) {
        owned->answers[i] = peer->readers[i].answers;
        peer->readers[i].asked = (struct qw_time){0};
    }
    choose_source(peer, number);
}

/* The reader of the router that outdid this one, which stands by; NOBODY. */
static unsigned outdone_by(const struct peer_pair *peer, unsigned number)
{
    struct role_claim claims[PEER_OTHERS_MAX + 1];
    unsigned count = holders_claims(peer, number, claims), found = role_latest(claims, count, true);
    const struct role_facts facts = {.own_known = peer->writer.known,
                                     .epoch_before = peer->writer.epochs_before[number],
                                     .other_usable = found < count,
                                     .other_active = found < count,
                                     .other_epoch = found < count ? claims[found].epoch : 0};
    return role_is_outdone(&peer->owned[number].role, &facts) ? holders_reader(peer, number, found) : NOBODY;
}

void duty_end_own_flows(struct peer_pair *peer, struct qw_time now)
{
    unsigned by = peer->options.nat && !peer->options.owners ? outdone_by(peer, 0) : NOBODY;
    struct peer_reader *reader = by == NOBODY ? NULL : &peer->readers[by];
    switch (role_retire(&peer->retirement, reader, reader && reader->fast, reader && reader->done, now)) {
    case ROLE_KEEPS:
        break;
    case ROLE_READS_FIRST:
        reader_hurry(reader);
        break;
    case ROLE_ENDS_FLOWS:
        engine_mirror_clear(peer->options.engine, ENGINE_OWNER_ALL, now);
        engine_mirror_settle(peer->options.engine, now);
        break;
    }
}

/* While a takeover of what it owes lasts, the router stays the same. */
static void look_at_rivals(struct peer_pair *peer, unsigned number, struct qw_time now)
{
    struct rival_claim claims[PEER_OTHERS_MAX];
    struct owned *owned = &peer->owned[number];
    if (owned->role.now != PEER_ACTIVE)
        return;
    unsigned count = rival_claims(peer, number, claims);
    unsigned owing = rivals_look(&owned->rivals, claims, count, now);
    owned->owing = owing == count ? NOBODY : owing;
}

/* Did all routers of the list answer since the takeover began, in as far as they can? */
static bool all_answered(const struct peer_pair *peer, unsigned number, bool *all_gone)
{
    bool answered = true;
    *all_gone = true;
    for (unsigned i = 0; i < peer->options.owned[number].router_count; i++) {
        unsigned other = holders_reader(peer, number, i);
        if (other == NOBODY)
            continue;
        bool gone = holders_is_gone(&peer->readers[other]);
        *all_gone &= gone;
        answered &= gone || peer->readers[other].answers > peer->owned[number].answers[other];
    }
    return answered;
}

static struct role_facts facts_of(struct peer_pair *peer, unsigned number, struct qw_time now)
{
    struct owned *owned = &peer->owned[number];
    bool all_gone;
    bool answered = all_answered(peer, number, &all_gone);
    unsigned source = choose_source(peer, number);
    const struct peer_reader *reader = source == NOBODY ? NULL : &peer->readers[source];
    look_at_rivals(peer, number, now);
    return (struct role_facts){
        .owns = owned->owns,
        .own_known = peer->writer.known,
        .epoch_before = peer->writer.epochs_before[number],
        .other_gone = reader ? holders_is_gone(reader) : all_gone,
        .answered = answered,
        .other_usable = reader && holders_is_usable(reader),
        .other_active = owned->rivals.active != 0,
        .other_owes = owned->owing != NOBODY,
        .other_epoch = reader ? reader->header.owned[number].epoch : 0,
        .pass_done = reader && reader->done,
    };
}

void duty_turn(struct peer_pair *peer, unsigned number, struct qw_time now)
{
    const struct role_facts facts = facts_of(peer, number, now);
    switch (role_next(&peer->owned[number].role, &facts, now)) {
    case ROLE_STAYS:
        holders_follow(peer, number);
        break;
    case ROLE_BEGINS:
        begin_takeover(peer, number);
        break;
    case ROLE_ENDS:
        be_active(peer, number, now);
        break;
    case ROLE_STEPS_BACK:
        be_standby(peer, number);
        break;
    }
}
