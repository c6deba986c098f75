/* A capture through the engine, on the capture's own clock. */
#include "options.h"
#include "replay_flows.h"
#include "replay_show.h"
#include <quicward/io.h>
#include <quicward/packet.h>

#define TICK_BUDGET 256

/* A replay must say the same every time: its key is fixed, and one shard numbers flows as they begin. */
static const struct qw_hash_key REPLAY_KEY = {0x7175696377617264, 0x7265706c6179};
#define REPLAY_SHARDS 1

struct replay {
    const struct options *options;
    struct engine *engine;
    struct engine_worker *worker;
    struct io_capture *capture;
    struct replay_flows flows;
    struct engine_stats stats;
    struct qw_time now; /* of the last packet */
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

static bool start_engine(struct replay *replay, const struct config *config)
{
    const struct engine_options engine = {.config = config,
                                          .errors = stderr,
                                          .shards = REPLAY_SHARDS,
                                          .secret = REPLAY_KEY,
                                          .ended = replay_flows_ended,
                                          .context = &replay->flows};
    enum qw_error result = engine_new(&engine, &replay->engine);
    if (result == QW_OK && !(replay->worker = engine_worker_new(replay->engine)))
        result = QW_ERR_NO_MEMORY;
    return result == QW_OK || fail("engine", qw_error_text(result));
}

/* Without a file: what the built-in configuration sees, in monitor mode. */
static bool make_engine(struct replay *replay)
{
    struct config defaults;
    config_defaults(&defaults);
    defaults.mode = CONFIG_MONITOR;
    if (!replay->options->config)
        return start_engine(replay, &defaults);
    struct config *config = options_config(replay->options);
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
}

/* All packets. False, after saying so, when the file is damaged; what came before counts. */
static bool walk(struct replay *replay)
{
    struct io_frame frame;
    struct io_error error = {0};
    enum qw_error result;
    while ((result = io_capture_next(replay->capture, &frame, &error)) == QW_OK) {
        const struct engine_packet packet = {.data = frame.data,
                                             .captured = frame.captured,
                                             .wire_len = frame.wire_len,
                                             .from = origin(replay->options, &frame)};
        struct engine_verdict verdict;
        replay->now = frame.time;
        sweep(replay, frame.time);
        engine_handle(replay->worker, &packet, frame.time, &verdict);
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
    return !replay->flows.failed || fail("flows", qw_error_text(QW_ERR_NO_MEMORY));
}

static bool show(const struct replay *replay)
{
    if (replay->options->json)
        return replay_show_json(&replay->flows, &replay->stats, replay->engine);
    return replay_show_text(&replay->flows, &replay->stats, replay->engine,
                            io_capture_skipped(replay->capture));
}

enum command_status command_replay(const struct command *self, int argc, char **argv)
{
    struct options options;
    enum options_result result = options_read(self, argc, argv, "CAPTURE", &options);
    if (result != OPTIONS_OK)
        return options_status(result);
    struct replay replay = {.options = &options};
    bool done = open_capture(&replay) && make_engine(&replay);
    if (done) {
        bool whole = walk(&replay);
        done =
            collect(&replay) && (show(&replay) || fail("output", qw_error_text(QW_ERR_NO_MEMORY))) && whole;
    }
    tear_down(&replay);
    enum command_status written = command_finish_output();
    return done ? written : COMMAND_FAILED;
}
