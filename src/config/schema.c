#include "schema.h"
#include <inttypes.h>
#include <string.h>

#define FIELD(member) .offset = offsetof(struct config, member), .size = sizeof(((struct config *)0)->member)
#define COUNT(low, high, value) .type = KEY_NUMBER, .min = (low), .max = (high), .number = (value)
#define TIMER(value) COUNT(CONFIG_TIMER_MIN_S, 86400, value), .unit = "seconds", .why_min = "RFC 4787 REQ-5"
#define WORD(table, value) .type = KEY_WORD, .words = (table), .number = (value)

static const struct word MODES[] = {{"firewall", CONFIG_FIREWALL, false},
                                    {"monitor", CONFIG_MONITOR, false},
                                    {"nat", 0, true},
                                    {NULL, 0, false}};
static const struct word WHEN_DOWN[] = {
    {"drop", CONFIG_DOWN_DROP, false}, {"pass", CONFIG_DOWN_PASS, false}, {NULL, 0, false}};
static const struct word BACKENDS[] = {{"auto", CONFIG_RULES_AUTO, false},
                                       {"nft", CONFIG_RULES_NFT, false},
                                       {"iptables", CONFIG_RULES_IPTABLES, false},
                                       {NULL, 0, false}};
static const struct word LEVELS[] = {{"error", QW_LOG_ERROR, false},
                                     {"warning", QW_LOG_WARNING, false},
                                     {"info", QW_LOG_INFO, false},
                                     {"debug", QW_LOG_DEBUG, false},
                                     {NULL, 0, false}};
static const struct word QUIC[] = {{"inspect", CONFIG_QUIC_INSPECT, false},
                                   {"bypass", CONFIG_QUIC_BYPASS, false},
                                   {"block", CONFIG_QUIC_BLOCK, false},
                                   {NULL, 0, false}};
const struct word SCHEMA_ACTIONS[] = {{"accept", CONFIG_ACCEPT, false},
                                      {"drop", CONFIG_DROP, false},
                                      {"reject", CONFIG_REJECT, false},
                                      {NULL, 0, false}};
const struct word SCHEMA_DIRECTIONS[] = {
    {"out", CONFIG_OUT, false}, {"in", CONFIG_IN, false}, {NULL, 0, false}};

/* Keys of one group stand together: the canonical print opens each group once. */
const struct key SCHEMA[] = {
    {"mode", FIELD(mode), WORD(MODES, 0), .required = true, .fixed = true, .meaning = "what to do with UDP"},
    {"inside", FIELD(inside), .type = KEY_INTERFACES, .required = true, .fixed = true,
     .meaning = "the interfaces towards the protected network"},
    {"outside", FIELD(outside), .type = KEY_INTERFACES, .required = true, .fixed = true,
     .meaning = "the interfaces towards the internet"},

    {"queue.first", FIELD(queue_first), COUNT(0, UINT16_MAX, 7400), .fixed = true,
     .meaning = "the number of the first netfilter queue"},
    {"queue.workers", FIELD(workers), COUNT(1, CONFIG_WORKERS_MAX, 1), .fixed = true,
     .meaning = "queues, each with a thread"},
    /* The kernel holds whole packets: a million of 1500 bytes is already 2 GB. */
    {"queue.length", FIELD(queue_length), COUNT(1, 1 << 20, 8192), .fixed = true,
     .meaning = "packets that the kernel keeps waiting per queue"},
    /* Above: NFQNL_MAX_COPY_RANGE, 65535 less a netlink attribute's header. Below: what any IPv4 host must
     * accept (RFC 1122, 3.3.2), so that headers and a quoted packet are always whole. */
    {"queue.copy_range", FIELD(copy_range), COUNT(576, 65531, 2048), .unit = "bytes", .fixed = true,
     .meaning = "bytes of a packet that are read"},
    {"queue.when_down", FIELD(when_down), WORD(WHEN_DOWN, CONFIG_DOWN_DROP), .fixed = true,
     .meaning = "what the kernel does while no daemon listens"},

    {"flows.max", FIELD(flows_max), COUNT(1, 1 << 24, 1 << 18), .fixed = true,
     .meaning = "flows remembered at once"},
    {"flows.handshakes", FIELD(handshakes_max), COUNT(1, 1 << 20, 1 << 14), .fixed = true,
     .meaning = "handshakes followed at once"},

    {"timers.attempt", FIELD(timer_attempt_s), TIMER(120),
     .meaning = "idle time of a flow without an answer"},
    {"timers.two_way", FIELD(timer_two_way_s), TIMER(300), .meaning = "idle time once both sides spoke"},
    {"timers.confirmed", FIELD(timer_confirmed_s), TIMER(300), .meaning = "idle time of confirmed QUIC"},

    {"quic", FIELD(quic), WORD(QUIC, CONFIG_QUIC_INSPECT), .meaning = "what is done with QUIC"},
    {"default_out", FIELD(default_out), WORD(SCHEMA_ACTIONS, CONFIG_ACCEPT),
     .meaning = "what is done with flows from inside that no rule matches"},
    {"default_in", FIELD(default_in), WORD(SCHEMA_ACTIONS, CONFIG_DROP),
     .meaning = "what is done with flows from outside that no rule matches"},
    {"groups", FIELD(groups), .type = KEY_GROUPS, .meaning = "addresses under names"},
    {"sni_lists", FIELD(sni_lists), .type = KEY_SNI_LISTS, .meaning = "files of host names"},
    {"rules", FIELD(rules), .type = KEY_RULES, .meaning = "which flows may begin"},

    /* Above a second a client has sent its ClientHello again and begins to give QUIC up. */
    {"hold.time", FIELD(hold_ms), COUNT(10, 1000, 200), .unit = "milliseconds",
     .meaning = "how long a first datagram waits for the rest of a ClientHello"},
    {"hold.datagrams", FIELD(hold_datagrams), COUNT(1, 8, 8), .meaning = "that wait of one flow"},
    {"hold.total", FIELD(hold_total), COUNT(8, 1 << 16, 256), .fixed = true,
     .meaning = "that wait of all flows of a worker"},

    {"reject.rate", FIELD(reject_rate), COUNT(1, 100000, 100), .fixed = true,
     .meaning = "ICMP messages a second in all"},
    {"reject.per_host", FIELD(reject_per_host), COUNT(1, 10000, 10), .fixed = true,
     .meaning = "ICMP messages a second towards one host"},

    /* Pieces of 1 KiB under 16-bit numbers; one ClientHello takes 16 at most. */
    {"hello.memory", FIELD(hello_memory_kib), COUNT(64, UINT16_MAX, 16384), .fixed = true, .unit = "KiB",
     .meaning = "memory for ClientHellos in several packets"},

    {"manage_rules", FIELD(manage_rules), .type = KEY_SWITCH, .number = true, .fixed = true,
     .meaning = "whether the daemon installs the kernel rules itself"},
    {"rules_backend", FIELD(backend), WORD(BACKENDS, CONFIG_RULES_AUTO), .fixed = true,
     .meaning = "the tool that installs the kernel rules"},
    {"control", FIELD(control), .type = KEY_PATH, .text = "/run/quicward/control.sock", .fixed = true,
     .meaning = "the path of the control socket"},
    {"log", FIELD(log_level), WORD(LEVELS, QW_LOG_INFO), .meaning = "the least important messages written"},
};
const unsigned SCHEMA_COUNT = sizeof(SCHEMA) / sizeof(SCHEMA[0]);

const struct key *schema_find(const char *path)
{
    for (unsigned i = 0; i < SCHEMA_COUNT; i++)
        if (strcmp(SCHEMA[i].path, path) == 0)
            return &SCHEMA[i];
    return NULL;
}

size_t schema_group_length(const struct key *key)
{
    const char *dot = strchr(key->path, '.');
    return dot ? (size_t)(dot - key->path) : 0;
}

static bool in_group(const struct key *key, const char *name)
{
    size_t len = schema_group_length(key);
    return len > 0 && strlen(name) == len && memcmp(key->path, name, len) == 0;
}

bool schema_is_group(const char *name)
{
    for (unsigned i = 0; i < SCHEMA_COUNT; i++)
        if (in_group(&SCHEMA[i], name))
            return true;
    return false;
}

/* Adds `"name"` to the list in `out`; a name that would not fit is left out. */
static void list_add(char out[static SCHEMA_TEXT_SIZE], const char *name, size_t len)
{
    size_t used = strlen(out);
    if (used + len + sizeof(", \"\"") > SCHEMA_TEXT_SIZE)
        return;
    snprintf(out + used, SCHEMA_TEXT_SIZE - used, "%s\"%.*s\"", used ? ", " : "", (int)len, name);
}

char *schema_words(const struct word *words, char out[static SCHEMA_TEXT_SIZE])
{
    out[0] = '\0';
    for (const struct word *word = words; word->text; word++)
        if (!word->unsupported)
            list_add(out, word->text, strlen(word->text));
    return out;
}

const struct word *schema_word_find(const struct word *words, const char *text)
{
    for (const struct word *word = words; word->text; word++)
        if (strcmp(word->text, text) == 0)
            return word;
    return NULL;
}

const char *schema_word_text(const struct word *words, unsigned value)
{
    for (const struct word *word = words; word->text; word++)
        if (!word->unsupported && word->value == value)
            return word->text;
    return NULL;
}

char *schema_allowed(const struct key *key, char out[static SCHEMA_TEXT_SIZE])
{
    switch (key->type) {
    case KEY_NUMBER:
        snprintf(out, SCHEMA_TEXT_SIZE, "a whole number from %" PRId64 " to %" PRId64 "%s%s", key->min,
                 key->max, key->unit ? " " : "", key->unit ? key->unit : "");
        break;
    case KEY_SWITCH:
        snprintf(out, SCHEMA_TEXT_SIZE, "true or false");
        break;
    case KEY_WORD:
        schema_words(key->words, out);
        break;
    case KEY_PATH:
        snprintf(out, SCHEMA_TEXT_SIZE, "an absolute path in double quotes");
        break;
    case KEY_INTERFACES:
        snprintf(out, SCHEMA_TEXT_SIZE, "a list of interface names such as [\"eth0\"]");
        break;
    case KEY_GROUPS:
        snprintf(out, SCHEMA_TEXT_SIZE, "address lists such as { lan = [\"192.0.2.0/24\"]; }");
        break;
    case KEY_SNI_LISTS:
        snprintf(out, SCHEMA_TEXT_SIZE, "paths of files such as { ads = \"ads.names\"; }");
        break;
    case KEY_RULES:
        snprintf(out, SCHEMA_TEXT_SIZE, "a list such as ( { name = \"web\"; action = \"accept\"; } )");
        break;
    }
    return out;
}

char *schema_names(const char *group, char out[static SCHEMA_TEXT_SIZE])
{
    out[0] = '\0';
    const char *last = "";
    size_t last_len = 0;
    for (unsigned i = 0; i < SCHEMA_COUNT; i++) {
        const struct key *key = &SCHEMA[i];
        if (group && !in_group(key, group))
            continue;
        size_t skip = group ? strlen(group) + 1 : 0;
        size_t len = group ? strlen(key->path) - skip : strcspn(key->path, ".");
        if (len == last_len && memcmp(key->path + skip, last, len) == 0)
            continue;
        last = key->path + skip;
        last_len = len;
        list_add(out, last, len);
    }
    return out;
}
