/* The thread: it steps both links, writes, reads, and does what the role says. */
#include "agreement.h"
#include "reader.h"
#include "rivals.h"
#include "role.h"
#include "taking.h"
#include "writer.h"
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <quicward/base/log.h>
#include <quicward/base/thread.h>
#include <quicward/engine_events.h>
#include <quicward/engine_owners.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#define STALE_NS (5 * QW_NS_PER_SECOND) /* a header that old is worth a word */
/* A router that is outdone keeps its flows for so long: the one that outdid it may have to take them first,
 * which it does within ROLE_PATIENCE_NS of seeing that this one stepped back. */
#define OUTDONE_NS (3 * QW_NS_PER_SECOND)
#define FAREWELL_NS (250 * QW_NS_PER_MS)

#define NOBODY UINT_MAX
#define OF_MAX (QW_PREFIX_TEXT_MAX + 4)

/* One of options.owned. */
struct owned {
    struct role role;
    bool owns;
    struct rivals rivals;
    uint64_t answers[PEER_OTHERS_MAX]; /* of each reader, when the takeover began */
    unsigned source;                   /* the reader whose flows are waited for, NOBODY */
    unsigned owing;                    /* the reader that owned it, too, and owns it no longer; NOBODY */
    unsigned owner;                    /* of routers: where packets belong; 0: here */
    bool said_split;
};

struct peer_pair {
    struct peer_options options;
    struct record_terms terms;
    struct peer_writer writer;
    struct peer_reader readers[PEER_OTHERS_MAX];
    struct owned owned[PEER_OWNED_MAX];
    int wake; /* an eventfd: stop, or a command */
    pthread_t thread;
    bool store_said, other_said[PEER_OTHERS_MAX], mismatch_said[PEER_OTHERS_MAX];
    enum { OWN_FLOWS_STAY, OWN_FLOWS_END_SOON, OWN_FLOWS_ENDED } own_flows; /* of a standby */
    struct qw_time outdone;                                                 /* it was not until then */

    atomic_bool stop, wanted[PEER_OWNED_MAX]; /* wanted: by a command */
    pthread_mutex_t lock;                     /* of: */
    struct peer_stats stats;
    struct agreement agreement; /* of a reload, for the thread */
};

const char *peer_role_word(enum peer_role role)
{
    static const char *const WORDS[] = {"standby", "taking-over", "active"};
    return role <= PEER_ACTIVE ? WORDS[role] : "unknown";
}

bool peer_available(void)
{
    return link_available();
}

/* ---- words ---- */

static void tell(const struct peer_pair *peer, enum engine_event_kind kind, const char *text)
{
    struct engine_event event = {.kind = kind, .time = peer->options.now()};
    snprintf(event.text, sizeof event.text, "%s", text);
    engine_tell(peer->options.engine, &event);
}

/* Once when it begins and once when it is over. */
static void say_store(struct peer_pair *peer, const char *what, bool trouble, const char *why, bool *said)
{
    char text[ENGINE_EVENT_TEXT_MAX];
    if (*said == trouble)
        return;
    *said = trouble;
    snprintf(text, sizeof text, "%s: %s", what, trouble ? why : "answers again");
    qw_log(trouble ? QW_LOG_WARNING : QW_LOG_INFO, "%s", text);
    tell(peer, trouble ? ENGINE_EVENT_STORE_DOWN : ENGINE_EVENT_STORE_UP, text);
}

static void say_other_store(struct peer_pair *peer, unsigned other)
{
    char what[PEER_NAME_MAX + 32];
    const struct peer_reader *reader = &peer->readers[other];
    if (!link_is_up(reader->link) && !link_is_down(reader->link))
        return;
    snprintf(what, sizeof what, "the copy of %s's store", reader->other->router);
    say_store(peer, what, !link_is_up(reader->link), link_error(reader->link), &peer->other_said[other]);
}

static void say_stores(struct peer_pair *peer)
{
    const struct peer_writer *writer = &peer->writer;
    bool refused = writer->troubled && link_is_up(writer->link);
    if (link_is_up(writer->link) || link_is_down(writer->link))
        say_store(peer, "cluster.store", refused || !link_is_up(writer->link),
                  refused ? writer->trouble : link_error(writer->link), &peer->store_said);
    for (unsigned i = 0; i < peer->options.other_count; i++)
        say_other_store(peer, i);
}

static void say_mismatch(struct peer_pair *peer, unsigned other)
{
    char text[ENGINE_EVENT_TEXT_MAX];
    const struct peer_reader *reader = &peer->readers[other];
    if (reader->mismatch && !peer->mismatch_said[other]) {
        snprintf(text, sizeof text,
                 "%s has another configuration, secret or version: its flows cannot be taken over",
                 reader->other->router);
        qw_log(QW_LOG_ERROR, "cluster: %s", text);
        tell(peer, ENGINE_EVENT_PEER_MISMATCH, text);
    }
    peer->mismatch_said[other] = reader->mismatch;
}

/* " of ADDRESS", where it is not the router as a whole. */
static const char *of(const struct peer_pair *peer, unsigned number, char out[static OF_MAX])
{
    const char *name = peer->options.owned[number].name;
    snprintf(out, OF_MAX, "%s%s", *name ? " of " : "", name);
    return out;
}

static void say_split(struct peer_pair *peer, unsigned number)
{
    char text[ENGINE_EVENT_TEXT_MAX], whose[OF_MAX];
    struct owned *owned = &peer->owned[number];
    bool split = owned->role.split && owned->rivals.active != 0;
    if (split && !owned->said_split) {
        snprintf(text, sizeof text, "%.32s, too, says that it is active%.53s",
                 peer->options.others[__builtin_ctz(owned->rivals.active)].router, of(peer, number, whose));
        qw_log(QW_LOG_ERROR, "cluster: %s", text);
        tell(peer, ENGINE_EVENT_SPLIT_BRAIN, text);
    }
    owned->said_split = split;
}

static void say_others(struct peer_pair *peer)
{
    for (unsigned i = 0; i < peer->options.other_count; i++)
        say_mismatch(peer, i);
    for (unsigned i = 0; i < peer->options.owned_count; i++)
        say_split(peer, i);
}

/* ---- who may own what ---- */

static bool is_usable(const struct peer_reader *reader)
{
    return reader->known && !reader->mismatch;
}

static bool is_gone(const struct peer_reader *reader)
{
    return link_is_down(reader->link) && !link_is_up(reader->link);
}

/* The reader of the router that stands at place `i` in the list; NOBODY: that is this one. */
static unsigned reader_at(const struct peer_pair *peer, unsigned number, unsigned i)
{
    unsigned router = peer->options.owned[number].routers[i];
    return router == 0 ? NOBODY : router - 1;
}

/* Of the routers of the list, in its order. Returns how many. */
static unsigned claims_of(const struct peer_pair *peer, unsigned number,
                          struct role_claim out[static PEER_OTHERS_MAX + 1])
{
    unsigned count = peer->options.owned[number].router_count;
    for (unsigned i = 0; i < count; i++) {
        unsigned other = reader_at(peer, number, i);
        out[i] = (struct role_claim){.here = other == NOBODY};
        if (other == NOBODY || !is_usable(&peer->readers[other]))
            continue;
        const struct record_owned *owned = &peer->readers[other].header.owned[number];
        out[i] = (struct role_claim){.usable = true, .active = owned->active, .epoch = owned->epoch};
    }
    return count;
}

/* The reader of the router that owned it last; NOBODY. */
static unsigned latest(const struct peer_pair *peer, unsigned number)
{
    struct role_claim claims[PEER_OTHERS_MAX + 1];
    unsigned count = claims_of(peer, number, claims), found = role_latest(claims, count, false);
    return found == count ? NOBODY : reader_at(peer, number, found);
}

/* 0: there is no other router. */
static unsigned owner_elsewhere(const struct peer_pair *peer, unsigned number)
{
    struct role_claim claims[PEER_OTHERS_MAX + 1];
    unsigned count = claims_of(peer, number, claims), found = role_owner(claims, count);
    return found == count ? 0 : peer->options.owned[number].routers[found];
}

static uint32_t mark_of(const struct peer_pair *peer, unsigned router)
{
    return router == 0 ? 0 : peer->options.others[router - 1].mark;
}

/* ---- what the engine is told ---- */

static void own(struct peer_pair *peer, unsigned number, enum engine_owned state)
{
    struct engine *engine = peer->options.engine;
    struct owned *owned = &peer->owned[number];
    owned->owner = state == ENGINE_OWNED_ELSEWHERE ? owner_elsewhere(peer, number) : 0;
    if (peer->options.owners)
        engine_own(engine, number, state, mark_of(peer, owned->owner));
    else
        engine_stand_by(engine,
                        state == ENGINE_OWNED_SOON || (state == ENGINE_OWNED_ELSEWHERE && peer->options.nat));
}

/* Another router took it over from another. */
static void follow_owner(struct peer_pair *peer, unsigned number)
{
    struct owned *owned = &peer->owned[number];
    unsigned before = owned->owner;
    if (!peer->options.owners || owned->role.now != PEER_STANDS_BY || owner_elsewhere(peer, number) == before)
        return;
    own(peer, number, ENGINE_OWNED_ELSEWHERE);
    if (owned->owner != 0)
        qw_log(QW_LOG_INFO, "cluster: packets of %s go to %s now", peer->options.owned[number].name,
               peer->options.others[owned->owner - 1].router);
}

/* ---- takeover ---- */

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
    tell(peer, ENGINE_EVENT_TAKEOVER, text);
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
        unsigned other = reader_at(peer, number, i);
        const struct peer_reader *reader = other == NOBODY ? NULL : &peer->readers[other];
        if (!reader || !is_usable(reader))
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
    own(peer, number, ENGINE_OWNED_HERE);
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
    char whose[OF_MAX], text[ENGINE_EVENT_TEXT_MAX];
    own(peer, number, ENGINE_OWNED_ELSEWHERE);
    rivals_end(&peer->owned[number].rivals);
    peer->writer.header.owned[number].active = false;
    writer_tell(&peer->writer);
    qw_log(QW_LOG_INFO, "cluster: stands by%s", of(peer, number, whose));
    snprintf(text, sizeof text, "%s is not here, or a command said so",
             peer->options.owners ? peer->options.owned[number].name : "the address");
    tell(peer, ENGINE_EVENT_STANDS_BY, text);
}

/* Whose flows are taken: while a takeover lasts they are read as fast as it goes. */
static unsigned choose_source(struct peer_pair *peer, unsigned number)
{
    struct owned *owned = &peer->owned[number];
    bool healed = owned->role.now == PEER_TAKES_OVER && owned->role.merges;
    unsigned source = healed ? owned->owing : latest(peer, number);
    if (owned->role.now == PEER_TAKES_OVER && source != owned->source && source != NOBODY)
        reader_hurry(&peer->readers[source]);
    owned->source = source;
    return source;
}

static void begin_takeover(struct peer_pair *peer, unsigned number)
{
    struct owned *owned = &peer->owned[number];
    if (!owned->role.merges)
        own(peer, number, ENGINE_OWNED_SOON);
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
    unsigned count = claims_of(peer, number, claims), found = role_latest(claims, count, true);
    const struct role_facts facts = {.own_known = peer->writer.known,
                                     .epoch_before = peer->writer.epochs_before[number],
                                     .other_usable = found < count,
                                     .other_active = found < count,
                                     .other_epoch = found < count ? claims[found].epoch : 0};
    return role_is_outdone(&peer->owned[number].role, &facts) ? reader_at(peer, number, found) : NOBODY;
}

/* A mapping of a standby may be another's on the active router, which took what it could, and hosts inside
 * may go on for a while to send here. So it ends, as soon as the other's flows were read whole: nothing is
 * lost when that one dies now. Where there are owners, what is another's is not translated here anyway. */
static void end_own_flows(struct peer_pair *peer, struct qw_time now)
{
    unsigned by = peer->options.nat && !peer->options.owners ? outdone_by(peer, 0) : NOBODY;
    struct peer_reader *reader = by == NOBODY ? NULL : &peer->readers[by];
    if (!reader) {
        peer->own_flows = OWN_FLOWS_STAY;
        peer->outdone = now;
    } else if (qw_time_since(now, peer->outdone) < OUTDONE_NS) {
        return;
    } else if (peer->own_flows == OWN_FLOWS_END_SOON && reader->done) {
        engine_mirror_clear(peer->options.engine, ENGINE_OWNER_ALL, now);
        engine_mirror_settle(peer->options.engine, now);
        peer->own_flows = OWN_FLOWS_ENDED;
    } else if (peer->own_flows != OWN_FLOWS_ENDED && !reader->fast) {
        reader_hurry(reader);
        peer->own_flows = OWN_FLOWS_END_SOON;
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
        unsigned other = reader_at(peer, number, i);
        if (other == NOBODY)
            continue;
        bool gone = is_gone(&peer->readers[other]);
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
        .other_gone = reader ? is_gone(reader) : all_gone,
        .answered = answered,
        .other_usable = reader && is_usable(reader),
        .other_active = owned->rivals.active != 0,
        .other_owes = owned->owing != NOBODY,
        .other_epoch = reader ? reader->header.owned[number].epoch : 0,
        .pass_done = reader && reader->done,
    };
}

static void turn_role(struct peer_pair *peer, unsigned number, struct qw_time now)
{
    const struct role_facts facts = facts_of(peer, number, now);
    switch (role_next(&peer->owned[number].role, &facts, now)) {
    case ROLE_STAYS:
        follow_owner(peer, number);
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

/* ---- turns ---- */

static void publish_owned(struct peer_pair *peer, unsigned number)
{
    const struct owned *owned = &peer->owned[number];
    struct peer_owned_stats *out = &peer->stats.owned[number];
    unsigned owner = owned->role.now == PEER_STANDS_BY ? owner_elsewhere(peer, number) : 0;
    out->role = owned->role.now;
    out->epoch = owned->role.epoch;
    out->split = owned->role.split;
    out->mark = mark_of(peer, owner);
    const char *name = owner == 0 ? peer->options.router : peer->options.others[owner - 1].router;
    bool nobody = owner == 0 && owned->role.now == PEER_STANDS_BY;
    snprintf(out->owner, sizeof out->owner, "%s", nobody ? "" : name);
    peer->stats.split |= out->split;
    if (out->epoch > peer->stats.epoch)
        peer->stats.epoch = out->epoch;
    if (out->role > peer->stats.role)
        peer->stats.role = out->role;
}

static void publish_other(struct peer_pair *peer, unsigned number, struct qw_time now)
{
    const struct peer_reader *reader = &peer->readers[number];
    struct peer_other_stats *out = &peer->stats.others[number];
    out->up = link_is_up(reader->link);
    out->known = reader->known;
    out->mismatch = reader->mismatch;
    out->active = false;
    out->epoch = 0;
    for (unsigned i = 0; reader->known && i < reader->header.owned_count; i++) {
        out->active |= reader->header.owned[i].active;
        if (reader->header.owned[i].epoch > out->epoch)
            out->epoch = reader->header.owned[i].epoch;
    }
    out->age_ns = reader->known ? qw_time_since(now, reader->seen) : 0;
    out->flows = reader->flows;
    peer->stats.mismatch |= out->mismatch;
}

static void publish(struct peer_pair *peer, struct qw_time now)
{
    const struct peer_writer *writer = &peer->writer;
    pthread_mutex_lock(&peer->lock);
    struct peer_stats *stats = &peer->stats;
    stats->on = true;
    stats->role = PEER_STANDS_BY;
    stats->split = stats->mismatch = false;
    stats->epoch = 0;
    stats->store_up = link_is_up(writer->link);
    stats->level = writer->level;
    stats->unsent_ns = writer->unsent_since.ns ? qw_time_since(now, writer->unsent_since) : 0;
    stats->written = writer->written;
    stats->write_errors = writer->errors;
    for (unsigned i = 0; i < peer->options.owned_count; i++)
        publish_owned(peer, i);
    for (unsigned i = 0; i < peer->options.other_count; i++)
        publish_other(peer, i, now);
    pthread_mutex_unlock(&peer->lock);
}

/* Flows of whom this router may take something over that it does not own are read all the time. */
static bool reads_of(const struct peer_pair *peer, unsigned other)
{
    for (unsigned i = 0; i < peer->options.owned_count; i++) {
        const struct peer_owned *owned = &peer->options.owned[i];
        bool ours = memchr(owned->routers, 0, owned->router_count);
        bool its = memchr(owned->routers, (int)other + 1, owned->router_count);
        if (ours && its && peer->owned[i].role.now != PEER_ACTIVE)
            return true;
    }
    return false;
}

static bool takes_over(const struct peer_pair *peer)
{
    for (unsigned i = 0; i < peer->options.owned_count; i++)
        if (peer->owned[i].role.now == PEER_TAKES_OVER)
            return true;
    return false;
}

static void take_agreement(struct peer_pair *peer)
{
    pthread_mutex_lock(&peer->lock);
    bool news = agreement_take(&peer->agreement, &peer->options);
    pthread_mutex_unlock(&peer->lock);
    if (!news)
        return;
    peer->terms.external_count = peer->options.external_count;
    for (unsigned i = 0; i < peer->options.other_count; i++)
        reader_distrust(&peer->readers[i]);
    writer_agree(&peer->writer, peer->options.digest);
}

static void step_links(struct peer_pair *peer, const struct pollfd *store, const struct pollfd *others,
                       struct qw_time now)
{
    link_step(peer->writer.link, store && store->revents, now);
    for (unsigned i = 0; i < peer->options.other_count; i++)
        link_step(peer->readers[i].link, others && others[i].revents, now);
}

static void turn(struct peer_pair *peer, const struct pollfd *store, const struct pollfd *others)
{
    struct qw_time now = peer->options.now();
    take_agreement(peer);
    step_links(peer, store, others, now);
    for (unsigned i = 0; i < peer->options.owned_count; i++)
        turn_role(peer, i, now);
    end_own_flows(peer, now);
    writer_turn(&peer->writer, !takes_over(peer), now);
    for (unsigned i = 0; i < peer->options.other_count; i++)
        reader_turn(&peer->readers[i], reads_of(peer, i), now);
    step_links(peer, NULL, NULL, now);
    say_stores(peer);
    say_others(peer);
    publish(peer, now);
}

static void look_at_owners(struct peer_pair *peer)
{
    const struct peer_options *options = &peer->options;
    if (options->look)
        options->look(options->context);
    for (unsigned i = 0; i < options->owned_count; i++)
        peer->owned[i].owns =
            options->look ? options->owns(options->context, i) : atomic_load(&peer->wanted[i]);
}

/* Until something comes, or it is time to look at what changed. */
static void wait_and_turn(struct peer_pair *peer)
{
    eventfd_t woken;
    struct pollfd polls[3 + PEER_OTHERS_MAX] = {
        {.fd = peer->wake, .events = POLLIN},
        {.fd = peer->options.look ? peer->options.fd : -1, .events = POLLIN},
        {.fd = link_fd(peer->writer.link), .events = link_events(peer->writer.link)},
    };
    for (unsigned i = 0; i < peer->options.other_count; i++) {
        const struct store_link *link = peer->readers[i].link;
        polls[3 + i] = (struct pollfd){.fd = link_fd(link), .events = link_events(link)};
    }
    poll(polls, 3 + peer->options.other_count, (int)peer->options.flush_ms);
    if (polls[0].revents)
        eventfd_read(peer->wake, &woken);
    if (polls[0].revents || polls[1].revents)
        look_at_owners(peer);
    turn(peer, &polls[2], &polls[3]);
}

/* The other one need not wait for our header to grow old. */
static void say_farewell(struct peer_pair *peer)
{
    struct qw_time began = peer->options.now();
    for (unsigned i = 0; i < peer->options.owned_count; i++)
        peer->writer.header.owned[i].active = false;
    writer_tell(&peer->writer);
    while (link_is_up(peer->writer.link) && qw_time_since(peer->options.now(), began) < FAREWELL_NS &&
           (peer->writer.header_at.ns == 0 || link_waiting(peer->writer.link) > 0)) {
        struct pollfd ready = {.fd = link_fd(peer->writer.link), .events = link_events(peer->writer.link)};
        int came = poll(&ready, 1, (int)peer->options.flush_ms);
        link_step(peer->writer.link, came > 0, peer->options.now());
        if (peer->writer.header_at.ns == 0)
            writer_turn(&peer->writer, true, peer->options.now());
        link_step(peer->writer.link, false, peer->options.now());
    }
}

static void *work(void *context)
{
    struct peer_pair *peer = context;
    look_at_owners(peer);
    while (!atomic_load(&peer->stop))
        wait_and_turn(peer);
    say_farewell(peer);
    return NULL;
}

/* ---- life ---- */

static void release(struct peer_pair *peer)
{
    writer_free(&peer->writer);
    for (unsigned i = 0; i < peer->options.other_count; i++)
        reader_free(&peer->readers[i]);
    if (peer->wake >= 0)
        close(peer->wake);
    pthread_mutex_destroy(&peer->lock);
    explicit_bzero(&peer->options, sizeof peer->options);
    free(peer);
}

static bool make(struct peer_pair *peer)
{
    uint64_t life = 0;
    peer->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool random = getrandom(&life, sizeof life, 0) == (ssize_t)sizeof life;
    peer->terms = (struct record_terms){.key = peer->options.key,
                                        .nat = peer->options.nat,
                                        .external = peer->options.external,
                                        .external_count = peer->options.external_count};
    bool whole = writer_init(&peer->writer, &peer->options, &peer->terms, life);
    for (unsigned i = 0; i < peer->options.other_count; i++)
        whole &= reader_init(&peer->readers[i], &peer->options, &peer->options.others[i], &peer->terms);
    return whole && random && peer->wake >= 0;
}

/* Until it is known who owns what. */
static void prepare(struct peer_pair *peer)
{
    struct peer_stats *stats = &peer->stats;
    stats->owners = peer->options.owners;
    stats->owned_count = peer->options.owned_count;
    stats->other_count = peer->options.other_count;
    for (unsigned i = 0; i < stats->other_count; i++)
        memcpy(stats->others[i].router, peer->options.others[i].router, sizeof stats->others[i].router);
    for (unsigned i = 0; i < stats->owned_count; i++) {
        memcpy(stats->owned[i].name, peer->options.owned[i].name, sizeof stats->owned[i].name);
        peer->owned[i].source = peer->owned[i].owing = NOBODY;
        own(peer, i, ENGINE_OWNED_ELSEWHERE);
    }
}

static void let_go(struct peer_pair *peer)
{
    for (unsigned i = 0; i < peer->options.owned_count; i++)
        own(peer, i, ENGINE_OWNED_HERE);
}

enum qw_error peer_start(const struct peer_options *options, struct peer_pair **out)
{
    *out = NULL;
    if (!link_available())
        return QW_ERR_UNSUPPORTED;
    struct peer_pair *peer = calloc(1, sizeof *peer);
    if (!peer)
        return QW_ERR_NO_MEMORY;
    peer->options = *options;
    pthread_mutex_init(&peer->lock, NULL);
    prepare(peer);
    enum qw_error result = make(peer) ? QW_OK : QW_ERR_NO_MEMORY;
    if (result == QW_OK && qw_thread_start(&peer->thread, work, peer) != 0)
        result = QW_ERR_SYSTEM;
    if (result == QW_OK) {
        *out = peer;
        return QW_OK;
    }
    let_go(peer);
    release(peer);
    return result;
}

void peer_stop(struct peer_pair *peer)
{
    if (!peer)
        return;
    atomic_store(&peer->stop, true);
    eventfd_write(peer->wake, 1);
    pthread_join(peer->thread, NULL);
    release(peer);
}

bool peer_set(struct peer_pair *peer, const char *name, bool active)
{
    bool found = false;
    if (!peer || peer->options.look)
        return false;
    for (unsigned i = 0; i < peer->options.owned_count; i++)
        if (!name || strcmp(peer->options.owned[i].name, name) == 0) {
            atomic_store(&peer->wanted[i], active);
            found = true;
        }
    if (found)
        eventfd_write(peer->wake, 1);
    return found;
}

void peer_agree(struct peer_pair *peer, uint64_t digest, const struct qw_addr *external,
                unsigned external_count)
{
    if (!peer)
        return;
    pthread_mutex_lock(&peer->lock);
    agreement_put(&peer->agreement, digest, external, external_count);
    pthread_mutex_unlock(&peer->lock);
    eventfd_write(peer->wake, 1);
}

void peer_stats(struct peer_pair *peer, struct peer_stats *out)
{
    *out = (struct peer_stats){0};
    if (!peer)
        return;
    pthread_mutex_lock(&peer->lock);
    *out = peer->stats;
    pthread_mutex_unlock(&peer->lock);
}
