/* The thread: it steps both links, writes, reads, and does what the role says. */
#include "reader.h"
#include "role.h"
#include "writer.h"
#include <poll.h>
#include <pthread.h>
#include <quicward/base/log.h>
#include <quicward/base/thread.h>
#include <quicward/engine_events.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#define GIVE 64                          /* flows entered at once */
#define GRACE_NS (30 * QW_NS_PER_SECOND) /* no flow ends sooner after a takeover */
#define STALE_NS (5 * QW_NS_PER_SECOND)  /* a header that old is worth a word */
#define CLAIM_NS (2 * QW_NS_PER_SECOND)  /* a header that did not change for so long claims nothing */
#define FAREWELL_NS (250 * QW_NS_PER_MS)

struct peer_pair {
    struct peer_options options;
    struct record_terms terms;
    struct peer_writer writer;
    struct peer_reader reader;
    struct role role;
    int wake; /* an eventfd: stop, or a command */
    pthread_t thread;
    bool owns;
    struct qw_time active_since;
    uint64_t answers; /* of the reader, when the takeover began */
    bool store_said, other_said, mismatch_said, split_said;
    uint64_t foreign;
    enum { OWN_FLOWS_STAY, OWN_FLOWS_END_SOON, OWN_FLOWS_ENDED } own_flows; /* of a standby */

    atomic_bool stop, wanted; /* wanted: by a command */
    pthread_mutex_t lock;     /* of: */
    struct peer_stats stats;
    struct agreement {
        bool news;
        uint64_t digest;
        struct qw_addr external[PEER_ADDRESSES_MAX];
        unsigned external_count;
    } agreement; /* of a reload, for the thread */
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

static void say_stores(struct peer_pair *peer)
{
    const struct peer_writer *writer = &peer->writer;
    const struct peer_reader *reader = &peer->reader;
    bool refused = writer->troubled && link_is_up(writer->link);
    if (link_is_up(writer->link) || link_is_down(writer->link))
        say_store(peer, "cluster.store", refused || !link_is_up(writer->link),
                  refused ? writer->trouble : link_error(writer->link), &peer->store_said);
    if (link_is_up(reader->link) || link_is_down(reader->link))
        say_store(peer, "cluster.peer_store", !link_is_up(reader->link), link_error(reader->link),
                  &peer->other_said);
}

static void say_other(struct peer_pair *peer)
{
    const struct peer_reader *reader = &peer->reader;
    if (reader->mismatch && !peer->mismatch_said) {
        const char *text = "the other router has another configuration, secret or version: its flows cannot "
                           "be taken over";
        qw_log(QW_LOG_ERROR, "cluster: %s", text);
        tell(peer, ENGINE_EVENT_PEER_MISMATCH, text);
    }
    peer->mismatch_said = reader->mismatch;
    if (peer->role.split && !peer->split_said) {
        qw_log(QW_LOG_ERROR, "cluster: both routers say that they are active");
        tell(peer, ENGINE_EVENT_SPLIT_BRAIN, "both routers say that they are active");
    }
    peer->split_said = peer->role.split;
}

/* ---- takeover ---- */

struct given {
    struct engine_mirror_given counts;
    uint64_t bad, flows;
};

static void give_all(const struct peer_pair *peer, struct qw_time now, struct given *given)
{
    struct engine_mirrored flows[GIVE];
    size_t count = 0;
    uint64_t slots = reader_slots(&peer->reader);
    for (uint64_t slot = 0; slot < slots; slot++) {
        enum record_result result = reader_flow(&peer->reader, slot, now, &flows[count]);
        given->bad += result == RECORD_BAD;
        count += result == RECORD_FLOW;
        if (count == GIVE || (slot + 1 == slots && count > 0)) {
            given->flows += count;
            engine_mirror_give(peer->options.engine, flows, count, now, GRACE_NS, &given->counts);
            count = 0;
        }
    }
}

static void say_takeover(const struct peer_pair *peer, const struct given *given, uint64_t age_ns,
                         uint64_t took_ns)
{
    char text[ENGINE_EVENT_TEXT_MAX];
    const struct engine_mirror_given *counts = &given->counts;
    snprintf(text, sizeof text,
             "epoch %llu: %llu flows of %s adopted, %llu twins, %llu conflicts, %llu refused, in %llu ms",
             (unsigned long long)peer->role.epoch, (unsigned long long)counts->adopted, peer->options.other,
             (unsigned long long)counts->twins, (unsigned long long)counts->conflicts,
             (unsigned long long)(counts->refused + given->bad),
             (unsigned long long)(took_ns / QW_NS_PER_MS));
    qw_log(QW_LOG_INFO, "cluster: active, %s", text);
    if (peer->role.reads && age_ns > STALE_NS)
        qw_log(QW_LOG_WARNING, "cluster: what %s had written was %llu s old", peer->options.other,
               (unsigned long long)(age_ns / QW_NS_PER_SECOND));
    tell(peer, ENGINE_EVENT_TAKEOVER, text);
}

static void count_takeover(struct peer_pair *peer, const struct given *given, uint64_t took_ns)
{
    pthread_mutex_lock(&peer->lock);
    struct peer_stats *stats = &peer->stats;
    stats->takeovers++;
    stats->adopted += given->counts.adopted;
    stats->conflicts += given->counts.conflicts;
    stats->refused += given->counts.refused + given->bad;
    stats->bad += given->bad;
    stats->last_ns = took_ns;
    pthread_mutex_unlock(&peer->lock);
}

/* What the other had is newer than what is here, unless both were active. */
static void enter(struct peer_pair *peer, struct qw_time now, struct given *given)
{
    if (!peer->role.merges)
        engine_mirror_clear(peer->options.engine, now);
    give_all(peer, now, given);
    engine_mirror_settle(peer->options.engine, now);
}

static void be_active(struct peer_pair *peer, struct qw_time now)
{
    struct given given = {.bad = 0};
    uint64_t age_ns = qw_time_since(now, peer->reader.seen);
    if (peer->role.reads && peer->reader.copy)
        enter(peer, now, &given);
    engine_stand_by(peer->options.engine, false);
    peer->active_since = now;
    peer->foreign = given.flows;
    peer->writer.header.active = true;
    peer->writer.header.epoch = peer->role.epoch;
    writer_tell(&peer->writer);
    uint64_t took_ns = qw_time_since(peer->options.now(), peer->role.began);
    count_takeover(peer, &given, took_ns);
    say_takeover(peer, &given, age_ns, took_ns);
}

static void be_standby(struct peer_pair *peer)
{
    engine_stand_by(peer->options.engine, peer->options.nat);
    peer->writer.header.active = false;
    writer_tell(&peer->writer);
    qw_log(QW_LOG_INFO, "cluster: stands by");
    tell(peer, ENGINE_EVENT_STANDS_BY, "the address is not here, or a command said so");
}

static void begin_takeover(struct peer_pair *peer)
{
    if (!peer->role.merges)
        engine_stand_by(peer->options.engine, true);
    peer->answers = peer->reader.answers;
    peer->reader.asked = (struct qw_time){0};
    reader_hurry(&peer->reader);
}

static bool is_outdone(const struct peer_pair *peer)
{
    const struct peer_reader *reader = &peer->reader;
    const struct role_facts facts = {.own_known = peer->writer.known,
                                     .epoch_before = peer->writer.epoch_before,
                                     .other_usable = reader->known && !reader->mismatch,
                                     .other_active = reader->header.active,
                                     .other_epoch = reader->header.epoch};
    return role_is_outdone(&peer->role, &facts);
}

/* A mapping of a standby may be another's on the active router, which took what it could, and hosts inside
 * may go on for a while to send here. So it ends, as soon as the other's flows were read whole: nothing is
 * lost when that one dies now. */
static void end_own_flows(struct peer_pair *peer, struct qw_time now)
{
    struct peer_reader *reader = &peer->reader;
    if (!peer->options.nat || !is_outdone(peer)) {
        peer->own_flows = OWN_FLOWS_STAY;
    } else if (peer->own_flows == OWN_FLOWS_END_SOON && reader->done) {
        engine_mirror_clear(peer->options.engine, now);
        engine_mirror_settle(peer->options.engine, now);
        peer->own_flows = OWN_FLOWS_ENDED;
    } else if (peer->own_flows != OWN_FLOWS_ENDED && !reader->fast) {
        reader_hurry(reader);
        peer->own_flows = OWN_FLOWS_END_SOON;
    }
}

/* What a dead router said last is no claim: it must have said so after we became active, and just now. */
static bool other_claims(const struct peer_pair *peer, struct qw_time now)
{
    const struct peer_reader *reader = &peer->reader;
    return reader->known && reader->header.active &&
           reader->seen.ns > peer->active_since.ns + WRITER_HEADER_NS &&
           qw_time_since(now, reader->seen) < CLAIM_NS;
}

static void turn_role(struct peer_pair *peer, struct qw_time now)
{
    const struct peer_reader *reader = &peer->reader;
    const struct role_facts facts = {
        .owns = peer->owns,
        .own_known = peer->writer.known,
        .epoch_before = peer->writer.epoch_before,
        .other_gone = link_is_down(reader->link) && !link_is_up(reader->link),
        .answered = reader->answers > peer->answers,
        .other_usable = reader->known && !reader->mismatch,
        .other_active = other_claims(peer, now),
        .other_epoch = reader->header.epoch,
        .pass_done = reader->done,
    };
    switch (role_next(&peer->role, &facts, now)) {
    case ROLE_STAYS:
        break;
    case ROLE_BEGINS:
        begin_takeover(peer);
        break;
    case ROLE_ENDS:
        be_active(peer, now);
        break;
    case ROLE_STEPS_BACK:
        be_standby(peer);
        break;
    }
}

/* ---- turns ---- */

static void publish(struct peer_pair *peer, struct qw_time now)
{
    const struct peer_writer *writer = &peer->writer;
    const struct peer_reader *reader = &peer->reader;
    pthread_mutex_lock(&peer->lock);
    struct peer_stats *stats = &peer->stats;
    stats->on = true;
    stats->role = peer->role.now;
    stats->epoch = peer->role.epoch;
    stats->split = peer->role.split;
    stats->store_up = link_is_up(writer->link);
    stats->other_up = link_is_up(reader->link);
    stats->other_known = reader->known;
    stats->other_active = reader->known && reader->header.active;
    stats->other_epoch = reader->known ? reader->header.epoch : 0;
    stats->other_age_ns = reader->known ? qw_time_since(now, reader->seen) : 0;
    stats->mismatch = reader->mismatch;
    stats->level = writer->level;
    stats->unsent_ns = writer->unsent_since.ns ? qw_time_since(now, writer->unsent_since) : 0;
    stats->written = writer->written;
    stats->write_errors = writer->errors;
    stats->foreign = peer->foreign;
    pthread_mutex_unlock(&peer->lock);
}

/* Counted when a pass is over; nobody needs it sooner. */
static void count_foreign(struct peer_pair *peer)
{
    uint64_t slots = reader_slots(&peer->reader);
    peer->foreign = 0;
    for (uint64_t slot = 0; slot < slots; slot++)
        peer->foreign += peer->reader.copy[slot * RECORD_SIZE] != 0;
}

static void take_agreement(struct peer_pair *peer)
{
    struct peer_options *options = &peer->options;
    pthread_mutex_lock(&peer->lock);
    const struct agreement *now = &peer->agreement;
    bool news = now->news;
    if (news) {
        options->digest = now->digest;
        options->external_count = now->external_count;
        memcpy(options->external, now->external, sizeof options->external);
    }
    peer->agreement.news = false;
    pthread_mutex_unlock(&peer->lock);
    if (!news)
        return;
    peer->terms.external_count = options->external_count;
    writer_agree(&peer->writer, options->digest);
}

static void turn(struct peer_pair *peer, bool store_ready, bool other_ready)
{
    struct qw_time now = peer->options.now();
    take_agreement(peer);
    uint64_t passes = peer->reader.passes;
    link_step(peer->writer.link, store_ready, now);
    link_step(peer->reader.link, other_ready, now);
    turn_role(peer, now);
    end_own_flows(peer, now);
    writer_turn(&peer->writer, now);
    reader_turn(&peer->reader, peer->role.now != PEER_ACTIVE, now);
    if (peer->reader.passes != passes && peer->role.now == PEER_STANDS_BY)
        count_foreign(peer);
    link_step(peer->writer.link, false, now);
    link_step(peer->reader.link, false, now);
    say_stores(peer);
    say_other(peer);
    publish(peer, now);
}

static void look_at_owner(struct peer_pair *peer)
{
    if (peer->options.owns)
        peer->owns = peer->options.owns(peer->options.context);
    else
        peer->owns = atomic_load(&peer->wanted);
}

/* Until something comes, or it is time to look at what changed. */
static void wait_and_turn(struct peer_pair *peer)
{
    eventfd_t woken;
    struct pollfd polls[] = {
        {.fd = peer->wake, .events = POLLIN},
        {.fd = peer->options.owns ? peer->options.fd : -1, .events = POLLIN},
        {.fd = link_fd(peer->writer.link), .events = link_events(peer->writer.link)},
        {.fd = link_fd(peer->reader.link), .events = link_events(peer->reader.link)},
    };
    poll(polls, sizeof polls / sizeof polls[0], (int)peer->options.flush_ms);
    if (polls[0].revents)
        eventfd_read(peer->wake, &woken);
    if (polls[0].revents || polls[1].revents)
        look_at_owner(peer);
    turn(peer, polls[2].revents != 0, polls[3].revents != 0);
}

/* The other one need not wait for our header to grow old. */
static void say_farewell(struct peer_pair *peer)
{
    struct qw_time began = peer->options.now();
    peer->writer.header.active = false;
    writer_tell(&peer->writer);
    while (link_is_up(peer->writer.link) && qw_time_since(peer->options.now(), began) < FAREWELL_NS &&
           (peer->writer.header_at.ns == 0 || link_waiting(peer->writer.link) > 0)) {
        struct pollfd ready = {.fd = link_fd(peer->writer.link), .events = link_events(peer->writer.link)};
        int came = poll(&ready, 1, (int)peer->options.flush_ms);
        link_step(peer->writer.link, came > 0, peer->options.now());
        if (peer->writer.header_at.ns == 0)
            writer_turn(&peer->writer, peer->options.now());
        link_step(peer->writer.link, false, peer->options.now());
    }
}

static void *work(void *context)
{
    struct peer_pair *peer = context;
    look_at_owner(peer);
    while (!atomic_load(&peer->stop))
        wait_and_turn(peer);
    say_farewell(peer);
    return NULL;
}

/* ---- life ---- */

static void release(struct peer_pair *peer)
{
    writer_free(&peer->writer);
    reader_free(&peer->reader);
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
    whole &= reader_init(&peer->reader, &peer->options, &peer->terms);
    return whole && random && peer->wake >= 0;
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
    enum qw_error result = make(peer) ? QW_OK : QW_ERR_NO_MEMORY;
    engine_stand_by(options->engine, options->nat); /* until it is known who is active */
    if (result == QW_OK && qw_thread_start(&peer->thread, work, peer) != 0)
        result = QW_ERR_SYSTEM;
    if (result == QW_OK) {
        *out = peer;
        return QW_OK;
    }
    engine_stand_by(options->engine, false);
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

bool peer_set(struct peer_pair *peer, bool active)
{
    if (!peer || peer->options.owns)
        return false;
    atomic_store(&peer->wanted, active);
    eventfd_write(peer->wake, 1);
    return true;
}

void peer_agree(struct peer_pair *peer, uint64_t digest, const struct qw_addr *external,
                unsigned external_count)
{
    if (!peer)
        return;
    pthread_mutex_lock(&peer->lock);
    struct agreement *next = &peer->agreement;
    *next = (struct agreement){.news = true, .digest = digest};
    for (; next->external_count < external_count && next->external_count < PEER_ADDRESSES_MAX;
         next->external_count++)
        next->external[next->external_count] = external[next->external_count];
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
