#include "view.h"
#include "holders.h"
#include <stdio.h>

static void publish_owned(struct peer_pair *peer, unsigned number)
{
    const struct owned *owned = &peer->owned[number];
    struct peer_owned_stats *out = &peer->stats.owned[number];
    unsigned owner = owned->role.now == PEER_STANDS_BY ? holders_elsewhere(peer, number) : 0;
    out->role = owned->role.now;
    out->epoch = owned->role.epoch;
    out->split = owned->role.split;
    out->mark = holders_mark(peer, owner);
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

void view_publish(struct peer_pair *peer, struct qw_time now)
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

void peer_stats(struct peer_pair *peer, struct peer_stats *out)
{
    *out = (struct peer_stats){0};
    if (!peer)
        return;
    pthread_mutex_lock(&peer->lock);
    *out = peer->stats;
    pthread_mutex_unlock(&peer->lock);
}
