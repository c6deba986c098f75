/* Messages byte by byte, and what becomes of records when the collector is there, is not, or does not read.
 */
#include "ipfix_message.h"
#include "suite.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <quicward/ipfix.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct engine_event event_of(enum engine_event_kind kind)
{
    return (struct engine_event){.kind = kind,
                                 .family = QW_IPV4,
                                 .inside = {qw_addr_v4((const uint8_t[]){10, 0, 0, 2}), 5000},
                                 .external = {qw_addr_v4((const uint8_t[]){198, 51, 100, 7}), 40000}};
}

/* RFC 7011 3.1, 3.3.2, 3.4.1: header, set, record. */
static void binding(void)
{
    static const uint8_t WANTED[] = {0,  10, 0, 42,   0x65, 0x53, 0xf1, 0, 0,    0,    0,    7,
                                     0,  0,  0, 9,                                   /* header */
                                     1,  0,  0, 26,                                  /* set 256 */
                                     0,  0,  1, 0x8b, 0xcf, 0xe5, 0x68, 1, 8,    17, /* time, made, UDP */
                                     10, 0,  0, 2,    198,  51,   100,  7, 0x13, 0x88, 0x9c, 0x40};
    struct ipfix_message message;
    struct engine_event event = event_of(ENGINE_EVENT_MAPPING_CREATED);
    message_begin(&message, false);
    CU_ASSERT_TRUE(message_add(&message, &event, 0x18bcfe56801, 0));
    message_finish(&message, 7, 9, 1700000000);
    CU_ASSERT_EQUAL_FATAL(message.len, sizeof WANTED);
    CU_ASSERT_EQUAL(memcmp(message.bytes, WANTED, sizeof WANTED), 0);
    CU_ASSERT_EQUAL(message.records, 1);
}

static unsigned word(const uint8_t *at)
{
    return at[0] * 256u + at[1];
}

/* Each template that a data set names was sent, and has the length of its records. */
static unsigned template_length(const struct ipfix_message *message, unsigned id)
{
    size_t end = 16 + word(message->bytes + 18), at = 20;
    CU_ASSERT_EQUAL(word(message->bytes + 16), 2);
    while (at < end) {
        unsigned found = word(message->bytes + at), fields = word(message->bytes + at + 2), len = 0;
        for (unsigned i = 0; i < fields; i++)
            len += word(message->bytes + at + 4 + 4 * i + 2);
        if (found == id)
            return len;
        at += 4 + 4 * fields;
    }
    return 0;
}

static void templates(void)
{
    static const enum engine_event_kind KINDS[] = {ENGINE_EVENT_MAPPING_REMOVED, ENGINE_EVENT_HOST_LIMIT,
                                                   ENGINE_EVENT_NO_ADDRESS, ENGINE_EVENT_BLOCK_ASSIGNED};
    for (unsigned i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
        struct ipfix_message message;
        struct engine_event event = event_of(KINDS[i]);
        message_begin(&message, true);
        size_t data = message.len;
        CU_ASSERT_TRUE(message_tells(&event) && message_add(&message, &event, 1, 2048));
        CU_ASSERT_TRUE(message_add(&message, &event, 1, 2048));
        message_finish(&message, 0, 1, 1);
        CU_ASSERT_EQUAL(word(message.bytes + data + 2), message.len - data);
        CU_ASSERT_EQUAL(template_length(&message, word(message.bytes + data)), (message.len - data - 4) / 2);
    }
    struct engine_event other = event_of(ENGINE_EVENT_FLOW_CONFIRMED);
    CU_ASSERT_FALSE(message_tells(&other));
}

static void full(void)
{
    struct ipfix_message message;
    struct engine_event event = event_of(ENGINE_EVENT_MAPPING_CREATED);
    unsigned count = 0;
    message_begin(&message, true);
    while (message_add(&message, &event, 1, 0))
        count++;
    size_t len = message.len;
    CU_ASSERT(count > 30 && len <= MESSAGE_MAX);
    CU_ASSERT_FALSE(message_add(&message, &event, 1, 0));
    CU_ASSERT_EQUAL(message.len, len);
    message_finish(&message, 0, 1, 1);
    CU_ASSERT_EQUAL(word(message.bytes + 2), len);
}

/* ---- the thread ---- */

struct world {
    struct engine *engine;
    struct ipfix *ipfix;
    struct config config;
    int collector; /* a socket on the loopback address */
};

static int collector_socket(int type, uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&address, len), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static struct world start(int type, const char *word_of)
{
    struct world world;
    struct io_error error = {0};
    uint16_t port;
    config_defaults(&world.config);
    world.config.mode = CONFIG_NAT;
    world.config.external_count = 1;
    world.config.external[0] = qw_addr_v4((const uint8_t[]){198, 51, 100, 7});
    world.config.flows_max = 64;
    world.config.handshakes_max = 16;
    world.collector = collector_socket(type, &port);
    if (type == SOCK_STREAM)
        listen(world.collector, 4);
    snprintf(world.config.ipfix, sizeof world.config.ipfix, "%s:127.0.0.1:%u", word_of, (unsigned)port);
    const struct engine_options options = {.config = &world.config, .shards = 1, .secret = {1, 2}};
    CU_ASSERT_EQUAL_FATAL(engine_new(&options, &world.engine), QW_OK);
    CU_ASSERT_EQUAL_FATAL(ipfix_open(&world.config, &world.ipfix, &error), QW_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world.ipfix);
    return world;
}

static void begin(struct world *world)
{
    struct io_error error = {0};
    CU_ASSERT_EQUAL_FATAL(ipfix_start(world->ipfix, world->engine, &error), QW_OK);
}

static void stop(struct world *world)
{
    ipfix_stop(world->ipfix);
    engine_free(world->engine);
    close(world->collector);
}

static void tell(struct world *world, unsigned count)
{
    struct engine_event event = event_of(ENGINE_EVENT_MAPPING_CREATED);
    event.time = io_now();
    for (unsigned i = 0; i < count; i++)
        engine_tell(world->engine, &event);
}

/* Reads messages until so many records of mappings have come; waits a minute at most. */
static unsigned hear(int fd, unsigned wanted)
{
    uint8_t bytes[65536];
    size_t have = 0;
    unsigned records = 0;
    struct pollfd waits = {.fd = fd, .events = POLLIN};
    while (records < wanted && poll(&waits, 1, 60000) == 1) {
        ssize_t got = recv(fd, bytes + have, sizeof bytes - have, 0);
        if (got <= 0)
            break;
        have += (size_t)got;
        while (have >= 16 && have >= word(bytes + 2)) {
            size_t len = word(bytes + 2);
            for (size_t at = 16; at < len; at += word(bytes + at + 2))
                records += word(bytes + at) == 256 ? (word(bytes + at + 2) - 4u) / 22 : 0;
            memmove(bytes, bytes + len, have - len);
            have -= len;
        }
    }
    return records;
}

static struct ipfix_stats stats_of(struct world *world)
{
    struct ipfix_stats stats;
    ipfix_stats(world->ipfix, &stats);
    return stats;
}

static void over_udp(void)
{
    struct world world = start(SOCK_DGRAM, "udp");
    tell(&world, 100);
    begin(&world);
    CU_ASSERT_EQUAL(hear(world.collector, 100), 100);
    stop(&world);
}

static void over_tcp(void)
{
    struct world world = start(SOCK_STREAM, "tcp");
    tell(&world, 100);
    begin(&world);
    int fd = accept(world.collector, NULL, NULL);
    CU_ASSERT_EQUAL(hear(fd, 100), 100);
    close(fd); /* a collector that comes back gets templates again, and what happens then */
    fd = accept(world.collector, NULL, NULL);
    tell(&world, 10);
    CU_ASSERT_EQUAL(hear(fd, 10), 10);
    stop(&world);
    close(fd);
}

/* Nobody accepts: the ring of events runs over, that is counted, and the end comes soon. */
static void nobody_reads(void)
{
    struct world world = start(SOCK_STREAM, "tcp");
    close(world.collector);
    tell(&world, 5000); /* the ring keeps 4,096 */
    begin(&world);
    while (stats_of(&world).lost == 0)
        poll(NULL, 0, 1);
    CU_ASSERT_EQUAL(stats_of(&world).lost, 5000 - 4096);
    CU_ASSERT_EQUAL(stats_of(&world).records, 0);
    CU_ASSERT_FALSE(stats_of(&world).connected);
    struct qw_time before = io_now();
    ipfix_stop(world.ipfix);
    CU_ASSERT(qw_time_since(io_now(), before) < 20 * QW_NS_PER_SECOND);
    engine_free(world.engine);
}

/* A collector that takes connections and reads nothing: what does not fit waits, in bounds. */
static void slow_reader(void)
{
    struct world world = start(SOCK_STREAM, "tcp");
    begin(&world);
    int fd = accept(world.collector, NULL, NULL);
    for (unsigned i = 0; i < 400 && stats_of(&world).lost == 0; i++) {
        tell(&world, 4000);
        poll(NULL, 0, 10);
    }
    CU_ASSERT(stats_of(&world).lost > 0);
    struct ipfix_stats stats = stats_of(&world);
    CU_ASSERT(stats.records < 1000000);
    stop(&world);
    close(fd);
}

static void not_asked_for(void)
{
    struct config config;
    struct ipfix *ipfix;
    struct io_error error = {0};
    struct ipfix_stats stats;
    config_defaults(&config);
    config.mode = CONFIG_NAT;
    CU_ASSERT_EQUAL(ipfix_open(&config, &ipfix, &error), QW_OK);
    CU_ASSERT_PTR_NULL(ipfix);
    ipfix_stats(ipfix, &stats);
    CU_ASSERT_FALSE(stats.on);
    ipfix_stop(ipfix);
    snprintf(config.ipfix, sizeof config.ipfix, "tls:127.0.0.1:4740");
    snprintf(config.ipfix_ca, sizeof config.ipfix_ca, "/nowhere/ca.pem");
    CU_ASSERT_EQUAL(ipfix_open(&config, &ipfix, &error), QW_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "nat.ipfix_ca: /nowhere/ca.pem: "));
}

int main(void)
{
    static const struct test TESTS[] = {
        {"N14: the record of a mapping, byte by byte", binding},
        {"N14: templates have the length of their records", templates},
        {"N14: a message is full before it is too long", full},
        {"N14: nothing is opened that is not asked for; a file of TLS that is missing is named",
         not_asked_for},
        {"N14: records by UDP", over_udp},
        {"N14: records by TCP, also to a collector that comes back", over_tcp},
        {"N14: without a collector what is lost is counted, and the end comes soon", nobody_reads},
        {"N14: a collector that does not read costs bounded memory, and losses are counted", slow_reader},
    };
    TEST_SUITE("ipfix", TESTS);
    return test_main();
}
