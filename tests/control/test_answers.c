/* Answers about mappings and events, from an engine that is played. */
#include "session.h"
#include "suite.h"
#include "test_control.h"
#include "world.h"
#include <stdlib.h>
#include <string.h>

/* The events that are kept, [oldest, newest], and how many mappings there are. */
static struct {
    uint64_t oldest, newest, mappings, burst;
} played;

/* Every look at the events sees `burst` more of them, as many old ones forgotten. */
static size_t events(struct engine *engine, uint64_t *after, struct engine_event *out, size_t max)
{
    size_t count = 0;
    (void)engine;
    uint64_t next = *after + 1 > played.oldest ? *after + 1 : played.oldest;
    for (; count < max && next <= played.newest; count++, next++)
        out[count] = (struct engine_event){.number = next, .kind = ENGINE_EVENT_NO_ADDRESS, .count = next};
    *after = count ? next - 1 : *after;
    played.oldest += played.burst;
    played.newest += played.burst;
    return count;
}

static size_t mappings(struct engine *engine, uint64_t *cursor, struct nat_mapping *out, size_t max)
{
    size_t count = 0;
    (void)engine;
    for (; count < max && *cursor < played.mappings; count++, ++*cursor)
        out[count] = (struct nat_mapping){.sessions = (uint32_t)*cursor + 1};
    return count;
}

static const struct session_source SOURCE = {
    .nat = true, .mappings = mappings, .events = events, .epoch_ns = -1};

/* The whole answer to `request`, which the caller frees. */
static char *answer_bytes(const char *request, size_t request_len)
{
    struct session session = {.fd = -1, .request_len = request_len};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    memcpy(session.request, request, request_len);
    session_write *piece = answer_request;
    for (unsigned i = 0; piece && i < 1000; i++) {
        session.next = NULL;
        CU_ASSERT_TRUE(piece(&session, &SOURCE, (struct qw_time){0}, out));
        piece = session.next;
    }
    CU_ASSERT_PTR_NULL(piece);
    fclose(out);
    return text;
}

static char *answer(const char *request)
{
    return answer_bytes(request, strlen(request));
}

static unsigned lines_of(const char *text)
{
    unsigned lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void play(uint64_t oldest, uint64_t newest, uint64_t burst)
{
    played.oldest = oldest;
    played.newest = newest;
    played.burst = burst;
}

#define EVENT(n)                                                                                             \
    "{\"number\":" n ",\"time\":\"1970-01-01T00:00:00.000Z\",\"event\":\"no-address\",\"count\":" n "}\n"
#define OK "{\"ok\":true}\n"

static void expect(const char *request, const char *expected)
{
    char *text = answer(request);
    CU_ASSERT_STRING_EQUAL(text, expected);
    free(text);
}

static void all_mappings(void)
{
    played.mappings = 0;
    expect("mappings", OK);
    played.mappings = 200;
    char *text = answer("mappings");
    CU_ASSERT_EQUAL(lines_of(text), 201);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"sessions\":200,\"forward\":false,\"age_ms\":0}\n" OK));
    free(text);
}

static void kept_events(void)
{
    play(1, 0, 0);
    expect("events", OK);
    expect("events 0", OK);
    play(500, 502, 0);
    expect("events", EVENT("500") EVENT("501") EVENT("502") OK);
    play(1, 200, 0);
    char *text = answer("events");
    CU_ASSERT_EQUAL(lines_of(text), 201);
    CU_ASSERT_PTR_NULL(strstr(text, "missed"));
    free(text);
}

static void events_after(void)
{
    play(500, 502, 0);
    expect("events 502", OK);
    expect("events 501", EVENT("502") OK);
    expect("events 499", EVENT("500") EVENT("501") EVENT("502") OK);
    expect("events 497", "{\"missed\":2}\n" EVENT("500") EVENT("501") EVENT("502") OK);
    expect("events 0", "{\"missed\":499}\n" EVENT("500") EVENT("501") EVENT("502") OK);
}

static void another_daemon(void)
{
    play(1, 2, 0);
    expect("events 3", EVENT("1") EVENT("2") OK);
    expect("events 999999999999999999", EVENT("1") EVENT("2") OK);
    play(1, 0, 0);
    expect("events 1", OK);
}

static void overtaken(void)
{
    play(1, 64, 100);
    char *text = answer("events");
    CU_ASSERT_PTR_NOT_NULL(strstr(text, EVENT("64") "{\"missed\":36}\n" EVENT("101")));
    CU_ASSERT_EQUAL(lines_of(text), CONTROL_EVENTS_MAX + CONTROL_EVENTS_MAX / 64);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, EVENT("6364") OK));
    free(text);
}

static void not_quite_requests(void)
{
    static const char *const REQUESTS[] = {"events7", "eventsx1", "events +1", "events 1 ", "mappings 1",
                                           "mapping", "event",    "events ",   "Events"};
    play(1, 2, 0);
    for (size_t i = 0; i < sizeof(REQUESTS) / sizeof(REQUESTS[0]); i++) {
        char *text = answer(REQUESTS[i]);
        CU_ASSERT_EQUAL(strncmp(text, "{\"error\":\"unknown request '", 27), 0);
        free(text);
    }
    char *cut = answer_bytes("events\0x", 8);
    CU_ASSERT_EQUAL(strncmp(cut, "{\"error\":\"unknown request '", 27), 0);
    free(cut);
}

static const struct test TESTS[] = {
    {"O5, N11: all mappings in pieces", all_mappings},
    {"N14: all events that are kept, however late they begin", kept_events},
    {"N14: events after a number, and how many were missed", events_after},
    {"N14: a number of the daemon before this one begins anew", another_daemon},
    {"S3: what only looks like a request", not_quite_requests},
    {"S3: an answer ends though events never do; what overtook it is counted", overtaken},
};

void suite_answers(void)
{
    TEST_SUITE("control answers", TESTS);
}
