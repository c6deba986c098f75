/* Random histories of connection attempts on one 5-tuple against a naive model: a list of attempts, one
 * verdict each. QUICWARD_HISTORIES=1000000 runs as many of each kind; QUICWARD_SEED another seed. */
#include "attempts.h"
#include "random.h"
#include "suite.h"
#include <quicward/quic.h>
#include <stdlib.h>
#include <string.h>

#define HISTORIES 1000 /* of each kind, when nothing else is said */
#define EVENTS 24
#define KNOWN 4 /* attempts that are followed at once: within them the model is exact */
#define ATTEMPTS 12
#define HELD_MAX 8

enum verdict { NONE, ADMITTED, REFUSED };

struct attempt {
    struct client client;
    bool good;
    unsigned pieces; /* that its ClientHello comes in */
    unsigned got;    /* of them, as bits */
    bool opened;
    enum verdict verdict;
    unsigned held;
    uint64_t tokens[HELD_MAX];
    uint64_t since, last, gap, deadline;
};

struct history {
    struct router *r;
    uint64_t random;
    bool drops, passes;   /* the default drops; a limit passes what waited */
    unsigned count, most; /* attempts; and as many as there may be */
    struct attempt attempts[ATTEMPTS];
    bool admitted, confirmed;
    char expected[256]; /* what the event releases, as released() tells */
    bool failed;
};

static uint32_t pick(struct history *h, uint32_t below)
{
    return (uint32_t)(test_random(&h->random) % below);
}

static void check(struct history *h, bool right, const char *what)
{
    CU_ASSERT_TRUE(right);
    if (!right && !h->failed)
        printf("\n    %s: expected releases \"%s\", got \"%s\"\n", what, h->expected, released(h->r));
    h->failed |= !right;
}

/* ---- the model ---- */

static void expect_release(struct history *h, struct attempt *a, bool accepted)
{
    size_t at = strlen(h->expected);
    for (unsigned i = 0; i < a->held; i++)
        at += (size_t)snprintf(h->expected + at, sizeof h->expected - at, "%c%u", accepted ? 'a' : 'd',
                               (unsigned)a->tokens[i]);
    a->held = 0;
}

static enum engine_action act(bool accepted)
{
    return accepted ? ENGINE_ACCEPT : ENGINE_DROP;
}

static enum engine_action limit(struct history *h, struct attempt *a)
{
    h->admitted |= h->passes;
    expect_release(h, a, h->passes);
    return act(h->passes);
}

static enum engine_action wait(struct history *h, struct attempt *a)
{
    uint64_t now = h->r->now.ns, base = (h->passes ? 10 : 100) * QW_NS_PER_MS;
    if (a->held == HELD_MAX)
        return limit(h, a);
    if (a->held == 0) {
        a->since = a->last = now;
        a->gap = 0;
    }
    a->gap = now - a->last > a->gap ? now - a->last : a->gap;
    a->last = now;
    a->deadline = now + (4 * a->gap > base ? 4 * a->gap : base);
    if (a->deadline > a->since + 200 * QW_NS_PER_MS)
        a->deadline = a->since + 200 * QW_NS_PER_MS;
    a->tokens[a->held++] = h->r->token + 1;
    return ENGINE_HOLD;
}

static enum engine_action decide(struct history *h, struct attempt *a)
{
    a->verdict = a->good ? ADMITTED : REFUSED;
    h->admitted |= a->good;
    expect_release(h, a, a->good);
    return act(a->good);
}

/* `bits` of its pieces come; 0: 0-RTT. */
static enum engine_action model_client(struct history *h, struct attempt *a, unsigned bits)
{
    if (a->verdict != NONE)
        return act(a->verdict == ADMITTED);
    a->got |= bits;
    a->opened |= bits != 0;
    if (a->got == (1u << a->pieces) - 1)
        return decide(h, a);
    if (!a->opened && h->confirmed)
        return ENGINE_ACCEPT;
    return wait(h, a);
}

/* One confirmed connection is forgotten with its handshake, unless others need that. */
static void model_confirmed(struct history *h)
{
    bool needed = false;
    h->confirmed = true;
    for (unsigned i = 0; i < h->count; i++)
        needed |= h->attempts[i].verdict == REFUSED || h->attempts[i].held > 0 ||
                  (h->attempts[i].verdict == NONE && h->attempts[i].got != 0);
    for (unsigned i = 0; i < h->count && !needed; i++) {
        h->attempts[i].verdict = NONE;
        h->attempts[i].got = 0;
        h->attempts[i].opened = false;
    }
}

static bool is_before(const struct attempt *a, const struct attempt *b)
{
    return a->deadline != b->deadline ? a->deadline < b->deadline : a->tokens[0] < b->tokens[0];
}

static struct attempt *first_due(struct history *h, uint64_t now)
{
    struct attempt *due = NULL;
    for (unsigned i = 0; i < h->count; i++) {
        struct attempt *a = &h->attempts[i];
        if (a->held > 0 && a->deadline <= now && (!due || is_before(a, due)))
            due = a;
    }
    return due;
}

/* ---- events ---- */

static struct attempt *some_attempt(struct history *h)
{
    if (h->count == 0 || (h->count < h->most && pick(h, 5) == 0)) {
        struct attempt *a = &h->attempts[h->count];
        *a = (struct attempt){.good = pick(h, 2), .pieces = 1 + pick(h, 3)};
        a->client = client_of(a->good ? "ok.test" : "www.blocked.test", (uint8_t)(1 + h->count), 2400);
        h->count++;
    }
    return &h->attempts[pick(h, h->count)];
}

static enum engine_action send_pieces(struct history *h, struct attempt *a, unsigned first, unsigned count)
{
    size_t len = a->client.hello_len;
    return client_sends(h->r, &a->client, first * len / a->pieces, (first + count) * len / a->pieces);
}

static void client_event(struct history *h)
{
    struct attempt *a = some_attempt(h);
    if (pick(h, 6) == 0) {
        enum engine_action wanted = model_client(h, a, 0);
        check(h, client_sends_zero_rtt(h->r, &a->client) == wanted, "0-RTT");
        return;
    }
    unsigned first = pick(h, a->pieces), count = 1 + pick(h, a->pieces - first);
    enum engine_action wanted = model_client(h, a, ((1u << count) - 1) << first);
    check(h, send_pieces(h, a, first, count) == wanted, "Initial");
}

/* What begins without a handshake: nothing decides an attempt. */
static void other_event(struct history *h)
{
    bool wanted = h->admitted || !h->drops;
    check(h, out(h->r, LAN, WAN, "x", 1) == wanted, "other");
    h->admitted |= wanted;
}

static void server_event(struct history *h)
{
    check(h, in(h->r, WAN, LAN, "x", 1) == h->admitted, "server");
}

static void connect_event(struct history *h)
{
    for (unsigned i = 0; i < h->count && !h->confirmed; i++) {
        struct attempt *a = &h->attempts[i];
        if (a->verdict != ADMITTED)
            continue;
        check(h, server_answers(h->r, &a->client), "answer");
        check(h, client_sends_handshake(h->r, &a->client), "Handshake");
        check(h, out(h->r, LAN, WAN, "\x40shortshortshortshort", 21), "short header");
        check(h, only_flow(h->r).state == FLOW_CONFIRMED, "state");
        model_confirmed(h);
    }
}

static void time_event(struct history *h)
{
    static const unsigned MS[] = {1, 3, 9, 15, 40, 300, 1500, 2900};
    unsigned ms = MS[pick(h, sizeof MS / sizeof MS[0])];
    for (struct attempt *a; (a = first_due(h, h->r->now.ns + ms * QW_NS_PER_MS));)
        limit(h, a);
    later(h->r, ms);
}

static void event(struct history *h)
{
    static void (*const EVENT[])(struct history *
                                 h) = {client_event, client_event, client_event, client_event, other_event,
                                       server_event, time_event,   time_event,   time_event,   connect_event};
    h->expected[0] = '\0';
    unsigned which = pick(h, sizeof EVENT / sizeof EVENT[0]);
    EVENT[which](h);
    if (EVENT[which] != connect_event)
        check(h, strcmp(released(h->r), h->expected) == 0, "release");
}

/* ---- more attempts than are followed ---- */

/* Whatever was forgotten: a whole ClientHello is judged by its name, and behind a default that drops nothing
 * of a refused name passes. */
static void flood_event(struct history *h)
{
    struct attempt *a = some_attempt(h);
    bool whole = pick(h, 2), late = pick(h, 3) == 0;
    unsigned first = whole ? 0 : pick(h, a->pieces);
    enum engine_action action = send_pieces(h, a, first, whole ? a->pieces : 1);
    if (whole || a->pieces == 1)
        check(h, action == act(a->good), "whole");
    else if (!a->good && !h->passes)
        check(h, action != ENGINE_ACCEPT, "piece");
    if (late)
        later(h->r, pick(h, 400));
    if (pick(h, 8) == 0)
        out(h->r, LAN, WAN, "x", 1);
}

/* ---- runs ---- */

static unsigned long number(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);
    return text ? strtoul(text, NULL, 10) : otherwise;
}

/* Everything of the last history has expired before the next one begins. */
static void run(const char *rules, bool drops, bool passes, void (*next)(struct history *h), unsigned events)
{
    struct router r = router_with(rules);
    struct history *h = calloc(1, sizeof *h);
    unsigned long histories = number("QUICWARD_HISTORIES", HISTORIES), seed = number("QUICWARD_SEED", 1);
    bool failed = false;
    for (unsigned long i = 0; i < histories && !failed; i++) {
        *h = (struct history){.r = &r,
                              .random = (seed << 32) + i * 0x9e3779b97f4a7c15u,
                              .drops = drops,
                              .passes = passes,
                              .most = next == event ? KNOWN : ATTEMPTS};
        for (unsigned n = 0; n < events && !h->failed; n++)
            next(h);
        failed = h->failed;
        if (failed)
            printf("    history %lu of seed %lu, with %s\n", i, seed, rules);
        for (int n = 0; n < 2; n++)
            later(&r, 400000);
    }
    free(h);
    router_stop(&r);
}

#define BLOCK "rules = ({ name = \"bad\"; sni = \".blocked.test\"; action = \"drop\"; });"
#define ALLOW "default_out = \"drop\"; rules = ({ name = \"ok\"; sni = \"ok.test\"; action = \"accept\"; });"
#define WITH(word) "hold = { exhausted = \"" word "\"; };"

static void block_lists(void)
{
    run(BLOCK, false, true, event, EVENTS);
    run(WITH("drop") BLOCK, false, false, event, EVENTS);
}

static void allow_lists(void)
{
    run(ALLOW, true, false, event, EVENTS);
    run(WITH("accept") ALLOW, true, true, event, EVENTS);
}

static void floods(void)
{
    run(BLOCK, false, true, flood_event, 2 * EVENTS);
    run(ALLOW, true, false, flood_event, 2 * EVENTS);
}

void suite_histories(void)
{
    static const struct test TESTS[] = {
        {"F1 F5: random histories fare as a list of attempts with one verdict each says, block lists",
         block_lists},
        {"F1 F5: random histories, allow lists", allow_lists},
        {"F1 C5: more attempts than are followed are judged by their names all the same", floods},
    };
    TEST_SUITE("histories", TESTS);
}
