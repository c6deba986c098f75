/* One file (libconfig syntax) -> one validated struct that nobody changes afterwards.
 * The schema in src/config/schema/schema.c is the list of keys: parser, checks, messages and canonical print
 * use it.
 */
#ifndef QUICWARD_CONFIG_H
#define QUICWARD_CONFIG_H

#include <quicward/base/addr.h>
#include <quicward/base/error.h>
#include <quicward/base/log.h>
#include <quicward/base/ports.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CONFIG_INTERFACES_MAX 256    /* of one side; a pattern is one of them, whatever it matches */
#define CONFIG_UPLINKS_MAX 63        /* interfaces outside in mode nat: each may have addresses of its own */
#define CONFIG_INTERFACE_NAME_MAX 16 /* IFNAMSIZ, NUL included; a pattern is as short */
#define CONFIG_WORKERS_MAX 64
#define CONFIG_ACCOUNT_MAX 33 /* of a user or group, NUL included: LOGIN_NAME_MAX of useradd(8) */
#define CONFIG_ADDRESS_MAX 46 /* an IPv6 address as text, NUL included */
#define CONFIG_PATH_MAX 108   /* sun_path, NUL included */
#define CONFIG_INSTANCE_MAX 9 /* NUL included; names of chains are made of it */

/* Bounds of the rules: far above what people write, and what one file can make the program hold is known. */
#define CONFIG_RULES_MAX 4096
#define CONFIG_GROUPS_MAX 256
#define CONFIG_SNI_LISTS_MAX 64
#define CONFIG_PREFIXES_MAX 4096      /* of one `from` or `to`, or one group, groups in it counted */
#define CONFIG_PREFIXES_TOTAL 131072u /* of all rules and groups */
#define CONFIG_LIST_MAX 256           /* elements of any other list of a rule */
#define CONFIG_NAME_MAX 63            /* bytes of the name of a rule, a group or a list */
#define CONFIG_HOST_NAME_MAX 253      /* RFC 1035 2.3.4, written with dots */
#define CONFIG_ALPN_MAX 255           /* RFC 7301 3.1 */
#define CONFIG_EXTERNAL_MAX 64        /* external addresses */
#define CONFIG_FORWARDS_MAX 4096
#define CONFIG_FORWARD_PORTS_MAX 65536u /* of all forwards: an address has as many */
#define CONFIG_EXCEPT_MAX 256           /* of nat.except: each is a kernel rule */
#define CONFIG_THROTTLES_MAX 16
#define CONFIG_SIZE_LIMITS_MAX 64
#define CONFIG_ROUTERS_MAX 16 /* of a cluster */
#define CONFIG_PEERS_MAX (CONFIG_ROUTERS_MAX - 1)
#define CONFIG_OWNERS_MAX CONFIG_EXTERNAL_MAX
#define CONFIG_OWNER_PREFIXES_MAX 32
#define CONFIG_MARK_MAX 0x3ffffffu /* the bits above are the kernel rules' own */

#define CONFIG_VERSION_1 0x00000001u /* "v1", RFC 9000 */
#define CONFIG_VERSION_2 0x6b3343cfu /* "v2", RFC 9369 */

enum config_mode { CONFIG_FIREWALL, CONFIG_MONITOR, CONFIG_NAT };
enum config_backend { CONFIG_RULES_AUTO, CONFIG_RULES_NFT, CONFIG_RULES_IPTABLES };
enum config_offload { CONFIG_OFFLOAD_OFF, CONFIG_OFFLOAD_AUTO, CONFIG_OFFLOAD_XDP, CONFIG_OFFLOAD_TC };
enum config_seccomp { CONFIG_SECCOMP_ENFORCE, CONFIG_SECCOMP_LOG, CONFIG_SECCOMP_OFF };
enum config_when_down { CONFIG_DOWN_DROP, CONFIG_DOWN_PASS };

/* Names, and patterns such as "ppp*": all interfaces whose name begins so, there already or not. On one side
 * no two of them match the same interface. */
struct config_interfaces {
    unsigned count;
    char names[CONFIG_INTERFACES_MAX][CONFIG_INTERFACE_NAME_MAX];
};

enum config_action { CONFIG_ACCEPT, CONFIG_DROP, CONFIG_REJECT };
enum config_direction { CONFIG_ANY, CONFIG_OUT, CONFIG_IN }; /* OUT: the flow begins inside */
enum config_quic { CONFIG_QUIC_INSPECT, CONFIG_QUIC_BYPASS, CONFIG_QUIC_BLOCK };
enum config_exhausted { /* what a limit does to datagrams that wait for a ClientHello */
                        CONFIG_EXHAUSTED_DEFAULT, /* as the rules say of a ClientHello that cannot be read */
                        CONFIG_EXHAUSTED_DROP,
                        CONFIG_EXHAUSTED_ACCEPT
};
enum config_match { CONFIG_EITHER, CONFIG_NO, CONFIG_YES };
enum config_filtering { /* RFC 4787 5 */
                        CONFIG_ENDPOINT_INDEPENDENT,
                        CONFIG_ADDRESS_DEPENDENT,
                        CONFIG_ADDRESS_AND_PORT_DEPENDENT
};
enum config_inside {                     /* who may be inside */
                     CONFIG_INSIDE_AUTO, /* whoever the inside interfaces have routes to */
                     CONFIG_INSIDE_ANY,
                     CONFIG_INSIDE_LIST
};
enum config_choice { CONFIG_RANDOM, CONFIG_KEYED }; /* of a port: RFC 6056 3.3.1, 3.3.3 */
enum config_guard { CONFIG_GUARD_REPORT, CONFIG_GUARD_LIMIT, CONFIG_GUARD_OFF };
enum config_traffic { CONFIG_ALL_UDP, CONFIG_ONLY_QUIC };

enum config_follow { CONFIG_FOLLOW_ADDRESS, CONFIG_FOLLOW_COMMAND }; /* what makes a router active */

enum config_anonymise { CONFIG_CLEAR, CONFIG_PSEUDONYM, CONFIG_CUT };

/* Lists of a rule. `count` 0: the rule does not ask. */
struct config_prefixes {
    unsigned count;
    struct qw_prefix *list;
};

struct config_ports {
    unsigned count;
    struct qw_port_range *list;
};

struct config_versions {
    unsigned count;
    uint32_t *list;
};

struct config_texts {
    unsigned count;
    char **list;
};

/* One of `rules`. A flow matches when it matches every key that the rule has. */
struct config_rule {
    char *name;                                     /* required, unique, letters, digits, "_" and "-" */
    unsigned line;                                  /* where the rule begins in the file that holds it */
    enum config_direction direction;                /* "out", "in" */
    char from_interface[CONFIG_INTERFACE_NAME_MAX]; /* "": any; a name or pattern of inside or outside */
    char to_interface[CONFIG_INTERFACE_NAME_MAX];
    struct config_prefixes from, to; /* a prefix, "@group" or a list of both; groups stand resolved here */
    struct config_ports from_port, to_port; /* 443, "443", "1000-2000" or a list */
    enum config_match quic;                 /* true, false */
    enum config_match misshapen;            /* true, false: an Initial of v1 or v2 that none can be */
    struct config_versions version;         /* "v1", "v2", "0x1a2a3a4a" or a list */
    struct config_texts sni;                /* "www.example.org", ".example.org", "*.example.org" or a list */
    struct config_texts sni_list;           /* names of sni_lists; `sni` or one of these has to match */
    struct config_texts alpn;               /* "h3" or a list */
    enum config_match ech;                  /* true, false */
    enum config_match readable; /* true, false: QUIC whose ClientHello gives a name in the clear */
    enum config_match fast;     /* true, false: its flows may take the fast path; not given: they may */
    enum config_action action;  /* required: "accept", "drop", "reject" */
};

/* A key of `groups`: addresses under a name, groups in it resolved. */
struct config_group {
    char *name;
    struct config_prefixes prefixes;
};

/* A key of `sni_lists`: a file of host names under a name. */
struct config_sni_list {
    char *name, *path; /* the path is absolute */
    char *asked;       /* where the configuration names it, "FILE:LINE" */
};

/* One of `nat.forwards`: an external endpoint that always stands for one inside endpoint, or as many with
 * their ports in a row on both sides. */
struct config_forward {
    unsigned line;     /* where it begins in the file that holds it */
    unsigned external; /* index of the external address; 0 with "auto" */
    uint16_t port;     /* required, 1 to 65535; no two forwards share an external endpoint */
    uint16_t last;     /* port = "5000-5010": the last one; 0: there is only one */
    struct qw_endpoint
        to; /* required, IPv4, with the first port; no two forwards share one (RFC 4787 REQ-1) */
};

/* How many ports it has. */
static inline unsigned config_forward_ports(const struct config_forward *forward)
{
    return forward->last > forward->port ? forward->last - forward->port + 1u : 1;
}

/* One of `throttles`: the UDP that one interface may carry one way. */
struct config_throttle {
    unsigned line;
    char interface[CONFIG_INTERFACE_NAME_MAX]; /* required, the name of one that is outside: no pattern */
    enum config_direction direction;           /* required: CONFIG_OUT leaves by it, CONFIG_IN comes by it */
    uint64_t capacity;                         /* required, bits a second; "64k" to "1000G" */
};

/* One of `size_limits`: longer packets are dropped with a PTB when they may not be fragmented. */
struct config_size_limit {
    unsigned line;
    enum config_traffic traffic;               /* class: "quic" or "udp", which means all UDP */
    char interface[CONFIG_INTERFACE_NAME_MAX]; /* name or pattern; the packet leaves by it; "": any */
    uint32_t limit;                            /* bytes with the IP header, 1280 to 65535 (RFC 9000 14) */
};

/* One of `cluster.peers`: another router of the cluster. */
struct config_peer {
    unsigned line;
    char router[CONFIG_ACCOUNT_MAX]; /* required: its cluster.router; no two have one */
    char store[CONFIG_PATH_MAX];     /* required: socket of the copy of its store */
    uint32_t mark; /* 1 to CONFIG_MARK_MAX, no two have one: what has this mark is routed to it; 0: none */
};

/* One of `cluster.owners`: what has one owner at a time, and is taken over as one. */
struct config_owner {
    unsigned line;
    bool has_address;
    struct qw_addr address; /* in mode nat one of nat.external. Whoever has it is the owner */
    enum qw_family family;
    unsigned prefix_count;
    struct qw_prefix prefixes[CONFIG_OWNER_PREFIXES_MAX]; /* its hosts inside; in mode nat IPv6 only, for the
                                                             hosts of IPv4 are told by a hash */
    unsigned router_count;
    uint8_t routers[CONFIG_ROUTERS_MAX]; /* who owns it, in order: 0 is this router, n the peer n - 1 */
};

/* Made by config_load (or config_copy) and freed by config_free alone: it owns the lists, so assigning one
 * struct to another shares them. */
struct config {
    enum config_mode mode;            /* "firewall", "monitor" or "nat" */
    struct config_interfaces inside;  /* required, at least one */
    struct config_interfaces outside; /* required, at least one; no interface matches both */

    enum config_inside inside_how; /* inside_prefixes: "auto", "any", or a list, as of `from` of a rule */
    struct config_prefixes inside_prefixes;

    uint16_t queue_first;            /* queue.first: number of the first queue */
    uint16_t workers;                /* queue.workers: one queue and one thread each */
    uint32_t queue_length;           /* queue.length: packets the kernel keeps waiting per queue */
    uint32_t copy_range;             /* queue.copy_range: bytes of a packet that are read */
    enum config_when_down when_down; /* queue.when_down: "drop" or "pass" while no daemon listens */

    uint32_t flows_max; /* flows.max */
    uint32_t
        flows_per_host; /* flows.per_host: read with config_flows_per_host; 0 means an eighth of flows_max */
    uint32_t handshakes_max; /* flows.handshakes: handshakes followed at once */

    uint32_t timer_attempt_s;   /* timers.attempt, seconds; none below 120 (RFC 4787 REQ-5) */
    uint32_t timer_two_way_s;   /* timers.two_way */
    uint32_t timer_confirmed_s; /* timers.confirmed */
    uint32_t timer_dns_s;       /* timers.dns: of one question and one answer at port 53 (RFC 4787 REQ-5 a) */

    enum config_quic quic;                      /* quic: "inspect", "bypass", "block" */
    enum config_action default_out, default_in; /* of flows that no rule matches */
    unsigned group_count;
    struct config_group *groups; /* groups = { lan = ["10.0.0.0/8", "@other"]; } */
    unsigned sni_list_count;
    struct config_sni_list *sni_lists; /* sni_lists = { ads = "ads.names"; }, seen from the file's folder */
    unsigned rule_count;
    struct config_rule *rules; /* rules = ( { ... }, { ... } ), in order */

    uint32_t hold_ms;        /* hold.time: the longest that a datagram waits for the rest of a ClientHello */
    uint32_t hold_datagrams; /* hold.datagrams: that wait of one flow */
    uint32_t hold_total;     /* hold.total: that wait of all flows of a worker */
    enum config_exhausted
        hold_exhausted;     /* hold.exhausted: what is done with those whose wait a limit ended */
    uint32_t initials_rate; /* initials.rate: datagrams a second of which Initials are decrypted */
    uint32_t
        initials_per_source;   /* initials.per_source: of one IPv4 /24 or IPv6 /48 outside, or host inside */
    enum config_guard guard;   /* guard: "report", "limit", "off" */
    uint32_t guard_factor;     /* guard_factor: how many times what it sent an unproven client may get */
    uint32_t reject_rate;      /* reject.rate: ICMP messages a second in all */
    uint32_t reject_per_host;  /* reject.per_host: a second towards one host */
    uint32_t hello_memory_kib; /* hello.memory: for ClientHellos in several packets */

    /* nat: in mode "nat" only; its keys are an error in others, and nat.external is then required in it */
    bool external_auto;      /* nat.external = "auto": the address of each outside interface */
    unsigned external_count; /* nat.external = ["198.51.100.7"]; with "auto" as many as interfaces outside */
    struct qw_addr external[CONFIG_EXTERNAL_MAX]; /* IPv4; zero with "auto" */
    uint8_t external_uplink[CONFIG_EXTERNAL_MAX]; /* the outside interface that it is for, by its number from
                                                     1 on; 0: any */
    struct config_ports nat_ports;   /* nat.ports: read with config_nat_ports; empty means 1024-65535 */
    struct config_ports nat_exclude; /* nat.exclude: never handed out, beside the built-in reflection ports */
    struct config_prefixes nat_except; /* nat.except: IPv4, neither translated as a destination outside nor as
                                          a source inside; as `from` of a rule */
    enum config_filtering filtering; /* nat.filtering: "endpoint-independent", "address-dependent" (default),
                                        "address-and-port-dependent" */
    uint32_t nat_per_host;           /* nat.per_host: mappings of one inside host */
    uint32_t nat_block;              /* nat.block: ports that a host gets at once; 0: one by one */
    uint32_t
        nat_hold_down_s; /* nat.hold_down: a released port rests for so long; at least 120 (6888 REQ-8) */
    enum config_choice nat_choice;    /* nat.choice: "keyed" (default) or "random" */
    enum config_action nat_exhausted; /* nat.exhausted: CONFIG_REJECT (default) or CONFIG_DROP */
    bool nat_masquerade; /* nat.masquerade: have the kernel translate what is no UDP to the first address */
    unsigned forward_count;
    struct config_forward *forwards; /* nat.forwards = ( { port = 443; to = "10.0.0.2:8443"; } ) */
    char **places; /* the config room's: where the keys stand in the file; NULL: there was none */

    char ipfix[72];        /* nat.ipfix: read with config_collector_parse */
    uint32_t ipfix_domain; /* nat.ipfix_domain: observation domain ID (RFC 7011 3.1) */
    char ipfix_ca[CONFIG_PATH_MAX], ipfix_certificate[CONFIG_PATH_MAX],
        ipfix_key[CONFIG_PATH_MAX]; /* of TLS */

    unsigned throttle_count;
    struct config_throttle *throttles; /* throttles = ( { interface; direction; capacity; } ) */
    uint32_t throttle_interval_ms;     /* throttle.interval: between two looks at the load */
    uint32_t throttle_gain; /* throttle.gain: percent of the way to the share that is needed, each time */
    uint32_t throttle_hysteresis; /* throttle.hysteresis: percent of the capacity, on either side of it */
    uint32_t throttle_floor, throttle_ceiling; /* throttle.floor, .ceiling: percent of flows blocked */
    bool throttle_spare_confirmed;             /* throttle.spare_confirmed */
    bool throttle_spare_small;                 /* throttle.spare_small */
    bool throttle_key_set;
    uint8_t throttle_key[16]; /* throttle.key: 32 hexadecimal digits; without it random at each start */

    unsigned size_limit_count;
    struct config_size_limit *size_limits; /* size_limits = ( { class; limit; interface; } ) */
    uint32_t ptb_rate;                     /* ptb.rate: PTBs a second in all */
    uint32_t ptb_per_host;                 /* ptb.per_host: a second towards one host */

    char instance[CONFIG_INSTANCE_MAX]; /* instance: whose kernel rules they are; "" means the default */
    bool manage_rules;                  /* install the kernel rules at start, and put them back */
    bool rules_guard;            /* with them routing rules, which a flush of netfilter's tables leaves */
    bool rules_fragments;        /* and with size limits a table of nft that marks how long fragments are */
    enum config_backend backend; /* rules_backend: "auto", "nft", "iptables" */
    enum config_offload
        offload; /* offload: "off", "auto", "xdp", "tc": where the kernel's program forwards */
    char offload_pins[CONFIG_PATH_MAX]; /* the folder in which it outlives the daemon; CONFIG_NO_PINS: none */
    bool offload_unsolicited;           /* and drops what nobody outside was asked for, */
    bool offload_spin;                  /* and measures the spin bit */
    char control[CONFIG_PATH_MAX];      /* path of the control socket */
    uint16_t control_mode;              /* control_mode: permissions of the socket, 0600 to 0777 */
    char control_group[CONFIG_ACCOUNT_MAX]; /* control_group: of the socket; "": that of the process */
    char user[CONFIG_ACCOUNT_MAX];          /* user: that the daemon becomes; "": it stays who started it */
    enum config_seccomp seccomp;            /* seccomp: "enforce", "log", "off" */
    char secret[CONFIG_PATH_MAX];  /* path of the secret that nat.choice is keyed with; CONFIG_NO_SECRET: none
                                    */
    char state[CONFIG_PATH_MAX];   /* path of the folder of what outlives the daemon; CONFIG_NO_STATE: none */
    char metrics[CONFIG_PATH_MAX]; /* where metrics are served: read with config_listen_parse */
    char events_file[CONFIG_PATH_MAX]; /* events.file; CONFIG_NO_EVENTS: none */
    uint32_t events_syslog;            /* events.syslog: a facility (RFC 5424 6.2.1) or CONFIG_NO_SYSLOG */
    bool events_journal;               /* events.journal */
    enum config_anonymise anonymise_addresses; /* anonymise.addresses: "clear", "prefix-preserving", "cut" */
    enum config_anonymise anonymise_names;     /* anonymise.names: "clear", "keyed", "cut" */
    bool anonymise_logs;                       /* anonymise.logs */
    char anonymise_key[CONFIG_PATH_MAX];       /* anonymise.key; CONFIG_NO_SECRET: another at each start */
    char cluster_store[CONFIG_PATH_MAX];       /* cluster.store: socket of the Redis of this router alone;
                                                  CONFIG_NO_FILE: there is no other router, and the rest of
                                                  the group says nothing */
    char cluster_peer_store[CONFIG_PATH_MAX];  /* cluster.peer_store: of the copy of the other router's */
    char cluster_site[CONFIG_ACCOUNT_MAX];     /* cluster.site: what the two have in common */
    char cluster_router[CONFIG_ACCOUNT_MAX];   /* cluster.router: the name of this one */
    char cluster_peer[CONFIG_ACCOUNT_MAX];     /* cluster.peer: the name of the other one */
    unsigned cluster_peer_count;
    struct config_peer *cluster_peers; /* cluster.peers = ( { router; store; mark; } ), in the place of these
                                          two: read with config_peers */
    unsigned cluster_owner_count;
    struct config_owner *cluster_owners;      /* cluster.owners = ( { address; prefixes; routers; } ) */
    char cluster_user[CONFIG_ACCOUNT_MAX];    /* cluster.user: of Redis; "": the default user */
    char cluster_password[CONFIG_PATH_MAX];   /* cluster.password: path of a file; CONFIG_NO_SECRET: none */
    enum config_follow cluster_follow;        /* cluster.follow: "address", "command" */
    char cluster_address[CONFIG_ADDRESS_MAX]; /* cluster.address: whoever has it is active; "": the first
                                                 of nat.external */
    uint32_t cluster_flush_ms;                /* cluster.flush: between two looks at what changed */
    uint32_t cluster_refresh_s;               /* cluster.refresh: how old the copy of an idle time may be */
    enum qw_log_level log_level;              /* log: "error", "warning", "info", "debug" */
};

/* Does another router stand behind this one? */
bool config_has_cluster(const struct config *config);

/* The other routers, by cluster.peers, or by cluster.peer and cluster.peer_store. Returns how many. */
unsigned config_peers(const struct config *config, struct config_peer out[static CONFIG_PEERS_MAX]);

/* The address that whoever is active has, as of cluster.address. False: there is none to follow. */
bool config_cluster_address(const struct config *config, struct qw_addr *out, enum qw_family *family);

#define CONFIG_TIMER_MIN_S 120
#define CONFIG_NO_SECRET "none" /* in the place of a path: another secret at each start */

#define CONFIG_NO_PINS "none"  /* in the place of a path: the fast path ends with the process */
#define CONFIG_NO_STATE "none" /* in the place of a path: flows and mappings end with the process */

#define CONFIG_NO_FILE "none" /* in the place of a path: there is none */

#define CONFIG_COLLECTOR_NONE "off" /* nothing is sent */

/* A collector of IPFIX (RFC 7011). */
struct config_collector {
    enum { CONFIG_COLLECTOR_OFF, CONFIG_COLLECTOR_UDP, CONFIG_COLLECTOR_TCP, CONFIG_COLLECTOR_TLS } kind;
    enum qw_family family;
    struct qw_endpoint endpoint;
};

/* Reads "off", "udp:192.0.2.9:4739", "tcp:[2001:db8::9]:4739" and "tls:192.0.2.9:4740". False, and *out
 * unchanged, for anything else. */
bool config_collector_parse(const char *text, struct config_collector *out);

#define CONFIG_LISTEN_NONE "off" /* nothing listens */

/* A place to listen at. */
struct config_listen {
    enum {
        CONFIG_LISTEN_OFF,
        CONFIG_LISTEN_ADDRESS,
        CONFIG_LISTEN_ALL, /* all addresses of both families */
        CONFIG_LISTEN_PATH /* a unix socket: the text is its path */
    } kind;
    enum qw_family family;
    struct qw_endpoint endpoint;
};

/* Reads "off", "9477" (on 127.0.0.1), "192.0.2.1:9477", "[2001:db8::1]:9477", "*:9477" and absolute paths.
 * False, and *out unchanged, for anything else. */
bool config_listen_parse(const char *text, struct config_listen *out);
#define CONFIG_NO_EVENTS "none" /* in the place of a path: events are written to no file */
#define CONFIG_NO_SYSLOG 255

/* The name of a daemon that is not given one. Others have a control socket of their own by default:
 * /run/quicward-NAME/control.sock. The default of `state` is the folder of the control socket. */
#define CONFIG_INSTANCE_DEFAULT "main"

/* Reads and validates `path`. Every error of the file is written to `errors`, one a line:
 *     FILE:LINE: what is wrong, the value quoted, what is allowed
 * or "FILE: ..." where no line is to blame (a missing key). Unknown keys are errors and name the nearest
 * known key. A relative `path` is seen from the working directory, one in an @include from the file that has
 * it. QW_OK and *out (owned by the caller, config_free); QW_ERR_INVALID when the file has errors;
 * QW_ERR_SYSTEM when it cannot be read (one line "FILE: reason" is written); QW_ERR_NO_MEMORY. *out is NULL
 * unless QW_OK. */
enum qw_error config_load(const char *path, FILE *errors, struct config **out);
void config_free(struct config *config);

/* As config_load. In a file without errors it also looks for what is allowed and cannot be meant: rules that
 * never match, groups and lists that nobody uses, limits of which one makes the other pointless. Each is
 * written to `errors` as "FILE:LINE: warning: ..." and counted in *warnings. */
enum qw_error config_check(const char *path, FILE *errors, unsigned *warnings, struct config **out);

/* What is understood of a file that config_load refuses, in as far as kernel rules are made of it: keys with
 * a mistake, and those that are missing, have their built-in values; a side of interfaces with a mistake has
 * none; and a mode that is not understood is CONFIG_NAT, in which nothing may pass. No error is told. QW_OK
 * and *out (owned by the caller, config_free); QW_ERR_SYSTEM when the file is not there or cannot be read at
 * all; QW_ERR_NO_MEMORY. *out is NULL unless QW_OK. */
enum qw_error config_load_known(const char *path, struct config **out);

/* The built-in values of every optional key: what a file that says nothing gets. *out owns nothing. */
void config_defaults(struct config *out);

/* A copy that shares nothing with `config`; NULL when memory is short. The caller owns it, config_free. */
struct config *config_copy(const struct config *config);

/* Writes the whole configuration, every key in schema order (those of nat in mode "nat" only), as a file that
 * config_load reads back to the same struct. */
void config_print(const struct config *config, FILE *out);

/* Writes a line to `errors` (NULL: nowhere) for each key that differs between `a` and `b` and that a running
 * daemon cannot change, with the place where `b` has it; `path` is the file of `b`. Returns how many: 0 when
 * a reload can take `b`. */
unsigned config_fixed_differences(const struct config *a, const struct config *b, const char *path,
                                  FILE *errors);

/* Is `named`, as keys have it, a pattern ("ppp*")? */
bool config_interface_is_pattern(const char *named);

/* Is all that `name` stands for, an interface or a pattern, among what `named` stands for? */
bool config_interface_covers(const char *named, const char *name);

/* The number of the entry that covers `name`, from 0 on; -1: none does. */
int config_interface_find(const struct config_interfaces *interfaces, const char *name);

/* Is what these two IPv4 addresses say to each other not translated, by nat.except? */
bool config_is_excepted(const struct config *config, const struct qw_addr *one, const struct qw_addr *other);

/* How many ports all forwards have. */
unsigned config_forwarded_ports(const struct config *config);

/* The most flows that one inside host (an IPv4 address, an IPv6 /64) may have begun. */
uint32_t config_flows_per_host(const struct config *config);

/* The port ranges of nat.ports, the default where `nat_ports` is empty; *count is 1 or more. The caller owns
 * nothing; it stays as long as `config` does. */
const struct qw_port_range *config_nat_ports(const struct config *config, unsigned *count);

/* The ports that may be handed out on every external address, those of forwards among them: nat.ports without
 * nat.exclude and the ports of reflection attacks (base/ports.h). */
void config_nat_usable(const struct config *config, uint64_t out[static QW_PORT_WORDS]);

/* The words of the file for a value: "nat", "accept", "out", "v1" or "0x1a2a3a4a". */
#define CONFIG_VERSION_TEXT_MAX 11
const char *config_mode_text(enum config_mode mode);
const char *config_action_text(enum config_action action);
const char *config_direction_text(enum config_direction direction); /* "any" has no word in a file */
char *config_version_text(uint32_t version, char out[static CONFIG_VERSION_TEXT_MAX]);

/* Reads "v1", "v2" or "0x" and up to eight hexadecimal digits. False for others, and for version 0, which
 * no flow begins with (RFC 8999 6). */
bool config_version_parse(const char *text, uint32_t *out);

/* Whether `len` bytes are a host name as rules and lists of names take it: "www.example.org" for that name,
 * ".example.org" for it and all below, "*.example.org" for all below; a dot may end it. Labels have 1 to 63
 * letters, digits, "-" and "_"; names in other scripts are written in their "xn--" form. */
bool config_host_name(const char *text, size_t len);

#endif
