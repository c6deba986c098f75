/* What happened, for logs: one table of kinds, in all modes. */
#ifndef QUICWARD_ENGINE_EVENTS_H
#define QUICWARD_ENGINE_EVENTS_H

#include <quicward/base/addr.h>
#include <quicward/base/reason.h>
#include <quicward/base/time.h>
#include <stddef.h>
#include <stdint.h>

struct engine;

/* The fields that an event of a kind may have. */
enum engine_event_field {
    ENGINE_FIELD_INSIDE = 1 << 0,    /* inside endpoint of a mapping; port 0: not known */
    ENGINE_FIELD_EXTERNAL = 1 << 1,  /* its external endpoint, likewise */
    ENGINE_FIELD_ADDRESS = 1 << 2,   /* an external address, zero for none */
    ENGINE_FIELD_FLOW = 1 << 3,      /* client and server */
    ENGINE_FIELD_VERSION = 1 << 4,   /* of QUIC */
    ENGINE_FIELD_REASON = 1 << 5,    /* why a packet was dropped */
    ENGINE_FIELD_RULE = 1 << 6,      /* name of the rule; "" for the default */
    ENGINE_FIELD_COUNT = 1 << 7,     /* how many like this one it stands for */
    ENGINE_FIELD_TEXT = 1 << 8,      /* words for people */
    ENGINE_FIELD_BLOCK = 1 << 9,     /* inside address, external address and its ports up to last_port */
    ENGINE_FIELD_CONTINUES = 1 << 10 /* the older flow */
};

/* X(NAME, "word", fields, "what happened") */
#define ENGINE_EVENTS(X)                                                                                     \
    X(MAPPING_CREATED, "mapping-created", ENGINE_FIELD_INSIDE | ENGINE_FIELD_EXTERNAL,                       \
      "an inside endpoint got an external endpoint")                                                         \
    X(MAPPING_REMOVED, "mapping-removed", ENGINE_FIELD_INSIDE | ENGINE_FIELD_EXTERNAL,                       \
      "its last flow ended, or its external address vanished")                                               \
    X(BLOCK_ASSIGNED, "block-assigned", ENGINE_FIELD_BLOCK,                                                  \
      "a host got a block of ports; all its mappings are in its blocks (nat.block)")                         \
    X(BLOCK_RELEASED, "block-released", ENGINE_FIELD_BLOCK,                                                  \
      "a host has a block of ports no longer, and no mapping in it")                                         \
    X(NO_PORT, "no-port", ENGINE_FIELD_INSIDE | ENGINE_FIELD_COUNT, "mappings refused: no port is free")     \
    X(HOST_LIMIT, "host-limit", ENGINE_FIELD_INSIDE | ENGINE_FIELD_COUNT,                                    \
      "mappings refused: the host has as many as it may have")                                               \
    X(NO_ADDRESS, "no-address", ENGINE_FIELD_INSIDE | ENGINE_FIELD_COUNT,                                    \
      "mappings refused: there is no external address")                                                      \
    X(PORT_SHARE, "port-share", ENGINE_FIELD_INSIDE | ENGINE_FIELD_COUNT,                                    \
      "mappings refused: ports are scarce, and the host has its fair share")                                 \
    X(FLOW_LIMIT, "flow-limit", ENGINE_FIELD_FLOW | ENGINE_FIELD_COUNT,                                      \
      "flows refused: the inside host has as many as it may have")                                           \
    X(FLOW_SHARE, "flow-share", ENGINE_FIELD_FLOW | ENGINE_FIELD_COUNT,                                      \
      "flows refused: flows are scarce, and the source has its fair share")                                  \
    X(SPOOFED, "spoofed", ENGINE_FIELD_FLOW | ENGINE_FIELD_COUNT,                                            \
      "packets from inside dropped: no host inside has their source address")                                \
    X(INITIALS_OVER, "initials-over", ENGINE_FIELD_FLOW | ENGINE_FIELD_COUNT,                                \
      "Initials not decrypted, because of initials.rate or initials.per_source")                             \
    X(AMPLIFICATION, "amplification", ENGINE_FIELD_FLOW | ENGINE_FIELD_COUNT,                                \
      "a server inside sends more than it may to a client that has not proven its address")                  \
    X(TABLE_FULL, "table-full", ENGINE_FIELD_FLOW | ENGINE_FIELD_COUNT,                                      \
      "first packets dropped: the flow table has no room")                                                   \
    X(ADDRESS_CHANGED, "address-changed", ENGINE_FIELD_ADDRESS,                                              \
      "the router has another external address, or none")                                                    \
    X(FLOW_CONFIRMED, "flow-confirmed", ENGINE_FIELD_FLOW | ENGINE_FIELD_VERSION,                            \
      "a QUIC handshake was seen from both ends")                                                            \
    X(FLOW_CONTINUES, "flow-continues", ENGINE_FIELD_FLOW | ENGINE_FIELD_CONTINUES,                          \
      "the flow may continue the connection of an older one, by its connection ID; a hint, not a proof")     \
    X(FLOW_REFUSED, "flow-refused",                                                                          \
      ENGINE_FIELD_FLOW | ENGINE_FIELD_REASON | ENGINE_FIELD_RULE | ENGINE_FIELD_COUNT,                      \
      "flows or attempts that the rules refused")                                                            \
    X(STARTED, "started", ENGINE_FIELD_TEXT,                                                                 \
      "the daemon started; it has only the mappings for which events follow")                                \
    X(STOPPED, "stopped", ENGINE_FIELD_TEXT, "the daemon stops, and its mappings end with it")               \
    X(QUEUE_LOST, "queue-lost", ENGINE_FIELD_TEXT, "a netfilter queue was lost and is bound again")          \
    X(NEWCOMERS_DROPPED, "newcomers-dropped", ENGINE_FIELD_TEXT | ENGINE_FIELD_COUNT,                        \
      "packets of unanswered flows were dropped: more came than a worker can judge")                         \
    X(QUEUE_FULL, "queue-full", ENGINE_FIELD_TEXT | ENGINE_FIELD_COUNT,                                      \
      "packets that the kernel dropped because a netfilter queue or its socket was full")                    \
    X(THROTTLE_BEGAN, "throttle-began", ENGINE_FIELD_TEXT, "a throttle blocks a share of the flows")         \
    X(THROTTLE_CHANGED, "throttle-changed", ENGINE_FIELD_TEXT,                                               \
      "the share changed by five percent of the flows or more")                                              \
    X(THROTTLE_ENDED, "throttle-ended", ENGINE_FIELD_TEXT, "a throttle blocks no flow any more")             \
    X(RULES_RESTORED, "rules-restored", ENGINE_FIELD_TEXT,                                                   \
      "another program removed or moved the kernel rules, and the daemon restored them")                     \
    X(TAKEOVER, "takeover", ENGINE_FIELD_TEXT,                                                               \
      "this router became the active one of a pair, with the flows of the other")                            \
    X(STANDS_BY, "stands-by", ENGINE_FIELD_TEXT, "this router is the active one of a pair no longer")        \
    X(STORE_DOWN, "store-down", ENGINE_FIELD_TEXT, "a store of the pair does not answer, or refuses")        \
    X(STORE_UP, "store-up", ENGINE_FIELD_TEXT, "a store of the pair answers again")                          \
    X(PEER_MISMATCH, "peer-mismatch", ENGINE_FIELD_TEXT,                                                     \
      "the other router has another configuration or version: its flows cannot be taken over")               \
    X(SPLIT_BRAIN, "split-brain", ENGINE_FIELD_TEXT, "both routers of a pair say that they are active")      \
    X(RELOADED, "reloaded", ENGINE_FIELD_TEXT, "the configuration was read again")                           \
    X(RELOAD_REFUSED, "reload-refused", ENGINE_FIELD_TEXT, "the configuration had mistakes; nothing changed")

enum engine_event_kind {
#define X(name, word, fields, meaning) ENGINE_EVENT_##name,
    ENGINE_EVENTS(X)
#undef X
        ENGINE_EVENT_KINDS
};

struct engine_event_row {
    const char *word, *meaning; /* static strings */
    unsigned fields;            /* enum engine_event_field */
};
extern const struct engine_event_row ENGINE_EVENT_ROWS[ENGINE_EVENT_KINDS];

#define ENGINE_EVENT_RULE_MAX 64
#define ENGINE_EVENT_TEXT_MAX 120

/* Fields that its kind lacks are zero. */
struct engine_event {
    uint64_t number; /* 1, 2, ... without a gap, so that a reader sees what it missed */
    enum engine_event_kind kind;
    struct qw_time time;
    enum qw_family family; /* of the endpoints */
    struct qw_endpoint inside, external, client, server;
    uint16_t last_port; /* of a block that begins at external.port */
    uint64_t flow;      /* id; 0: none */
    uint64_t continues; /* id of the older flow */
    uint32_t version;
    enum qw_reason reason;
    uint64_t count;
    char rule[ENGINE_EVENT_RULE_MAX], text[ENGINE_EVENT_TEXT_MAX]; /* NUL-terminated */
};

/* Numbers `event` (read during the call; its own number does not matter) and keeps it: for what happens
 * around the engine. Any thread. */
void engine_tell(struct engine *engine, const struct engine_event *event);

/* Copies up to `max` events after number *after (0: the oldest kept), moves *after on, returns how many. Of
 * mappings and confirmed flows, which come by the thousand, the newest 4,096 are kept, and of all other
 * events the newest 4,096; where `number` jumps, some were missed. Any thread. */
size_t engine_events(struct engine *engine, uint64_t *after, struct engine_event *out, size_t max);

#endif
