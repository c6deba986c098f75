/* A capture through the engine, on the capture's own clock. */
#include "options.h"
#include "page.h"
#include "replay_flows.h"
#include "replay_nat.h"
#include "replay_report.h"
#include "replay_show.h"
#include <errno.h>
#include <quicward/io.h>
#include <quicward/packet.h>
#include <stdlib.h>
#include <string.h>

#define TICK_BUDGET 256
#define PACKET_MAX (40 + 65535) /* an IPv6 header and all that it can count */

/* A replay must say the same every time: its key is fixed, and one shard numbers flows as they begin. */
static const struct qw_hash_key REPLAY_KEY = {0x7175696377617264, 0x7265706c6179};
#define REPLAY_SHARDS 1

struct replay {
    const struct options *options;
    struct engine *engine;
    struct engine_worker *worker;
    struct io_capture *capture;
    struct replay_flows flows;
    struct replay_nat nat;
    struct replay_report report;
    struct series_book series; /* for --report */
    bool translates;           /* mode nat, and it is known which packets come from inside */
    struct engine_stats stats;
    struct qw_time now;         /* of the last packet */
    enum command_status status; /* when it fails */
    uint8_t packet[PACKET_MAX];
};

static bool fail(const char *path, const char *text)
{
    fprintf(stderr, "quicward: %s: %s\n", path, text);
    return false;
}

static bool open_capture(struct replay *replay)
{
    struct io_error error = {0};
    enum qw_error result = io_capture_open(replay->options->operand, &replay->capture, &error);
    if (result != QW_OK)
        fprintf(stderr, "quicward: %s\n", error.text);
    return result == QW_OK;
}

static bool start_engine(struct replay *replay, struct config *config)
{
    struct config_throttle unlimited, *throttles = config->throttles;
    unsigned throttle_count = config->throttle_count;
    if (replay->report.path)
        replay_report_begin(&replay->report, config, &unlimited);
    const struct engine_options engine = {.config = config,
                                          .errors = stderr,
                                          .shards = REPLAY_SHARDS,
                                          .secret = REPLAY_KEY,
                                          .ended = replay_flows_ended,
                                          .context = &replay->flows};
    enum qw_error result = engine_new(&engine, &replay->engine);
    config->throttles = throttles;
    config->throttle_count = throttle_count;
    if (result == QW_OK && !(replay->worker = engine_worker_new(replay->engine)))
        result = QW_ERR_NO_MEMORY;
    replay->status = options_file_status(result);
    if (result != QW_OK)
        return fail("engine", qw_error_text(result));
    replay->translates = config->mode == CONFIG_NAT && replay->options->prefix_count > 0;
    if (replay->translates)
        replay_nat_begin(&replay->nat, config, replay->engine);
    else if (config->mode == CONFIG_NAT)
        fputs("quicward: without --inside nothing is translated\n", stderr);
    return true;
}

/* Without a file: what the built-in configuration sees, in monitor mode. */
static bool make_engine(struct replay *replay)
{
    struct config defaults;
    config_defaults(&defaults);
    defaults.mode = CONFIG_MONITOR;
    if (!replay->options->config)
        return start_engine(replay, &defaults);
    struct config *config = options_config(replay->options, &replay->status);
    bool started = config && start_engine(replay, config);
    config_free(config);
    return started;
}

static void tear_down(struct replay *replay)
{
    engine_worker_free(replay->worker);
    engine_free(replay->engine);
    if (replay->capture)
        io_capture_close(replay->capture);
    replay_flows_free(&replay->flows);
    replay_nat_free(&replay->nat);
    series_free(&replay->series);
}

/* By the source address, once --inside says which those are. */
static enum engine_origin origin(const struct options *options, const struct io_frame *frame)
{
    struct packet_view view;
    if (options->prefix_count == 0)
        return ENGINE_UNKNOWN;
    if (packet_decode(frame->data, frame->captured, frame->wire_len, &view) != QW_OK)
        return ENGINE_OUTSIDE;
    for (unsigned i = 0; i < options->prefix_count; i++)
        if (qw_prefix_contains(&options->prefixes[i], &view.tuple.src.addr, view.family))
            return ENGINE_INSIDE;
    return ENGINE_OUTSIDE;
}

/* Ends all that has expired at `now`. */
static void sweep(struct replay *replay, struct qw_time now)
{
    while (engine_tick(replay->worker, now, TICK_BUDGET) == TICK_BUDGET)
        continue;
    if (replay->translates)
        replay_nat_follow(&replay->nat, replay->engine);
}

/* A copy that the engine may translate. Behind a cut packet stand zeros: what is written to a quote that is
 * not there harms nothing. */
static struct engine_packet copy(struct replay *replay, const struct io_frame *frame)
{
    size_t captured = frame->captured < PACKET_MAX ? frame->captured : PACKET_MAX;
    memcpy(replay->packet, frame->data, captured);
    memset(replay->packet + captured, 0, PACKET_MAX - captured);
    const char *interface = replay->report.path ? replay->report.interface : NULL;
    return (struct engine_packet){.data = replay->packet,
                                  .writable = replay->packet,
                                  .captured = captured,
                                  .wire_len = frame->wire_len,
                                  .from = origin(replay->options, frame),
                                  .from_interface = interface,
                                  .to_interface = interface};
}

static void handle(struct replay *replay, const struct io_frame *frame)
{
    struct engine_packet packet = copy(replay, frame);
    struct engine_verdict verdict;
    if (replay->translates && packet.from == ENGINE_OUTSIDE)
        replay_nat_readdress(&replay->nat, packet.writable, packet.captured, packet.wire_len);
    engine_handle(replay->worker, &packet, frame->time, &verdict);
    if (replay->translates)
        replay_nat_follow(&replay->nat, replay->engine);
}

/* All packets. False, after saying so, when the file is damaged; what came before counts. */
static bool walk(struct replay *replay)
{
    struct io_frame frame;
    struct io_error error = {0};
    enum qw_error result;
    while ((result = io_capture_next(replay->capture, &frame, &error)) == QW_OK) {
        replay->now = frame.time;
        replay_report_go_on(&replay->report, replay->engine, replay->worker, frame.time);
        sweep(replay, frame.time);
        handle(replay, &frame);
        if (replay->options->html)
            series_go_on(&replay->series, replay->engine, frame.time);
    }
    return result == QW_ERR_NOT_FOUND || fail(replay->options->operand, error.text);
}

/* Those alive after the last packet, and those that had expired unmet: a sweep may be a second late. A
 * capture does not name interfaces, so no load was measured, and none is shown. */
static bool collect(struct replay *replay)
{
    sweep(replay, replay->now);
    engine_stats(replay->engine, &replay->stats);
    replay->stats.throttle_count = 0;
    replay_flows_live(&replay->flows, replay->engine, replay->now);
    sweep(replay, qw_time_add(replay->now, QW_NS_PER_SECOND));
    replay_flows_sort(&replay->flows);
    return !(replay->flows.failed || replay->nat.failed || replay->series.failed) ||
           fail("flows", qw_error_text(QW_ERR_NO_MEMORY));
}

static bool write_page(const struct replay *replay, const struct replay_capture *capture)
{
    const char *path = replay->options->page;
    const struct page page = {replay->options->operand, &replay->flows, &replay->stats, &replay->series,
                              capture};
    if (!path)
        return page_write(&page, stdout);
    FILE *out = fopen(path, "w");
    bool written = out && page_write(&page, out);
    if (out)
        written = fclose(out) == 0 && written;
    return written || fail(path, strerror(errno));
}

static bool show(const struct replay *replay, const struct replay_capture *capture)
{
    if (replay->options->json)
        return replay_show_json(&replay->flows, &replay->stats, replay->engine, capture);
    return replay_show_text(&replay->flows, &replay->stats, replay->engine, capture);
}

/* A page that goes to standard output takes the place of what else would. */
static bool show_all(const struct replay *replay, bool whole)
{
    const struct options *options = replay->options;
    const struct replay_capture capture = {io_capture_counts(replay->capture), !whole};
    bool written = !options->html || write_page(replay, &capture);
    if (options->html && !options->page)
        return written;
    return (show(replay, &capture) || fail("output", qw_error_text(QW_ERR_NO_MEMORY))) && written;
}

/* What can be shown is shown, also of a file that is damaged. */
static bool run(struct replay *replay)
{
    if (!open_capture(replay) || !make_engine(replay))
        return false;
    bool whole = walk(replay);
    if (!collect(replay))
        return false;
    replay_report_go_on(&replay->report, replay->engine, replay->worker,
                        qw_time_add(replay->now, QW_NS_PER_SECOND));
    bool reported = replay_report_write(&replay->report);
    return show_all(replay, whole) && reported && whole;
}

enum command_status command_replay(const struct command *self, int argc, char **argv)
{
    struct options options;
    enum options_result result = options_read(self, argc, argv, "CAPTURE", &options);
    if (result != OPTIONS_OK)
        return options_status(result);
    struct replay *replay = calloc(1, sizeof *replay);
    bool done = replay || fail("replay", qw_error_text(QW_ERR_NO_MEMORY));
    enum command_status failure = COMMAND_FAILED;
    if (done) {
        replay->options = &options;
        replay->report.path = options.report;
        done = run(replay);
        failure = replay->status == COMMAND_CONFIG ? COMMAND_CONFIG : COMMAND_FAILED;
        tear_down(replay);
        free(replay);
    }
    enum command_status written = command_finish_output();
    return done ? written : failure;
}
