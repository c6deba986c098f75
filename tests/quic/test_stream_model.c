/* W4: the CRYPTO stream against a stream that is one flag a byte. */
#include "stream_message.h"

#define MODEL_STREAMS 4
#define MODEL_POOL 20
#define MODEL_ADDS 100000

struct model {
    uint8_t data[STREAM_MAX], there[STREAM_MAX + 1]; /* the last flag is never set */
    bool chunk[QUIC_STREAM_CHUNKS];
};

/* The end of the run of equal flags that starts at `at`. */
static size_t run_end(const struct model *model, size_t at)
{
    const uint8_t *next = memchr(model->there + at, !model->there[at], STREAM_MAX - at);
    return next ? (size_t)(next - model->there) : STREAM_MAX;
}

static unsigned model_islands(const struct model *model)
{
    unsigned count = 0;
    for (size_t at = 0; at < STREAM_MAX; at = run_end(model, at))
        count += model->there[at];
    return count;
}

static size_t model_ready(const struct model *model)
{
    return model->there[0] ? run_end(model, 0) : 0;
}

/* Adds to a copy; keeps the copy only when it stays within the bounds. */
static enum qw_error model_add(struct model *model, unsigned *unused, size_t offset, const uint8_t *data,
                               size_t len)
{
    static struct model next;
    unsigned taken = 0;
    if (offset + len > STREAM_MAX)
        return QW_ERR_FULL;
    next = *model;
    for (size_t i = 0; i < len; i++)
        if (model->there[offset + i] && model->data[offset + i] != data[i])
            return QW_ERR_MALFORMED;
    for (size_t i = 0; i < len; i++) {
        next.data[offset + i] = data[i];
        next.there[offset + i] = 1;
        bool *chunk = &next.chunk[(offset + i) / QUIC_CHUNK];
        taken += !*chunk;
        *chunk = true;
    }
    if (model_islands(&next) > QUIC_STREAM_RANGES || taken > *unused)
        return QW_ERR_FULL;
    *model = next;
    *unused -= taken;
    return QW_OK;
}

static void model_release(struct model *model, unsigned *unused)
{
    for (unsigned i = 0; i < QUIC_STREAM_CHUNKS; i++)
        *unused += model->chunk[i];
    memset(model, 0, sizeof *model);
}

static bool agree(const struct quic_stream *of, const struct model *model)
{
    for (unsigned i = 0; i < of->ranges; i++)
        if (!model->there[of->range[i].start] || run_end(model, of->range[i].start) != of->range[i].end)
            return false;
    return of->ranges == model_islands(model) && holds(of, model->data, model_ready(model));
}

/* Mostly small pieces near the start, so that there are islands; some large, some past the end. */
static size_t random_len(void)
{
    static const size_t MAX[] = {1, 8, 8, 40, 200, 3000};
    return random_below(1 + MAX[random_below(COUNT(MAX))]);
}

/* What a client says at one place is mostly the same each time. */
static const uint8_t *random_data(size_t offset, size_t len)
{
    static uint8_t data[4096];
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)((offset + i) * 7);
    if (len > 0 && random_below(4) == 0)
        data[random_below(len)] ^= 1;
    return data;
}

static void model_comparison(void)
{
    static struct model models[MODEL_STREAMS];
    static struct quic_stream streams[MODEL_STREAMS];
    unsigned unused = MODEL_POOL, full = 0, contradictions = 0, wrong = 0;
    random_restart();
    begin(MODEL_POOL);
    for (unsigned i = 0; i < MODEL_ADDS; i++) {
        size_t n = random_below(MODEL_STREAMS), len = random_len();
        size_t offset = random_below(random_below(3) ? 2500 : STREAM_MAX + 100);
        const uint8_t *data = random_data(offset, len);
        enum qw_error expected = len ? model_add(&models[n], &unused, offset, data, len) : QW_OK;
        if (len || offset <= STREAM_MAX)
            wrong += add(&streams[n], offset, data, len) != expected;
        full += expected == QW_ERR_FULL;
        contradictions += expected == QW_ERR_MALFORMED;
        wrong += !agree(&streams[n], &models[n]) || quic_chunks_used(pool) != MODEL_POOL - unused;
        if (random_below(100) == 0) {
            quic_stream_release(&streams[n], pool);
            model_release(&models[n], &unused);
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_TRUE(full > MODEL_ADDS / 20 && full < MODEL_ADDS / 2);
    CU_ASSERT_TRUE(contradictions > MODEL_ADDS / 20 && contradictions < MODEL_ADDS / 2);
    for (size_t n = 0; n < MODEL_STREAMS; n++)
        quic_stream_release(&streams[n], pool);
    end();
}

static const struct test TESTS[] = {
    {"W4, S3: 100,000 random adds against a naive model", model_comparison},
};

void stream_model_suite(void)
{
    TEST_SUITE("quic: CRYPTO stream model", TESTS);
}
