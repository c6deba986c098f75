#include "schema.h"
#include <inttypes.h>
#include <string.h>

#define FIELD(member) .offset = offsetof(struct config, member), .size = sizeof(((struct config *)0)->member)
#define COUNT(low, high, value) .type = KEY_NUMBER, .min = (low), .max = (high), .number = (value)
#define TIMER(value) COUNT(CONFIG_TIMER_MIN_S, 86400, value), .unit = "seconds", .why_min = "RFC 4787 REQ-5"
#define WORD(table, value) .type = KEY_WORD, .words = (table), .number = (value)

const struct word SCHEMA_MODES[] = {
    {"firewall", CONFIG_FIREWALL}, {"monitor", CONFIG_MONITOR}, {"nat", CONFIG_NAT}, {NULL, 0}};
const struct word SCHEMA_ACTIONS[] = {
    {"accept", CONFIG_ACCEPT}, {"drop", CONFIG_DROP}, {"reject", CONFIG_REJECT}, {NULL, 0}};
const struct word SCHEMA_DIRECTIONS[] = {{"out", CONFIG_OUT}, {"in", CONFIG_IN}, {NULL, 0}};
const struct word SCHEMA_TRAFFIC[] = {{"quic", CONFIG_ONLY_QUIC}, {"udp", CONFIG_ALL_UDP}, {NULL, 0}};
static const struct word WHEN_DOWN[] = {{"drop", CONFIG_DOWN_DROP}, {"pass", CONFIG_DOWN_PASS}, {NULL, 0}};
static const struct word BACKENDS[] = {
    {"auto", CONFIG_RULES_AUTO}, {"nft", CONFIG_RULES_NFT}, {"iptables", CONFIG_RULES_IPTABLES}, {NULL, 0}};
static const struct word LEVELS[] = {{"error", QW_LOG_ERROR},
                                     {"warning", QW_LOG_WARNING},
                                     {"info", QW_LOG_INFO},
                                     {"debug", QW_LOG_DEBUG},
                                     {NULL, 0}};
static const struct word QUIC[] = {{"inspect", CONFIG_QUIC_INSPECT},
                                   {"bypass", CONFIG_QUIC_BYPASS},
                                   {"block", CONFIG_QUIC_BLOCK},
                                   {NULL, 0}};
static const struct word FILTERING[] = {{"endpoint-independent", CONFIG_ENDPOINT_INDEPENDENT},
                                        {"address-dependent", CONFIG_ADDRESS_DEPENDENT},
                                        {"address-and-port-dependent", CONFIG_ADDRESS_AND_PORT_DEPENDENT},
                                        {NULL, 0}};
static const struct word EXHAUSTED[] = {{"reject", CONFIG_REJECT}, {"drop", CONFIG_DROP}, {NULL, 0}};

/* Keys of one group stand together: the canonical print opens each group once. */
const struct key SCHEMA[] = {
    {"mode", FIELD(mode), WORD(SCHEMA_MODES, 0), .required = true, .fixed = true,
     .meaning = "what to do with UDP"},
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

    {"nat.external", FIELD(external), .type = KEY_EXTERNAL, .required = true, .fixed = true,
     .meaning = "the addresses that stand for the hosts inside"},
    {"nat.ports", FIELD(nat_ports), .type = KEY_PORTS, .min = 1, .fixed = true, .meaning = "ports to map to"},
    {"nat.exclude", FIELD(nat_exclude), .type = KEY_PORTS, .fixed = true,
     .meaning = "ports that are never handed out"},
    {"nat.filtering", FIELD(filtering), WORD(FILTERING, CONFIG_ADDRESS_DEPENDENT), .fixed = true,
     .meaning = "who outside may answer"},
    {"nat.per_host", FIELD(nat_per_host), COUNT(1, UINT16_MAX, 2048), .fixed = true,
     .meaning = "mappings of one inside host"},
    {"nat.hold_down", FIELD(nat_hold_down_s), COUNT(CONFIG_TIMER_MIN_S, 86400, 120), .unit = "seconds",
     .why_min = "RFC 4787 REQ-5, RFC 6888 REQ-8", .fixed = true, .meaning = "how long a released port rests"},
    {"nat.exhausted", FIELD(nat_exhausted), WORD(EXHAUSTED, CONFIG_REJECT),
     .meaning = "what is done with flows for which no port is left"},
    {"nat.masquerade", FIELD(nat_masquerade), .type = KEY_SWITCH, .fixed = true,
     .meaning = "whether the kernel translates what is no UDP"},
    {"nat.forwards", FIELD(forwards), .type = KEY_FORWARDS, .fixed = true,
     .meaning = "external endpoints that stand for one inside endpoint"},

    {"throttles", FIELD(throttles), .type = KEY_THROTTLES, .meaning = "the UDP that interfaces may carry"},
    /* Below: a few packets decide. Above: the link has been full for too long. */
    {"throttle.interval", FIELD(throttle_interval_ms), COUNT(50, 10000, 200), .unit = "milliseconds",
     .meaning = "time between two looks at the load"},
    {"throttle.gain", FIELD(throttle_gain), COUNT(1, 100, 50), .unit = "percent",
     .meaning = "how far a look moves the share that is blocked"},
    {"throttle.hysteresis", FIELD(throttle_hysteresis), COUNT(0, 50, 5), .unit = "percent",
     .meaning = "how close to the capacity a load changes nothing"},
    {"throttle.floor", FIELD(throttle_floor), COUNT(0, 100, 0), .unit = "percent",
     .meaning = "the least share of flows that is blocked"},
    {"throttle.ceiling", FIELD(throttle_ceiling), COUNT(0, 100, 100), .unit = "percent",
     .meaning = "the largest share of flows that is blocked"},
    {"throttle.spare_confirmed", FIELD(throttle_spare_confirmed), .type = KEY_SWITCH, .number = true,
     .meaning = "whether confirmed flows are blocked last"},
    {"throttle.key", FIELD(throttle_key), .type = KEY_SECRET, .fixed = true,
     .meaning = "what decides which flows are blocked first"},

    {"size_limits", FIELD(size_limits), .type = KEY_SIZE_LIMITS, .meaning = "how long packets may be"},
    {"ptb.rate", FIELD(ptb_rate), COUNT(1, 100000, 100), .fixed = true, .meaning = "PTBs a second in all"},
    {"ptb.per_host", FIELD(ptb_per_host), COUNT(1, 10000, 10), .fixed = true,
     .meaning = "PTBs a second towards one host"},

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

bool schema_of_nat(const struct key *key)
{
    return in_group(key, "nat");
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
        if (word->value == value)
            return word->text;
    return NULL;
}

/* What keys take that have a form of their own. */
static const char *const FORMS[] = {
    [KEY_SWITCH] = "true or false",
    [KEY_PATH] = "an absolute path in double quotes",
    [KEY_INTERFACES] = "a list of interface names such as [\"eth0\"]",
    [KEY_GROUPS] = "address lists such as { lan = [\"192.0.2.0/24\"]; }",
    [KEY_SNI_LISTS] = "paths of files such as { ads = \"ads.names\"; }",
    [KEY_RULES] = "a list such as ( { name = \"web\"; action = \"accept\"; } )",
    [KEY_EXTERNAL] = SCHEMA_EXTERNAL_ALLOWED,
    [KEY_PORTS] = SCHEMA_PORT_ALLOWED,
    [KEY_FORWARDS] = "a list such as ( { port = 443; to = \"10.0.0.2:8443\"; } )",
    [KEY_THROTTLES] = "a list such as ( { interface = \"wan0\"; direction = \"in\"; capacity = \"100M\"; } )",
    [KEY_SIZE_LIMITS] = "a list such as ( { class = \"quic\"; limit = 1400; } )",
    [KEY_SECRET] = SCHEMA_SECRET_ALLOWED,
};

char *schema_allowed(const struct key *key, char out[static SCHEMA_TEXT_SIZE])
{
    if (key->type == KEY_WORD)
        return schema_words(key->words, out);
    if (key->type == KEY_NUMBER)
        snprintf(out, SCHEMA_TEXT_SIZE, "a whole number from %" PRId64 " to %" PRId64 "%s%s", key->min,
                 key->max, key->unit ? " " : "", key->unit ? key->unit : "");
    else
        snprintf(out, SCHEMA_TEXT_SIZE, "%s", FORMS[key->type]);
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
