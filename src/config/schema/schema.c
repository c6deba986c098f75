#include "schema.h"
#include <inttypes.h>
#include <string.h>

#define FIELD(member) .offset = offsetof(struct config, member), .size = sizeof(((struct config *)0)->member)
#define COUNT(low, high, value) .kind = &NUMBER_KIND, .min = (low), .max = (high), .number = (value)
#define TIMER(value) COUNT(CONFIG_TIMER_MIN_S, 86400, value), .unit = "seconds", .why_min = "RFC 4787 REQ-5"
#define WORD(table, value) .kind = &WORD_KIND, .words = (table), .number = (value)

const struct word SCHEMA_MODES[] = {
    {"firewall", CONFIG_FIREWALL}, {"monitor", CONFIG_MONITOR}, {"nat", CONFIG_NAT}, {NULL, 0}};
const struct word SCHEMA_ACTIONS[] = {
    {"accept", CONFIG_ACCEPT}, {"drop", CONFIG_DROP}, {"reject", CONFIG_REJECT}, {NULL, 0}};
const struct word SCHEMA_DIRECTIONS[] = {{"out", CONFIG_OUT}, {"in", CONFIG_IN}, {NULL, 0}};
const struct word SCHEMA_TRAFFIC[] = {{"quic", CONFIG_ONLY_QUIC}, {"udp", CONFIG_ALL_UDP}, {NULL, 0}};
static const struct word WHEN_DOWN[] = {{"drop", CONFIG_DOWN_DROP}, {"pass", CONFIG_DOWN_PASS}, {NULL, 0}};
static const struct word BACKENDS[] = {
    {"auto", CONFIG_RULES_AUTO}, {"nft", CONFIG_RULES_NFT}, {"iptables", CONFIG_RULES_IPTABLES}, {NULL, 0}};
static const struct word OFFLOAD[] = {{"off", CONFIG_OFFLOAD_OFF},
                                      {"auto", CONFIG_OFFLOAD_AUTO},
                                      {"xdp", CONFIG_OFFLOAD_XDP},
                                      {"tc", CONFIG_OFFLOAD_TC},
                                      {NULL, 0}};
static const struct word SECCOMP[] = {
    {"enforce", CONFIG_SECCOMP_ENFORCE}, {"log", CONFIG_SECCOMP_LOG}, {"off", CONFIG_SECCOMP_OFF}, {NULL, 0}};
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
static const struct word HOLD_EXHAUSTED[] = {{"default", CONFIG_EXHAUSTED_DEFAULT},
                                             {"drop", CONFIG_EXHAUSTED_DROP},
                                             {"accept", CONFIG_EXHAUSTED_ACCEPT},
                                             {NULL, 0}};
static const struct word CHOICES[] = {{"keyed", CONFIG_KEYED}, {"random", CONFIG_RANDOM}, {NULL, 0}};
static const struct word GUARDS[] = {
    {"report", CONFIG_GUARD_REPORT}, {"limit", CONFIG_GUARD_LIMIT}, {"off", CONFIG_GUARD_OFF}, {NULL, 0}};
static const struct word EXHAUSTED[] = {{"reject", CONFIG_REJECT}, {"drop", CONFIG_DROP}, {NULL, 0}};

static const struct word FOLLOWS[] = {
    {"address", CONFIG_FOLLOW_ADDRESS}, {"command", CONFIG_FOLLOW_COMMAND}, {NULL, 0}};
static const struct word FACILITIES[] = {{"none", CONFIG_NO_SYSLOG},
                                         {"user", 1},
                                         {"daemon", 3},
                                         {"local0", 16},
                                         {"local1", 17},
                                         {"local2", 18},
                                         {"local3", 19},
                                         {"local4", 20},
                                         {"local5", 21},
                                         {"local6", 22},
                                         {"local7", 23},
                                         {NULL, 0}};
static const struct word ADDRESSES[] = {
    {"clear", CONFIG_CLEAR}, {"prefix-preserving", CONFIG_PSEUDONYM}, {"cut", CONFIG_CUT}, {NULL, 0}};
static const struct word NAMES[] = {
    {"clear", CONFIG_CLEAR}, {"keyed", CONFIG_PSEUDONYM}, {"cut", CONFIG_CUT}, {NULL, 0}};

/* Keys of one group stand together: the canonical print opens each group once. */
const struct key SCHEMA[] = {
    {"mode", FIELD(mode), WORD(SCHEMA_MODES, 0), .required = true, .fixed = true,
     .meaning = "what to do with UDP"},
    {"inside", FIELD(inside), .kind = &INTERFACES_KIND, .required = true, .fixed = true,
     .meaning = "the interfaces towards the protected network"},
    {"outside", FIELD(outside), .kind = &INTERFACES_KIND, .required = true, .fixed = true,
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
    {"flows.per_host", FIELD(flows_per_host), COUNT(0, 1 << 24, 0),
     .meaning = "flows that one inside host may have begun; 0: an eighth of flows.max"},
    {"flows.handshakes", FIELD(handshakes_max), COUNT(1, 1 << 20, 1 << 14), .fixed = true,
     .meaning = "handshakes followed at once"},

    {"timers.attempt", FIELD(timer_attempt_s), TIMER(120),
     .meaning = "idle time of a flow without an answer"},
    {"timers.two_way", FIELD(timer_two_way_s), TIMER(300), .meaning = "idle time once both sides spoke"},
    {"timers.confirmed", FIELD(timer_confirmed_s), TIMER(300), .meaning = "idle time of confirmed QUIC"},
    /* Below: a resolver would get answers that it waits for no more. */
    {"timers.dns", FIELD(timer_dns_s), COUNT(2, 86400, 10), .unit = "seconds",
     .meaning = "idle time of one question to port 53 and its answer"},

    {"quic", FIELD(quic), WORD(QUIC, CONFIG_QUIC_INSPECT), .meaning = "what is done with QUIC"},
    {"default_out", FIELD(default_out), WORD(SCHEMA_ACTIONS, CONFIG_ACCEPT),
     .meaning = "what is done with flows from inside that no rule matches"},
    {"default_in", FIELD(default_in), WORD(SCHEMA_ACTIONS, CONFIG_DROP),
     .meaning = "what is done with flows from outside that no rule matches"},
    {"groups", FIELD(groups), .kind = &GROUPS_KIND, .meaning = "addresses under names"},
    {"inside_prefixes", FIELD(inside_prefixes), .kind = &INSIDE_PREFIXES_KIND,
     .meaning = "the addresses that hosts inside have"},
    {"sni_lists", FIELD(sni_lists), .kind = &SNI_LISTS_KIND, .meaning = "files of host names"},
    {"rules", FIELD(rules), .kind = &RULES_KIND, .meaning = "which flows may begin"},

    /* Above a second a client has sent its ClientHello again and begins to give QUIC up. */
    {"hold.time", FIELD(hold_ms), COUNT(10, 1000, 200), .unit = "milliseconds",
     .meaning = "longest wait for the rest of a ClientHello"},
    {"hold.datagrams", FIELD(hold_datagrams), COUNT(1, 8, 8),
     .meaning = "datagrams of one attempt that may wait"},
    {"hold.total", FIELD(hold_total), COUNT(8, 1 << 16, 256), .fixed = true,
     .meaning = "datagrams of all flows of a worker that may wait"},
    {"hold.exhausted", FIELD(hold_exhausted), WORD(HOLD_EXHAUSTED, CONFIG_EXHAUSTED_DEFAULT),
     .meaning = "what is done with datagrams when a limit ends their wait"},

    /* One takes 3 microseconds or so. */
    {"initials.rate", FIELD(initials_rate), COUNT(0, 10000000, 40000),
     .meaning = "datagrams a second of which Initials are decrypted; 0: no limit"},
    {"initials.per_source", FIELD(initials_per_source), COUNT(0, 10000000, 4000),
     .meaning = "the same for one network outside or one host inside; 0: no limit"},
    {"guard", FIELD(guard), WORD(GUARDS, CONFIG_GUARD_REPORT),
     .meaning = "what is done with servers inside that send unproven clients too much"},
    {"guard_factor", FIELD(guard_factor), COUNT(1, 100, 3),
     .meaning = "how many times the bytes that it sent an unproven client may get"},

    {"reject.rate", FIELD(reject_rate), COUNT(1, 100000, 100), .fixed = true,
     .meaning = "ICMP messages a second in all"},
    {"reject.per_host", FIELD(reject_per_host), COUNT(1, 10000, 10), .fixed = true,
     .meaning = "ICMP messages a second towards one host"},

    /* Pieces of 1 KiB under 16-bit numbers; one ClientHello takes 16 at most. */
    {"hello.memory", FIELD(hello_memory_kib), COUNT(64, UINT16_MAX, 16384), .fixed = true, .unit = "KiB",
     .meaning = "memory for ClientHellos in several packets"},

    {"nat.external", FIELD(external), .kind = &EXTERNAL_KIND, .required = true, .fixed = true,
     .meaning = "the external addresses"},
    {"nat.ports", FIELD(nat_ports), .kind = &PORTS_KIND, .min = 1, .meaning = "ports to map to"},
    {"nat.exclude", FIELD(nat_exclude), .kind = &PORTS_KIND, .meaning = "ports that are never handed out"},
    {"nat.except", FIELD(nat_except), .kind = &EXCEPT_KIND, .meaning = "addresses that are not translated"},
    {"nat.filtering", FIELD(filtering), WORD(FILTERING, CONFIG_ADDRESS_DEPENDENT),
     .meaning = "who outside may answer"},
    {"nat.per_host", FIELD(nat_per_host), COUNT(1, UINT16_MAX, 2048),
     .meaning = "mappings of one inside host"},
    {"nat.block", FIELD(nat_block), COUNT(0, 4096, 0), .fixed = true,
     .meaning = "ports that an inside host gets at once, for itself; 0: each port by itself"},
    {"nat.hold_down", FIELD(nat_hold_down_s), COUNT(CONFIG_TIMER_MIN_S, 86400, 120), .unit = "seconds",
     .why_min = "RFC 4787 REQ-5, RFC 6888 REQ-8", .meaning = "how long a released port rests"},
    {"nat.choice", FIELD(nat_choice), WORD(CHOICES, CONFIG_KEYED),
     .meaning = "how a port is chosen among the free ones"},
    {"nat.exhausted", FIELD(nat_exhausted), WORD(EXHAUSTED, CONFIG_REJECT),
     .meaning = "what is done with flows for which no port is left"},
    {"nat.masquerade", FIELD(nat_masquerade), .kind = &SWITCH_KIND,
     .meaning = "whether the kernel translates all protocols other than UDP"},
    {"nat.forwards", FIELD(forwards), .kind = &FORWARDS_KIND,
     .meaning = "external endpoints that stand for one inside endpoint"},
    {"nat.ipfix", FIELD(ipfix), .kind = &COLLECTOR_KIND, .text = CONFIG_COLLECTOR_NONE, .fixed = true,
     .meaning = "the collector to which mappings are reported by IPFIX"},
    {"nat.ipfix_domain", FIELD(ipfix_domain), COUNT(0, INT32_MAX, 1), .fixed = true,
     .meaning = "the observation domain by which the collector knows this router"},
    {"nat.ipfix_ca", FIELD(ipfix_ca), .kind = &PATH_KIND, .text = CONFIG_NO_FILE, .off = CONFIG_NO_FILE,
     .fixed = true, .meaning = "the path of the certificates that sign the collector's certificate"},
    {"nat.ipfix_certificate", FIELD(ipfix_certificate), .kind = &PATH_KIND, .text = CONFIG_NO_FILE,
     .off = CONFIG_NO_FILE, .fixed = true, .meaning = "the path of this router's certificate"},
    {"nat.ipfix_key", FIELD(ipfix_key), .kind = &PATH_KIND, .text = CONFIG_NO_FILE, .off = CONFIG_NO_FILE,
     .fixed = true, .meaning = "the path of this router's private key"},

    {"throttles", FIELD(throttles), .kind = &THROTTLES_KIND, .meaning = "the UDP that interfaces may carry"},
    /* Below: a few packets decide. Above: the link has been full for too long. */
    {"throttle.interval", FIELD(throttle_interval_ms), COUNT(50, 10000, 200), .unit = "milliseconds",
     .meaning = "time between two looks at the load"},
    {"throttle.gain", FIELD(throttle_gain), COUNT(1, 100, 50), .unit = "percent",
     .meaning = "how fast the blocked share rises"},
    {"throttle.hysteresis", FIELD(throttle_hysteresis), COUNT(0, 50, 5), .unit = "percent",
     .meaning = "how close to the capacity a load leaves the blocked share as it is"},
    {"throttle.floor", FIELD(throttle_floor), COUNT(0, 100, 0), .unit = "percent",
     .meaning = "the least share of flows that is blocked"},
    {"throttle.ceiling", FIELD(throttle_ceiling), COUNT(0, 100, 100), .unit = "percent",
     .meaning = "the largest share of flows that is blocked"},
    {"throttle.spare_confirmed", FIELD(throttle_spare_confirmed), .kind = &SWITCH_KIND, .number = true,
     .meaning = "whether confirmed flows are blocked last"},
    {"throttle.spare_small", FIELD(throttle_spare_small), .kind = &SWITCH_KIND, .number = true,
     .meaning = "whether flows under their fair share of the capacity are blocked last"},
    {"throttle.key", FIELD(throttle_key), .kind = &SECRET_KIND, .fixed = true,
     .meaning = "what decides which flows are blocked first"},

    {"size_limits", FIELD(size_limits), .kind = &SIZE_LIMITS_KIND, .meaning = "how long packets may be"},
    {"ptb.rate", FIELD(ptb_rate), COUNT(1, 100000, 100), .fixed = true, .meaning = "PTBs a second in all"},
    {"ptb.per_host", FIELD(ptb_per_host), COUNT(1, 10000, 10), .fixed = true,
     .meaning = "PTBs a second towards one host"},

    {"instance", FIELD(instance), .kind = &NAME_KIND, .text = CONFIG_INSTANCE_DEFAULT, .fixed = true,
     .meaning = "the name of this daemon, by which its kernel rules are known"},
    {"manage_rules", FIELD(manage_rules), .kind = &SWITCH_KIND, .number = true, .fixed = true,
     .meaning = "whether the daemon installs the kernel rules itself"},
    {"rules_guard", FIELD(rules_guard), .kind = &SWITCH_KIND, .number = true, .fixed = true,
     .meaning = "whether routing rules protect after a flush of the kernel's tables"},
    {"rules_fragments", FIELD(rules_fragments), .kind = &SWITCH_KIND, .number = true, .fixed = true,
     .meaning = "whether fragments are measured for size limits"},
    {"rules_backend", FIELD(backend), WORD(BACKENDS, CONFIG_RULES_AUTO), .fixed = true,
     .meaning = "the tool that installs the kernel rules"},
    {"offload", FIELD(offload), WORD(OFFLOAD, CONFIG_OFFLOAD_OFF), .fixed = true,
     .meaning = "where a program in the kernel forwards packets without the queue"},
    {"offload_pins", FIELD(offload_pins), .kind = &FOLDER_KIND, .text = "/sys/fs/bpf/quicward",
     .off = CONFIG_NO_PINS, .fixed = true,
     .meaning = "the path of the folder in which offload outlives the daemon"},
    {"offload_unsolicited", FIELD(offload_unsolicited), .kind = &SWITCH_KIND, .number = true, .fixed = true,
     .meaning = "whether that program drops UDP from outside that nobody asked for"},
    {"offload_spin", FIELD(offload_spin), .kind = &SWITCH_KIND, .number = true, .fixed = true,
     .meaning = "whether that program measures the spin bit of QUIC"},
    {"control", FIELD(control), .kind = &PATH_KIND, .text = "/run/quicward/control.sock", .fixed = true,
     .meaning = "the path of the control socket"},
    {"control_mode", FIELD(control_mode), .kind = &MODE_KIND, .number = 0660, .fixed = true,
     .meaning = "the permissions of the control socket"},
    {"control_group", FIELD(control_group), .kind = &ACCOUNT_KIND, .text = "", .fixed = true,
     .meaning = "the group that may use the control socket"},
    {"user", FIELD(user), .kind = &ACCOUNT_KIND, .text = "", .fixed = true,
     .meaning = "the user that the daemon becomes"},
    {"seccomp", FIELD(seccomp), WORD(SECCOMP, CONFIG_SECCOMP_ENFORCE), .fixed = true,
     .meaning = "what happens at a system call that the daemon does not need"},
    {"secret", FIELD(secret), .kind = &PATH_KIND, .text = "/var/lib/quicward/secret", .off = CONFIG_NO_SECRET,
     .fixed = true, .meaning = "the path of the secret that decides external addresses and ports"},
    {"state", FIELD(state), .kind = &FOLDER_KIND, .text = "/run/quicward", .off = CONFIG_NO_STATE,
     .fixed = true, .meaning = "the path of the folder of the state file"},
    {"metrics", FIELD(metrics), .kind = &LISTEN_KIND, .text = CONFIG_LISTEN_NONE, .fixed = true,
     .meaning = "where metrics are served for Prometheus"},
    {"events.file", FIELD(events_file), .kind = &PATH_KIND, .text = CONFIG_NO_EVENTS, .off = CONFIG_NO_EVENTS,
     .fixed = true, .meaning = "the path of the file that events are written to"},
    {"events.syslog", FIELD(events_syslog), WORD(FACILITIES, CONFIG_NO_SYSLOG), .fixed = true,
     .meaning = "the facility of syslog that events are sent with"},
    {"events.journal", FIELD(events_journal), .kind = &SWITCH_KIND, .fixed = true,
     .meaning = "whether events are sent to the journal"},
    {"anonymise.addresses", FIELD(anonymise_addresses), WORD(ADDRESSES, CONFIG_CLEAR), .fixed = true,
     .meaning = "how addresses are shown to people without the right to see them"},
    {"anonymise.names", FIELD(anonymise_names), WORD(NAMES, CONFIG_CLEAR), .fixed = true,
     .meaning = "how names of servers are shown to them"},
    {"anonymise.logs", FIELD(anonymise_logs), .kind = &SWITCH_KIND, .number = true, .fixed = true,
     .meaning = "whether written events and the log are anonymised"},
    {"anonymise.key", FIELD(anonymise_key), .kind = &PATH_KIND, .text = "/var/lib/quicward/anonymise.key",
     .off = CONFIG_NO_SECRET, .fixed = true, .meaning = "the path of the key of pseudonyms"},
    {"cluster.store", FIELD(cluster_store), .kind = &PATH_KIND, .text = CONFIG_NO_FILE, .off = CONFIG_NO_FILE,
     .fixed = true, .meaning = "the socket of the Redis that this router writes"},
    {"cluster.peer_store", FIELD(cluster_peer_store), .kind = &PATH_KIND, .text = CONFIG_NO_FILE,
     .off = CONFIG_NO_FILE, .fixed = true, .meaning = "the socket of the copy of the other router's Redis"},
    {"cluster.site", FIELD(cluster_site), .kind = &ACCOUNT_KIND, .text = "main", .fixed = true,
     .meaning = "the name of the pair"},
    {"cluster.router", FIELD(cluster_router), .kind = &ACCOUNT_KIND, .text = "", .fixed = true,
     .meaning = "the name of this router"},
    {"cluster.peer", FIELD(cluster_peer), .kind = &ACCOUNT_KIND, .text = "", .fixed = true,
     .meaning = "the name of the other router"},
    {"cluster.peers", FIELD(cluster_peers), .kind = &PEERS_KIND, .fixed = true,
     .meaning = "the other routers, and the sockets of the copies of their Redis"},
    {"cluster.owners", FIELD(cluster_owners), .kind = &OWNERS_KIND, .fixed = true,
     .meaning = "which router has which address or which hosts inside"},
    {"cluster.user", FIELD(cluster_user), .kind = &ACCOUNT_KIND, .text = "", .fixed = true,
     .meaning = "the user of Redis"},
    {"cluster.password", FIELD(cluster_password), .kind = &PATH_KIND, .text = CONFIG_NO_SECRET,
     .off = CONFIG_NO_SECRET, .fixed = true, .meaning = "the path of the file with the password of Redis"},
    {"cluster.follow", FIELD(cluster_follow), WORD(FOLLOWS, CONFIG_FOLLOW_ADDRESS), .fixed = true,
     .meaning = "what makes this router the active one"},
    {"cluster.address", FIELD(cluster_address), .kind = &ADDRESS_KIND, .text = "", .fixed = true,
     .meaning = "the address that the active router has"},
    /* Below 5 ms the thread wakes for little; a second is long for what a crash may lose. */
    {"cluster.flush", FIELD(cluster_flush_ms), COUNT(5, 1000, 10), .unit = "milliseconds", .fixed = true,
     .meaning = "the time between two looks at what changed"},
    {"cluster.refresh", FIELD(cluster_refresh_s), COUNT(1, 60, 30), .unit = "seconds", .fixed = true,
     .meaning = "how old the copy of an idle time may be"},
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

char *schema_allowed(const struct key *key, char out[static SCHEMA_TEXT_SIZE])
{
    if (key->words)
        return schema_words(key->words, out);
    if (!key->kind->form)
        snprintf(out, SCHEMA_TEXT_SIZE, "a whole number from %" PRId64 " to %" PRId64 "%s%s", key->min,
                 key->max, key->unit ? " " : "", key->unit ? key->unit : "");
    else if (key->off)
        snprintf(out, SCHEMA_TEXT_SIZE, "%s, or \"%s\"", key->kind->form, key->off);
    else
        snprintf(out, SCHEMA_TEXT_SIZE, "%s", key->kind->form);
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
