/* What a router looks like, as plain facts, and what follows from them: a configuration that fits, and what
 * is wrong with a router that runs. io fills the facts (quicward/io.h), tests make them up; nothing here asks
 * the kernel. */
#ifndef QUICWARD_SURVEY_H
#define QUICWARD_SURVEY_H

#include <quicward/base/addr.h>
#include <quicward/base/ports.h>
#include <quicward/config.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* ---- facts ---- */

#define SURVEY_INTERFACES_MAX 256 /* more are counted and not looked at */
#define SURVEY_ADDRESSES_MAX 8    /* of one interface */
#define SURVEY_QUEUES_MAX 64      /* that somebody has */
#define SURVEY_WORD_MAX 16
#define SURVEY_UNKNOWN (-1) /* in the place of a setting that does not exist or cannot be read */

struct survey_address {
    struct qw_addr addr;
    enum qw_family family;
    uint8_t bits; /* of its network */
    bool global;  /* its scope is not the link or the host */
};

/* A default route of the main table. */
struct survey_route {
    bool there;
    uint32_t metric; /* the smaller one is taken */
};

struct survey_interface {
    char name[CONFIG_INTERFACE_NAME_MAX];
    char kind[SURVEY_WORD_MAX]; /* the kernel's word: "bridge", "vlan", "ppp", "veth"; "": it has none */
    unsigned index, master;     /* `master`: index of the bridge, bond or vrf that it belongs to; 0: none */
    uint32_t mtu;
    bool up, carrier, loopback, ethernet;
    struct survey_route default4, default6;
    unsigned address_count;
    struct survey_address addresses[SURVEY_ADDRESSES_MAX];

    /* net.ipv4.conf.NAME and net.ipv6.conf.NAME, or SURVEY_UNKNOWN */
    int forwarding4, forwarding6, rp_filter, accept_local;

    /* offloads (ethtool -k): 1 on, 0 off, or SURVEY_UNKNOWN */
    int gro_forwarding; /* rx-udp-gro-forwarding */
    int gro_list;       /* rx-gro-list */
    int lro;            /* rx-lro */

    /* for a fast path; asked of the configuration's interfaces when there is to be one */
    char qdisc[SURVEY_WORD_MAX]; /* at its root; "": none, or not asked */
    int takes_frames;            /* its driver, or that of `below`, takes frames that XDP redirects: 1, 0, or
                                    SURVEY_UNKNOWN */
    char
        below[CONFIG_INTERFACE_NAME_MAX]; /* of a VLAN: the interface that its tagged frames pass; "": none */
    char below_kind[SURVEY_WORD_MAX], below_qdisc[SURVEY_WORD_MAX]; /* as above, of that */
    bool tags_hidden; /* that one may take tags off before XDP sees them */
};

/* A netfilter queue that somebody has. */
struct survey_queue {
    uint16_t number;
    uint32_t waiting;                     /* packets in it */
    uint32_t queue_dropped, user_dropped; /* since it was bound; they wrap */
    uint32_t last_id;                     /* number of the last packet; it wraps */
    unsigned pid;                         /* of a process that has it; 0: it cannot be seen */
    char process[SURVEY_WORD_MAX];        /* its name; "?": unknown */
};

struct survey_queues {
    bool known; /* false: the kernel has no netfilter queues, or does not tell */
    unsigned count;
    struct survey_queue list[SURVEY_QUEUES_MAX];
};

/* Where the rules of others come from. */
struct survey_others {
    bool docker, firewalld, ufw;
    bool flowtable;      /* some flowtable is there */
    bool translates;     /* a rule of the kernel's NAT stands at the outside interface, or at every one */
    char translator[96]; /* that rule */
};

#define SURVEY_FORWARDS_MAX 32

/* A rule that hands UDP from outside to a host inside. */
struct survey_forward {
    uint16_t port, to_port;
    struct qw_addr to; /* IPv4 */
};

/* Texts of io about the rules of others, each with the command that mends it. */
#define SURVEY_TEXTS_MAX 24
#define SURVEY_TEXT_MAX 640

struct survey_texts {
    unsigned count;
    char list[SURVEY_TEXTS_MAX][SURVEY_TEXT_MAX];
};

/* What the daemon said of itself. */
struct survey_daemon {
    bool runs;         /* a process has the instance's name */
    unsigned pid;      /* of that process; 0: unknown */
    bool answers;      /* the rest is known */
    char problem[256]; /* why it does not answer */
    enum config_mode mode;
    bool keeps_rules, rules_stand;
    uint64_t put_back; /* times */
    uint64_t packets;  /* that it judged since it started */
    bool no_external;  /* mode nat: it knows no external address */
};

/* What moves, at one moment. */
struct survey_moment {
    int64_t wall_ns;    /* the wall clock, since 1970 */
    uint64_t uptime_ns; /* the boot clock */
    uint64_t forwarded; /* IP packets that the kernel forwarded, both families, since the boot */
    struct survey_queues queues;
    struct survey_daemon daemon;
};

struct survey {
    unsigned interface_count, interfaces_left; /* `left`: beyond SURVEY_INTERFACES_MAX */
    struct survey_interface interfaces[SURVEY_INTERFACES_MAX];
    int forward4, forward6, rp_filter, accept_local; /* net.ipv4.conf.all and net.ipv6.conf.all */
    unsigned processors;

    /* rules */
    bool root;      /* the tools may be asked */
    bool nft_queue; /* nft can be used, and the kernel has its queue statement */
    bool iptables;  /* iptables can be used */
    char *rules;    /* what iptables-save, ip6tables-save and nft printed, each behind "#tool NAME"; owned by
                       whoever made the survey; NULL: not asked */

    struct survey_moment first, second; /* `second` is set for doctor only */
    bool twice;

    /* what depends on a configuration: io_survey_of */
    bool external_asked;     /* mode nat with "auto": the next one is known */
    struct qw_addr external; /* that packets leave the outside interface with; zero: it has none */
    bool rules_asked;        /* the next three are known */
    bool rules_stand;        /* all rules of the instance stand, as far as can be told */
    bool rules_guard;        /* the routing rules do, where they are to be */
    bool rules_marks;        /* the table that measures fragments does, where it is to be */
    bool ports_known;
    struct qw_port_count ports_left; /* that may be mapped to; mode nat */
    unsigned taken_count;            /* ports of nat.forwards that a program of the router has */
    uint16_t taken[SURVEY_FORWARDS_MAX];
    struct survey_texts advice; /* about rules of others */

    bool clock_synced; /* the kernel's clock follows another one */
};

/* By name, or by index; NULL when there is none. */
const struct survey_interface *survey_find(const struct survey *survey, const char *name);
const struct survey_interface *survey_find_index(const struct survey *survey, unsigned index);

/* The first address of a family with global scope; NULL: none. */
const struct survey_address *survey_address_of(const struct survey_interface *interface,
                                               enum qw_family family);

/* Is it an address that is not routed in the internet (RFC 1918, RFC 6598, RFC 3927)? IPv4. */
bool survey_is_private(const struct qw_addr *addr);

/* Reads `survey->rules` (NULL: nothing is found) for who made them. `outside` may be NULL. */
void survey_read_others(const char *rules, const char *outside, struct survey_others *out);

/* Reads the same text for rules that hand UDP to a host inside; returns how many, SURVEY_FORWARDS_MAX at
 * most. */
unsigned survey_read_forwards(const char *rules, struct survey_forward out[static SURVEY_FORWARDS_MAX]);

/* ---- init: a configuration that fits ---- */

/* Why an interface has its side, or none. */
enum survey_role {
    SURVEY_INSIDE,
    SURVEY_OUTSIDE,
    SURVEY_SPARE_OUTSIDE, /* a second way out, which external = "auto" has no place for */
    SURVEY_LOOPBACK,
    SURVEY_DOWN,
    SURVEY_PORT,      /* belongs to a bridge or bond */
    SURVEY_CONTAINER, /* a bridge of Docker, libvirt and the like, or an end of one */
    SURVEY_TUNNEL,    /* of a VPN */
    SURVEY_NO_ADDRESS,
    SURVEY_ODD_NAME /* a configuration cannot have it */
};

struct survey_plan {
    enum config_mode mode;
    struct config_interfaces inside, outside;
    bool inside_found, outside_found; /* else the name in its place is an invented one */
    bool guessed;                     /* outside was told by its address or name, not by a route */
    uint16_t queue_first, workers;
    bool masquerade;
    enum survey_role roles[SURVEY_INTERFACES_MAX]; /* of the interfaces, in their order */
    struct survey_others others;
    unsigned forward_count;
    struct survey_forward forwards[SURVEY_FORWARDS_MAX];
};

/* Chooses sides, queues and the like. */
void survey_plan_make(const struct survey *survey, enum config_mode mode, struct survey_plan *out);

/* The configuration that survey_plan_print writes, as far as it concerns the router around. *out owns
 * nothing. */
void survey_plan_config(const struct survey_plan *plan, struct config *out);

/* Writes a commented configuration, which `quicward check --strict` finds good: what was found, what is
 * advised (`survey->advice` too), and the keys. */
void survey_plan_print(const struct survey *survey, const struct survey_plan *plan, FILE *out);

/* ---- doctor: what is wrong ---- */

/* X(WORD, "word", "what it is about") */
#define SURVEY_TOPICS(X)                                                                                     \
    X(DAEMON, "daemon", "a daemon runs, and answers")                                                        \
    X(MODULES, "modules", "the kernel and its tools have what is needed")                                    \
    X(QUEUES, "queues", "the queues are the daemon's, and nothing is lost in them")                          \
    X(RULES, "rules", "the kernel rules stand, and nothing of others is in their way")                       \
    X(COUNTERS, "counters", "what the kernel forwards comes to the daemon")                                  \
    X(INTERFACES, "interfaces", "the interfaces are there, and the routes lead by them")                     \
    X(FORWARDING, "forwarding", "the kernel forwards")                                                       \
    X(FILTER, "rp_filter", "the kernel's check of source addresses lets answers in")                         \
    X(OFFLOADS, "offloads", "packets come to the queue as they were sent")                                   \
    X(FAST_PATH, "fast-path", "nothing is in the way of the fast path, and it goes around nothing")          \
    X(MTU, "mtu", "packets fit the links")                                                                   \
    X(ADDRESSES, "addresses", "there is an external address, and it is a public one")                        \
    X(PORTS, "ports", "programs of the router have no port that is to be mapped or forwarded")               \
    X(CLOCK, "clock", "the clock is right")

enum survey_topic {
#define X(name, word, meaning) SURVEY_ABOUT_##name,
    SURVEY_TOPICS(X)
#undef X
        SURVEY_TOPIC_COUNT
};

const char *survey_topic_word(enum survey_topic topic);

#define SURVEY_FINDINGS_MAX 64

struct survey_finding {
    enum survey_topic topic;
    bool note;                    /* worth knowing, and no fault */
    char what[SURVEY_TEXT_MAX];   /* one sentence, without a full stop */
    char remedy[SURVEY_TEXT_MAX]; /* what to do: a command in double quotes, or words; "": `what` says it */
};

struct survey_findings {
    unsigned count, faults; /* `faults`: those of them that are no notes */
    struct survey_finding list[SURVEY_FINDINGS_MAX];
};

/* What of the kernel's settings and addresses keeps packets from where they should go: the part of
 * survey_judge that the daemon itself says too. Needs interfaces and settings. */
void survey_judge_host(const struct config *config, const struct survey *survey, struct survey_findings *out);

/* Does a queueing discipline hold packets back, or drop them by rules, so that XDP must not go around it? */
bool survey_is_shaper(const char *qdisc);

/* What the interface `name` has that slows the fast path down, or that it goes around; nothing when
 * config->offload is off. The part of survey_judge that `quicward offload` says too. */
void survey_judge_fast(const struct config *config, const struct survey *survey, const char *name,
                       struct survey_findings *out);

/* Everything. `path` is where the configuration was read from, for commands. */
void survey_judge(const struct config *config, const char *path, const struct survey *survey,
                  struct survey_findings *out);

/* Adds one, unless the same is there or there is no room. Control characters become "?". */
void survey_add(struct survey_findings *out, enum survey_topic topic, bool note, const char *remedy,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
