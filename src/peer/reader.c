#include "reader.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MAX 128
#define TAG_HEADER UINT64_C(1)
/* Of a piece: the number of its pass, from 1 on, in the upper half. */

static uint32_t pieces_of_shard(const struct peer_reader *reader)
{
    return (reader->slots + READER_PIECE - 1) / READER_PIECE;
}

static uint32_t pieces(const struct peer_reader *reader)
{
    return reader->shards * pieces_of_shard(reader);
}

uint64_t reader_slots(const struct peer_reader *reader)
{
    return reader->copy.slots;
}

static bool has_copy(const struct peer_reader *reader)
{
    return reader->copy.slots > 0;
}

/* ---- the header ---- */

/* Answers to what an earlier pass asked for count no more. */
static void begin_pass(struct peer_reader *reader)
{
    reader->pass++;
    reader->piece = reader->read = 0;
    reader->done = false;
}

/* A table of another size is another copy. */
static bool take_size(struct peer_reader *reader, const struct record_header *header)
{
    if (has_copy(reader) && reader->shards == header->shards && reader->slots == header->slots)
        return true;
    copy_free(&reader->copy);
    bool made = copy_make(&reader->copy, (uint64_t)header->shards * header->slots);
    reader->shards = made ? header->shards : 0;
    reader->slots = made ? header->slots : 0;
    begin_pass(reader);
    return made;
}

static void take_good(struct peer_reader *reader, const struct record_header *header)
{
    struct qw_time now = reader->options->now();
    bool agrees = header->digest == reader->options->digest &&
                  header->owned_count == reader->options->owned_count && take_size(reader, header);
    if (!reader->known || header->now.ns != reader->header.now.ns || header->life != reader->header.life)
        reader->seen = now;
    reader->known = true;
    reader->mismatch = !agrees;
    reader->header = *header;
}

static void take_header(struct peer_reader *reader, const struct link_reply *reply)
{
    struct record_header header;
    reader->answers++;
    reader->waits_for_header = false;
    if (reply->kind != LINK_BYTES) /* nobody wrote one yet; what was known before goes on to be */
        return;
    switch (record_header_read(reader->terms, reply->bytes, reply->len, &header)) {
    case RECORD_HEADER_GOOD:
        take_good(reader, &header);
        break;
    case RECORD_HEADER_OTHER:
    case RECORD_HEADER_BAD: /* another key, too: the other's secret is another */
        reader->mismatch = true;
        break;
    }
}

/* ---- pieces ---- */

static void end_pass(struct peer_reader *reader)
{
    reader->passes++;
    if (!reader->fast)
        reader->flows = copy_count(&reader->copy); /* nobody needs it sooner */
    begin_pass(reader);
    if (reader->fast)
        reader->done = true;
    reader->fast = false;
}

/* A replica that loads its data, say. Nobody waits for a pass that begins anew. */
static void fail_pass(struct peer_reader *reader)
{
    reader->fast = false;
    begin_pass(reader);
}

/* While nobody waits there is time to judge what came. */
static void take_piece(struct peer_reader *reader, uint32_t piece, const struct link_reply *reply)
{
    uint32_t shard = piece / pieces_of_shard(reader);
    uint32_t in_shard = piece % pieces_of_shard(reader) * READER_PIECE;
    uint32_t count = reader->slots - in_shard < READER_PIECE ? reader->slots - in_shard : READER_PIECE;
    uint64_t first = (uint64_t)shard * reader->slots + in_shard;
    copy_put(&reader->copy, first, count, reply->bytes, reply->kind == LINK_BYTES ? reply->len : 0);
    if (!reader->fast)
        copy_prove(&reader->copy, reader->terms, first, count);
    if (++reader->read == pieces(reader))
        end_pass(reader);
}

static void take_reply(void *context, uint64_t tag, const struct link_reply *reply)
{
    struct peer_reader *reader = context;
    bool current = has_copy(reader) && tag >> 32 == reader->pass;
    if (tag == TAG_HEADER)
        take_header(reader, reply);
    else if (current && reply->kind == LINK_REFUSED)
        fail_pass(reader);
    else if (current)
        take_piece(reader, (uint32_t)tag, reply);
}

static void up(void *context)
{
    struct peer_reader *reader = context;
    reader->waits_for_header = false;
    reader->asked = (struct qw_time){0};
    begin_pass(reader);
}

/* What was read stays. */
static void down(void *context)
{
    (void)context;
}

static void ask_header(struct peer_reader *reader, struct qw_time now)
{
    char key[KEY_MAX];
    snprintf(key, sizeof key, "qw:%s:%s:h", reader->options->site, reader->other->router);
    const char *words[] = {"GET", key};
    reader->waits_for_header = link_send(reader->link, TAG_HEADER, 2, words, NULL, now);
    reader->asked = now;
}

static bool ask_piece(struct peer_reader *reader, struct qw_time now)
{
    char key[KEY_MAX], from[24], to[24];
    uint32_t shard = reader->piece / pieces_of_shard(reader);
    uint64_t first = (uint64_t)(reader->piece % pieces_of_shard(reader)) * READER_PIECE * RECORD_SIZE;
    snprintf(key, sizeof key, "qw:%s:%s:s:%u", reader->options->site, reader->other->router, shard);
    snprintf(from, sizeof from, "%llu", (unsigned long long)first);
    snprintf(to, sizeof to, "%llu", (unsigned long long)first + READER_PIECE * RECORD_SIZE - 1);
    const char *words[] = {"GETRANGE", key, from, to};
    if (!link_send(reader->link, (uint64_t)reader->pass << 32 | reader->piece, 4, words, NULL, now))
        return false;
    reader->piece++;
    return true;
}

/* ---- life ---- */

bool reader_init(struct peer_reader *reader, const struct peer_options *options,
                 const struct peer_other *other, const struct record_terms *terms)
{
    const struct link_hears hears = {.context = reader, .up = up, .down = down, .reply = take_reply};
    *reader = (struct peer_reader){.options = options, .other = other, .terms = terms};
    reader->link = link_new(other->store, options->user, options->password, &hears);
    return reader->link;
}

void reader_free(struct peer_reader *reader)
{
    link_free(reader->link);
    copy_free(&reader->copy);
}

void reader_hurry(struct peer_reader *reader)
{
    reader->fast = true;
    begin_pass(reader);
}

void reader_distrust(struct peer_reader *reader)
{
    copy_distrust(&reader->copy);
}

/* A slow pass asks for one piece after the other, each when it is its turn. */
static bool may_ask(const struct peer_reader *reader, struct qw_time now)
{
    if (reader->piece == pieces(reader))
        return false;
    if (reader->fast)
        return link_waiting(reader->link) < READER_FAST;
    return link_waiting(reader->link) == 0 &&
           qw_time_since(now, reader->paced) >= READER_PASS_NS / pieces(reader);
}

void reader_turn(struct peer_reader *reader, bool reads, struct qw_time now)
{
    if (!link_is_up(reader->link))
        return;
    if (!reader->waits_for_header && qw_time_since(now, reader->asked) >= READER_HEADER_NS)
        ask_header(reader, now);
    while (reads && has_copy(reader) && !reader->mismatch && may_ask(reader, now) && ask_piece(reader, now))
        reader->paced = now;
}

/* What is old by the writer's clock is as old here, and as old as the header is on top of that. */
enum record_result reader_flow(const struct peer_reader *reader, uint64_t slot, struct qw_time now,
                               struct engine_mirrored *out)
{
    enum record_result result = copy_read(&reader->copy, reader->terms, slot, out);
    if (result != RECORD_FLOW)
        return result;
    uint64_t age = qw_time_since(reader->header.now, out->last_seen) + qw_time_since(now, reader->seen);
    out->last_seen = (struct qw_time){now.ns > age ? now.ns - age : 0};
    return RECORD_FLOW;
}
