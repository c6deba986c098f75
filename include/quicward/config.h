/* One file (libconfig syntax) -> one validated struct that nobody changes afterwards.
 * The schema in src/config/schema.c is the list of keys: parser, checks, messages and canonical print use it.
 */
#ifndef QUICWARD_CONFIG_H
#define QUICWARD_CONFIG_H

#include <quicward/base/addr.h>
#include <quicward/base/error.h>
#include <quicward/base/log.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CONFIG_INTERFACES_MAX 32
#define CONFIG_INTERFACE_NAME_MAX 16 /* IFNAMSIZ, NUL included */
#define CONFIG_WORKERS_MAX 64
#define CONFIG_PATH_MAX 108 /* sun_path, NUL included */

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
#define CONFIG_THROTTLES_MAX 16
#define CONFIG_SIZE_LIMITS_MAX 64

#define CONFIG_VERSION_1 0x00000001u /* "v1", RFC 9000 */
#define CONFIG_VERSION_2 0x6b3343cfu /* "v2", RFC 9369 */

enum config_mode { CONFIG_FIREWALL, CONFIG_MONITOR, CONFIG_NAT };
enum config_backend { CONFIG_RULES_AUTO, CONFIG_RULES_NFT, CONFIG_RULES_IPTABLES };
enum config_when_down { CONFIG_DOWN_DROP, CONFIG_DOWN_PASS };

struct config_interfaces {
    unsigned count;
    char names[CONFIG_INTERFACES_MAX][CONFIG_INTERFACE_NAME_MAX];
};

enum config_action { CONFIG_ACCEPT, CONFIG_DROP, CONFIG_REJECT };
enum config_direction { CONFIG_ANY, CONFIG_OUT, CONFIG_IN }; /* OUT: the flow begins inside */
enum config_quic { CONFIG_QUIC_INSPECT, CONFIG_QUIC_BYPASS, CONFIG_QUIC_BLOCK };
enum config_match { CONFIG_EITHER, CONFIG_NO, CONFIG_YES };
enum config_filtering { /* RFC 4787 5 */
                        CONFIG_ENDPOINT_INDEPENDENT,
                        CONFIG_ADDRESS_DEPENDENT,
                        CONFIG_ADDRESS_AND_PORT_DEPENDENT
};
enum config_traffic { CONFIG_ALL_UDP, CONFIG_ONLY_QUIC };

/* Lists of a rule. `count` 0: the rule does not ask. */
struct config_prefixes {
    unsigned count;
    struct qw_prefix *list;
};

struct config_ports {
    unsigned count;
    struct config_port_range {
        uint16_t first, last; /* both belong to it */
    } * list;
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
    char from_interface[CONFIG_INTERFACE_NAME_MAX]; /* "": any; one of inside or outside */
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
    enum config_action action;              /* required: "accept", "drop", "reject" */
};

/* A key of `groups`: addresses under a name, groups in it resolved. */
struct config_group {
    char *name;
    struct config_prefixes prefixes;
};

/* A key of `sni_lists`: a file of host names under a name. */
struct config_sni_list {
    char *name, *path; /* the path is absolute */
};

/* One of `nat.forwards`: an external endpoint that always stands for one inside endpoint. */
struct config_forward {
    unsigned line;         /* where it begins in the file that holds it */
    unsigned external;     /* index of the external address; 0 with "auto" */
    uint16_t port;         /* required, 1 to 65535; no two forwards share an external endpoint */
    struct qw_endpoint to; /* required, IPv4; no two forwards share it (RFC 4787 REQ-1) */
};

/* One of `throttles`: the UDP that one interface may carry one way. */
struct config_throttle {
    unsigned line;
    char interface[CONFIG_INTERFACE_NAME_MAX]; /* required, one of outside */
    enum config_direction direction;           /* required: CONFIG_OUT leaves by it, CONFIG_IN comes by it */
    uint64_t capacity;                         /* required, bits a second; "64k" to "1000G" */
};

/* One of `size_limits`: longer packets are dropped with a PTB when they may not be fragmented. */
struct config_size_limit {
    unsigned line;
    enum config_traffic traffic;               /* class: "quic" or "udp", which means all UDP */
    char interface[CONFIG_INTERFACE_NAME_MAX]; /* that the packet leaves by; "": any */
    uint32_t limit;                            /* bytes with the IP header, 1280 to 65535 (RFC 9000 14) */
};

/* Made by config_load (or config_copy) and freed by config_free alone: it owns the lists, so assigning one
 * struct to another shares them. */
struct config {
    enum config_mode mode;            /* "firewall", "monitor" or "nat" */
    struct config_interfaces inside;  /* required, at least one */
    struct config_interfaces outside; /* required, at least one; no name in both */

    uint16_t queue_first;            /* queue.first: number of the first queue */
    uint16_t workers;                /* queue.workers: one queue and one thread each */
    uint32_t queue_length;           /* queue.length: packets the kernel keeps waiting per queue */
    uint32_t copy_range;             /* queue.copy_range: bytes of a packet that are read */
    enum config_when_down when_down; /* queue.when_down: "drop" or "pass" while no daemon listens */

    uint32_t flows_max;      /* flows.max */
    uint32_t handshakes_max; /* flows.handshakes: handshakes followed at once */

    uint32_t timer_attempt_s;   /* timers.attempt, seconds; none below 120 (RFC 4787 REQ-5) */
    uint32_t timer_two_way_s;   /* timers.two_way */
    uint32_t timer_confirmed_s; /* timers.confirmed */

    enum config_quic quic;                      /* quic: "inspect", "bypass", "block" */
    enum config_action default_out, default_in; /* of flows that no rule matches */
    unsigned group_count;
    struct config_group *groups; /* groups = { lan = ["10.0.0.0/8", "@other"]; } */
    unsigned sni_list_count;
    struct config_sni_list *sni_lists; /* sni_lists = { ads = "ads.names"; }, seen from the file's folder */
    unsigned rule_count;
    struct config_rule *rules; /* rules = ( { ... }, { ... } ), in order */

    uint32_t hold_ms;          /* hold.time: how long a first datagram waits for the rest of a ClientHello */
    uint32_t hold_datagrams;   /* hold.datagrams: that wait of one flow */
    uint32_t hold_total;       /* hold.total: that wait of all flows of a worker */
    uint32_t reject_rate;      /* reject.rate: ICMP messages a second in all */
    uint32_t reject_per_host;  /* reject.per_host: a second towards one host */
    uint32_t hello_memory_kib; /* hello.memory: for ClientHellos in several packets */

    /* nat: in mode "nat" only; its keys are an error in others, and nat.external is then required in it */
    bool external_auto;      /* nat.external = "auto": the address of the one outside interface */
    unsigned external_count; /* nat.external = ["198.51.100.7"]; 1 with "auto" */
    struct qw_addr external[CONFIG_EXTERNAL_MAX]; /* IPv4; zero with "auto" */
    struct config_ports nat_ports;   /* nat.ports: read with config_nat_ports; empty means 1024-65535 */
    struct config_ports nat_exclude; /* nat.exclude: never handed out, beside the built-in reflection ports */
    enum config_filtering filtering; /* nat.filtering: "endpoint-independent", "address-dependent" (default),
                                        "address-and-port-dependent" */
    uint32_t nat_per_host;           /* nat.per_host: mappings of one inside host */
    uint32_t
        nat_hold_down_s; /* nat.hold_down: a released port rests for so long; at least 120 (6888 REQ-8) */
    enum config_action nat_exhausted; /* nat.exhausted: CONFIG_REJECT (default) or CONFIG_DROP */
    bool nat_masquerade; /* nat.masquerade: have the kernel translate what is no UDP to the first address */
    unsigned forward_count;
    struct config_forward *forwards; /* nat.forwards = ( { port = 443; to = "10.0.0.2:8443"; } ) */

    unsigned throttle_count;
    struct config_throttle *throttles; /* throttles = ( { interface; direction; capacity; } ) */
    uint32_t throttle_interval_ms;     /* throttle.interval: between two looks at the load */
    uint32_t throttle_gain; /* throttle.gain: percent of the way to the share that is needed, each time */
    uint32_t throttle_hysteresis; /* throttle.hysteresis: percent of the capacity, on either side of it */
    uint32_t throttle_floor, throttle_ceiling; /* throttle.floor, .ceiling: percent of flows blocked */
    bool throttle_spare_confirmed;             /* throttle.spare_confirmed */
    bool throttle_key_set;
    uint8_t throttle_key[16]; /* throttle.key: 32 hexadecimal digits; without it random at each start */

    unsigned size_limit_count;
    struct config_size_limit *size_limits; /* size_limits = ( { class; limit; interface; } ) */
    uint32_t ptb_rate;                     /* ptb.rate: PTBs a second in all */
    uint32_t ptb_per_host;                 /* ptb.per_host: a second towards one host */

    bool manage_rules;             /* install the kernel rules at start, remove them at the end */
    enum config_backend backend;   /* rules_backend: "auto", "nft", "iptables" */
    char control[CONFIG_PATH_MAX]; /* path of the control socket */
    enum qw_log_level log_level;   /* log: "error", "warning", "info", "debug" */
};

#define CONFIG_TIMER_MIN_S 120

/* Reads and validates `path`. Every error of the file is written to `errors`, one a line:
 *     FILE:LINE: what is wrong, the value quoted, what is allowed
 * or "FILE: ..." where no line is to blame (a missing key). Unknown keys are errors and name the nearest
 * known key. A relative `path` is seen from the working directory, one in an @include from the file that has
 * it. QW_OK and *out (owned by the caller, config_free); QW_ERR_INVALID when the file has errors;
 * QW_ERR_SYSTEM when it cannot be read (one line "FILE: reason" is written); QW_ERR_NO_MEMORY. *out is NULL
 * unless QW_OK. */
enum qw_error config_load(const char *path, FILE *errors, struct config **out);
void config_free(struct config *config);

/* The built-in values of every optional key: what a file that says nothing gets. *out owns nothing. */
void config_defaults(struct config *out);

/* A copy that shares nothing with `config`; NULL when memory is short. The caller owns it, config_free. */
struct config *config_copy(const struct config *config);

/* Writes the whole configuration, every key in schema order (those of nat in mode "nat" only), as a file that
 * config_load reads back to the same struct. */
void config_print(const struct config *config, FILE *out);

/* Names the first key that differs between `a` and `b` and that a running daemon cannot change (queues, table
 * sizes, interfaces, mode, nat, control path, rules), or NULL when a reload can take `b`. A static string. */
const char *config_fixed_difference(const struct config *a, const struct config *b);

/* The port ranges of nat.ports, the default where `nat_ports` is empty; *count is 1 or more. The caller owns
 * nothing; it stays as long as `config` does. */
const struct config_port_range *config_nat_ports(const struct config *config, unsigned *count);

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
