/* The thread: it steps both links, writes, reads, and does what the role says. */
#include "duty.h"
#include "holders.h"
#include "notices.h"
#include "peer_pair.h"
#include "view.h"
#include <poll.h>
#include <quicward/base/thread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#define FAREWELL_NS (250 * QW_NS_PER_MS)

const char *peer_role_word(enum peer_role role)
{
    static const char *const WORDS[] = {"standby", "taking-over", "active"};
    return role <= PEER_ACTIVE ? WORDS[role] : "unknown";
}

bool peer_available(void)
{
    return link_available();
}

/* ---- turns ---- */

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
        duty_turn(peer, i, now);
    duty_end_own_flows(peer, now);
    writer_turn(&peer->writer, !takes_over(peer), now);
    for (unsigned i = 0; i < peer->options.other_count; i++)
        reader_turn(&peer->readers[i], reads_of(peer, i), now);
    step_links(peer, NULL, NULL, now);
    notices_stores(peer);
    notices_others(peer);
    view_publish(peer, now);
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
        holders_own(peer, i, ENGINE_OWNED_ELSEWHERE);
    }
}

static void let_go(struct peer_pair *peer)
{
    for (unsigned i = 0; i < peer->options.owned_count; i++)
        holders_own(peer, i, ENGINE_OWNED_HERE);
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
