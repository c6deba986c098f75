#include "writer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAKE 64          /* slots at once: a shard is locked that long */
#define EXPIRE_S "86400" /* a store that nobody writes any more empties itself */
#define KEY_MAX WRITER_KEY_MAX
#define REFUSED_PAUSE_NS (100 * QW_NS_PER_MS)

enum { TAG_OTHER = 1, TAG_DEL, TAG_OWN_HEADER, TAG_HEADER, TAG_RUNS }; /* TAG_RUNS + n: run n */

static const char *shard_key(const struct peer_writer *writer, unsigned shard, char out[static KEY_MAX])
{
    snprintf(out, KEY_MAX, "qw:%s:%s:s:%u", writer->options->site, writer->options->router, shard);
    return out;
}

static const char *header_key(const struct peer_writer *writer, char out[static KEY_MAX])
{
    snprintf(out, KEY_MAX, "qw:%s:%s:h", writer->options->site, writer->options->router);
    return out;
}

/* ---- what the link says ---- */

static void up(void *context)
{
    struct peer_writer *writer = context;
    writer->run_count = writer->refusals = 0;
    writer->windows = writer->troubled = false;
    writer->cursor = 0;
    writer->asked = false;
    writer->header_at = (struct qw_time){0};
    writer->paused_until = (struct qw_time){0};
}

static void down(void *context)
{
    struct peer_writer *writer = context;
    writer->errors++;
}

static void lose_run(struct peer_writer *writer, unsigned run)
{
    const struct writer_run *lost = &writer->runs[run];
    if (run < writer->run_count)
        engine_mirror_again(writer->options->engine, lost->shard, lost->slot, lost->count);
}

/* What an earlier run left is in the way: flows alone are written then, and the strings are no longer than
 * the table is full. */
static void empty_store(struct peer_writer *writer)
{
    char key[KEY_MAX];
    for (unsigned shard = 0; shard < RECORD_SHARDS_MAX; shard++) {
        const char *words[] = {"DEL", shard_key(writer, shard, key)};
        link_send(writer->link, TAG_DEL, 2, words, NULL, writer->options->now());
    }
}

/* They must not be forgotten by the next header. Of another configuration they count other things. */
static void take_epochs(struct peer_writer *writer, const struct record_header *before)
{
    for (unsigned i = 0; i < before->owned_count && i < writer->header.owned_count; i++) {
        uint64_t epoch = before->owned[i].epoch;
        writer->epochs_before[i] = epoch;
        if (writer->header.owned[i].epoch < epoch)
            writer->header.owned[i].epoch = epoch;
    }
}

/* All is written anew. What of this run is in the store, and what was lost on the way, nobody knows. */
static void take_own_header(struct peer_writer *writer, const struct link_reply *reply)
{
    struct record_header before;
    bool read = reply->kind == LINK_BYTES &&
                record_header_read(writer->terms, reply->bytes, reply->len, &before) == RECORD_HEADER_GOOD;
    bool ours = read && before.life == writer->header.life;
    if (read && !writer->known && before.owned_count == writer->header.owned_count)
        take_epochs(writer, &before);
    writer->known = true;
    if (!ours)
        empty_store(writer);
    engine_mirror_all(writer->options->engine, ours);
}

static void refused(struct peer_writer *writer, const struct link_reply *reply)
{
    int len = (int)(reply->len < LINK_ERROR_MAX ? reply->len : LINK_ERROR_MAX - 1);
    snprintf(writer->trouble, sizeof writer->trouble, "%.*s", len, reply->bytes);
    writer->refusals++;
    writer->errors++;
}

static void take_reply(void *context, uint64_t tag, const struct link_reply *reply)
{
    struct peer_writer *writer = context;
    if (tag == TAG_OWN_HEADER)
        take_own_header(writer, reply);
    if (reply->kind == LINK_REFUSED)
        refused(writer, reply);
    if (tag == TAG_DEL && reply->kind == LINK_REFUSED) /* what is in the way is written over */
        engine_mirror_all(writer->options->engine, true);
    if (tag >= TAG_RUNS && reply->kind == LINK_REFUSED)
        lose_run(writer, (unsigned)(tag - TAG_RUNS));
    else if (tag >= TAG_RUNS && tag - TAG_RUNS < writer->run_count)
        writer->written += writer->runs[tag - TAG_RUNS].count;
}

/* ---- life ---- */

bool writer_init(struct peer_writer *writer, const struct peer_options *options,
                 const struct record_terms *terms, uint64_t life)
{
    const struct link_hears hears = {.context = writer, .up = up, .down = down, .reply = take_reply};
    *writer = (struct peer_writer){.options = options, .terms = terms, .pause_ns = REFUSED_PAUSE_NS};
    writer->size = engine_mirror_size(options->engine);
    writer->header = (struct record_header){.digest = options->digest,
                                            .life = life,
                                            .shards = writer->size.shards,
                                            .slots = writer->size.slots,
                                            .owned_count = options->owned_count};
    writer->run_bytes = malloc((size_t)WRITER_RUN_RECORDS * RECORD_SIZE);
    writer->link = link_new(options->store, options->user, options->password, &hears);
    return writer->run_bytes && writer->link;
}

void writer_free(struct peer_writer *writer)
{
    link_free(writer->link);
    free(writer->run_bytes);
}

void writer_tell(struct peer_writer *writer)
{
    writer->header_at = (struct qw_time){0};
}

void writer_agree(struct peer_writer *writer, uint64_t digest)
{
    writer->header.digest = digest;
    writer_tell(writer);
}

/* ---- what goes ---- */

static void ask_own_header(struct peer_writer *writer, struct qw_time now)
{
    char key[KEY_MAX];
    const char *words[] = {"GET", header_key(writer, key)};
    writer->asked = link_send(writer->link, TAG_OWN_HEADER, 2, words, NULL, now);
}

static void send_header(struct peer_writer *writer, struct qw_time now)
{
    char key[KEY_MAX];
    uint8_t bytes[RECORD_HEADER_MAX];
    writer->header.now = now;
    writer->header.written = writer->written;
    size_t len = record_header_write(writer->terms, &writer->header, bytes);
    const char *words[] = {"SET", header_key(writer, key), (const char *)bytes, "EX", EXPIRE_S};
    const size_t lens[] = {3, strlen(key), len, 2, strlen(EXPIRE_S)};
    link_send(writer->link, TAG_HEADER, 5, words, lens, now);
    for (unsigned shard = 0; shard < writer->size.shards; shard++) {
        const char *expire[] = {"EXPIRE", shard_key(writer, shard, key), EXPIRE_S};
        link_send(writer->link, TAG_OTHER, 3, expire, NULL, now);
    }
    writer->header_at = qw_time_add(now, WRITER_HEADER_NS);
}

/* Sends what was gathered of the last run. */
static void send_run(struct peer_writer *writer, struct qw_time now)
{
    char offset[24];
    const struct writer_run *run = &writer->runs[writer->run_count - 1];
    if (writer->key[0] == '\0' || writer->key_shard != run->shard)
        shard_key(writer, writer->key_shard = run->shard, writer->key);
    snprintf(offset, sizeof offset, "%llu", (unsigned long long)run->slot * RECORD_SIZE);
    const char *words[] = {"SETRANGE", writer->key, offset, (const char *)writer->run_bytes};
    const size_t lens[] = {8, strlen(writer->key), strlen(offset), (size_t)run->count * RECORD_SIZE};
    if (!link_send(writer->link, TAG_RUNS + writer->run_count - 1, 4, words, lens, now))
        lose_run(writer, writer->run_count - 1);
}

static bool continues(const struct peer_writer *writer, const struct engine_mirror_slot *slot)
{
    if (writer->run_count == 0)
        return false;
    const struct writer_run *run = &writer->runs[writer->run_count - 1];
    return run->shard == slot->shard && run->slot + run->count == slot->slot &&
           run->count < WRITER_RUN_RECORDS;
}

/* Neighbours go together. */
static void add(struct peer_writer *writer, const struct engine_mirror_slot *slot, struct qw_time now)
{
    if (!continues(writer, slot)) {
        if (writer->run_count > 0)
            send_run(writer, now);
        writer->runs[writer->run_count++] = (struct writer_run){slot->shard, slot->slot, 0};
    }
    struct writer_run *run = &writer->runs[writer->run_count - 1];
    uint8_t *bytes = writer->run_bytes + (size_t)run->count++ * RECORD_SIZE;
    memset(bytes, 0, RECORD_SIZE);
    if (slot->live)
        record_write(writer->terms, &slot->flow, bytes);
}

static void send_flows(struct peer_writer *writer, struct qw_time now)
{
    struct engine_mirror_slot slots[TAKE];
    size_t records = 0, count = 1;
    writer->run_count = 0;
    while (count > 0 && records < WRITER_RECORDS && writer->run_count + TAKE <= WRITER_RUNS) {
        count = engine_mirror_take(writer->options->engine, &writer->cursor, slots, TAKE);
        for (size_t i = 0; i < count; i++)
            add(writer, &slots[i], now);
        records += count;
    }
    if (writer->run_count > 0)
        send_run(writer, now);
    writer->level = count == 0 && records == 0;
}

/* Idle times are told anew so that each slot is looked at four times within what they may be old. */
static void look(struct peer_writer *writer, struct qw_time now)
{
    uint64_t all = (uint64_t)writer->size.shards * writer->size.slots;
    uint64_t old_ns = writer->options->refresh_s * QW_NS_PER_SECOND;
    uint64_t passed = writer->looked.ns ? qw_time_since(now, writer->looked) : 0;
    uint64_t budget = passed < old_ns ? all * passed / (old_ns / 4) : all;
    if (writer->looked.ns && budget == 0)
        return;
    writer->looked = now;
    engine_mirror_look(writer->options->engine, &writer->look_cursor, (uint32_t)(budget < all ? budget : all),
                       old_ns);
}

/* All of the last window has its replies. A refusal (no memory, no right) is no end of the connection: what
 * was refused is marked again and tried later. */
static void judge_window(struct peer_writer *writer, struct qw_time now)
{
    writer->troubled = writer->refusals > 0;
    writer->refusals = 0;
    writer->windows = false;
    if (!writer->troubled) {
        writer->pause_ns = REFUSED_PAUSE_NS;
        return;
    }
    writer->paused_until = qw_time_add(now, writer->pause_ns);
    writer->pause_ns = writer->pause_ns * 2 < LINK_PAUSE_MAX_NS ? writer->pause_ns * 2 : LINK_PAUSE_MAX_NS;
}

static void note_unsent(struct peer_writer *writer, struct qw_time now)
{
    if (writer->level)
        writer->unsent_since = (struct qw_time){0};
    else if (writer->unsent_since.ns == 0)
        writer->unsent_since = now;
}

void writer_turn(struct peer_writer *writer, bool flows, struct qw_time now)
{
    if (flows)
        look(writer, now);
    if (!link_is_up(writer->link)) {
        writer->level = false;
        writer->known |= link_is_down(writer->link);
        note_unsent(writer, now);
        return;
    }
    if (link_waiting(writer->link) > 0)
        return;
    if (writer->windows)
        judge_window(writer, now);
    if (now.ns < writer->paused_until.ns) {
        writer->level = false;
        note_unsent(writer, now);
        return;
    }
    if (!writer->asked) {
        ask_own_header(writer, now);
        return;
    }
    if (now.ns >= writer->header_at.ns)
        send_header(writer, now);
    if (flows)
        send_flows(writer, now);
    writer->windows = link_waiting(writer->link) > 0;
    note_unsent(writer, now);
}
