#include "notices.h"
#include <quicward/base/log.h>
#include <stdio.h>

void notices_tell(const struct peer_pair *peer, enum engine_event_kind kind, const char *text)
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
    notices_tell(peer, trouble ? ENGINE_EVENT_STORE_DOWN : ENGINE_EVENT_STORE_UP, text);
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

void notices_stores(struct peer_pair *peer)
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
        notices_tell(peer, ENGINE_EVENT_PEER_MISMATCH, text);
    }
    peer->mismatch_said[other] = reader->mismatch;
}

const char *notices_of(const struct peer_pair *peer, unsigned number, char out[static NOTICES_OF_MAX])
{
    const char *name = peer->options.owned[number].name;
    snprintf(out, NOTICES_OF_MAX, "%s%s", *name ? " of " : "", name);
    return out;
}

static void say_split(struct peer_pair *peer, unsigned number)
{
    char text[ENGINE_EVENT_TEXT_MAX], whose[NOTICES_OF_MAX];
    struct owned *owned = &peer->owned[number];
    bool split = owned->role.split && owned->rivals.active != 0;
    if (split && !owned->said_split) {
        snprintf(text, sizeof text, "%.32s, too, says that it is active%.53s",
                 peer->options.others[__builtin_ctz(owned->rivals.active)].router,
                 notices_of(peer, number, whose));
        qw_log(QW_LOG_ERROR, "cluster: %s", text);
        notices_tell(peer, ENGINE_EVENT_SPLIT_BRAIN, text);
    }
    owned->said_split = split;
}

void notices_others(struct peer_pair *peer)
{
    for (unsigned i = 0; i < peer->options.other_count; i++)
        say_mismatch(peer, i);
    for (unsigned i = 0; i < peer->options.owned_count; i++)
        say_split(peer, i);
}
