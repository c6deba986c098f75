/* What is counted. Each row is at once the field of the sums, the word in JSON, the line in `quicward stats`,
 * the metric's name and the entry in the manual. */
#ifndef QUICWARD_BASE_COUNTER_H
#define QUICWARD_BASE_COUNTER_H

#include <stddef.h>
#include <stdint.h>

/* X(field, "word", KIND, SCOPE, "unit", "what it counts")
 *   word    where JSON has it: "hellos.read" is "read" in the object "hellos"
 *   KIND    COUNTER only grows; GAUGE is how it is now
 *   SCOPE   ANY mode, or NAT: in mode nat only */
#define QW_COUNTERS(X)                                                                                       \
    X(packets, "packets", COUNTER, ANY, "packets", "packets handled")                                        \
    X(accepted, "accepted", COUNTER, ANY, "packets", "packets passed")                                       \
    X(dropped, "dropped", COUNTER, ANY, "packets", "packets dropped")                                        \
    X(marked, "marked", COUNTER, ANY, "packets",                                                             \
      "packets that got a mark on their way to the router that owns their host or address")                  \
    X(flows_attempts, "flows.attempts", GAUGE, ANY, "flows", "flows that nobody answered yet")               \
    X(flows_answered, "flows.answered", GAUGE, ANY, "flows", "flows in which both sides spoke")              \
    X(flows_returned, "flows.returned", GAUGE, ANY, "flows",                                                 \
      "flows of flows.answered whose first side spoke again after the answer")                               \
    X(flows_known, "flows.confirmed", GAUGE, ANY, "flows", "flows of confirmed QUIC")                        \
    X(flows_max, "flows.max", GAUGE, ANY, "flows", "flows that the table has room for")                      \
    X(flows_created, "created", COUNTER, ANY, "flows", "flows that began")                                   \
    X(flows_expired, "expired", COUNTER, ANY, "flows", "flows ended by their idle timer")                    \
    X(flows_evicted, "evicted", COUNTER, ANY, "flows", "flows ended because the table was full")             \
    X(flows_unmapped, "unmapped", COUNTER, ANY, "flows",                                                     \
      "flows ended because their external address vanished")                                                 \
    X(flows_confirmed, "confirmed", COUNTER, ANY, "flows", "flows whose QUIC handshake was confirmed")       \
    X(handshakes_displaced, "handshakes_displaced", COUNTER, ANY, "handshakes",                              \
      "handshakes no longer followed, because flows.handshakes were in use")                                 \
    X(hellos, "hellos.read", COUNTER, ANY, "hellos", "ClientHellos read")                                    \
    X(hellos_unreadable, "hellos.unreadable", COUNTER, ANY, "hellos",                                        \
      "ClientHellos given up: malformed, too long, no memory")                                               \
    X(held, "hellos.held", COUNTER, ANY, "packets", "packets that waited for the rest of a ClientHello")     \
    X(hold_limits, "hellos.limits", COUNTER, ANY, "attempts", "decisions forced by a limit of hold")         \
    X(replies, "hellos.replies", COUNTER, ANY, "messages", "ICMP messages sent, other than PTBs")            \
    X(replies_refused, "hellos.replies_refused", COUNTER, ANY, "messages",                                   \
      "ICMP messages suppressed by reject.rate or reject.per_host")                                          \
    X(initials_opened, "initials.opened", COUNTER, ANY, "datagrams",                                         \
      "datagrams whose Initials were decrypted")                                                             \
    X(initials_over, "initials.over", COUNTER, ANY, "datagrams",                                             \
      "datagrams whose Initials were not decrypted, because of initials.rate or initials.per_source")        \
    X(guard_exceeded, "guard.exceeded", COUNTER, ANY, "packets",                                             \
      "packets of servers beyond guard_factor times the bytes of their unproven clients")                    \
    X(ptbs, "ptbs", COUNTER, ANY, "messages", "PTBs sent")                                                   \
    X(ptbs_refused, "ptbs_refused", COUNTER, ANY, "messages", "PTBs suppressed by ptb.rate or ptb.per_host") \
    X(fast_packets, "fast.packets", COUNTER, ANY, "packets",                                                 \
      "packets that the fast path forwarded without the queue, as far as its counts were collected")         \
    X(fast_bytes, "fast.bytes", COUNTER, ANY, "bytes", "bytes of these packets, IP headers included")        \
    X(mappings, "nat.mappings", GAUGE, NAT, "mappings", "mappings, without forwards")                        \
    X(nat_ports, "nat.ports", GAUGE, NAT, "ports",                                                           \
      "ports that may be handed out now, on all external addresses")                                         \
    X(nat_resting, "nat.resting", GAUGE, NAT, "ports", "ports that rest after their mapping ended")          \
    X(mappings_created, "nat.created", COUNTER, NAT, "mappings", "mappings made")                            \
    X(mappings_removed, "nat.removed", COUNTER, NAT, "mappings", "mappings ended")                           \
    X(refused_port, "nat.refused.port", COUNTER, NAT, "mappings", "mappings refused: no port was free")      \
    X(refused_host, "nat.refused.host", COUNTER, NAT, "mappings", "mappings refused by nat.per_host")        \
    X(refused_share, "nat.refused.share", COUNTER, NAT, "mappings",                                          \
      "mappings refused: ports were scarce, and the host had its fair share")                                \
    X(refused_address, "nat.refused.address", COUNTER, NAT, "mappings",                                      \
      "mappings refused: no external address was known")

enum qw_counter {
#define X(field, word, kind, scope, unit, meaning) QW_COUNTER_##field,
    QW_COUNTERS(X)
#undef X
        QW_COUNTERS_END
};

/* The sums, by name and by number. */
union qw_counters {
    struct {
#define X(field, word, kind, scope, unit, meaning) uint64_t field;
        QW_COUNTERS(X)
#undef X
    };
    uint64_t all[QW_COUNTERS_END];
};

struct qw_counter_row {
    const char *word, *unit, *meaning; /* static strings */
    enum { QW_KIND_COUNTER, QW_KIND_GAUGE } kind;
    enum { QW_SCOPE_ANY, QW_SCOPE_NAT } scope;
};

extern const struct qw_counter_row QW_COUNTER_ROWS[QW_COUNTERS_END];

/* Likewise of each netfilter queue: what the kernel says of it, and what its worker counted. In JSON
 * "queues.waiting" is "waiting" in each object of the list "queues". */
#define QW_QUEUE_COUNTERS(X)                                                                                 \
    X(packets, "queues.packets", COUNTER, ANY, "packets", "packets received by the worker")                  \
    X(waiting, "queues.waiting", GAUGE, ANY, "packets",                                                      \
      "packets in the queue, including those that are held")                                                 \
    X(queue_dropped, "queues.queue_dropped", COUNTER, ANY, "packets",                                        \
      "packets that the kernel dropped because the queue was full")                                          \
    X(user_dropped, "queues.user_dropped", COUNTER, ANY, "packets",                                          \
      "packets that the kernel dropped because netlink could not deliver them")                              \
    X(overruns, "queues.overruns", COUNTER, ANY, "times",                                                    \
      "times that the kernel told the worker of such a loss")                                                \
    X(rebinds, "queues.rebinds", COUNTER, ANY, "times", "times the worker had to bind the queue again")      \
    X(replies_failed, "queues.replies_failed", COUNTER, ANY, "messages",                                     \
      "ICMP messages that the kernel refused to send")                                                       \
    X(unseen, "queues.unseen", COUNTER, ANY, "packets",                                                      \
      "packets that passed without being judged: the socket was full, or the worker hung")                   \
    X(newcomers_dropped, "queues.newcomers_dropped", COUNTER, ANY, "packets",                                \
      "packets of unanswered flows that were dropped unjudged, because more came than a worker can judge")

enum qw_queue_counter {
#define X(field, word, kind, scope, unit, meaning) QW_QUEUE_COUNTER_##field,
    QW_QUEUE_COUNTERS(X)
#undef X
        QW_QUEUE_COUNTERS_END
};

union qw_queue_counters {
    struct {
#define X(field, word, kind, scope, unit, meaning) uint64_t field;
        QW_QUEUE_COUNTERS(X)
#undef X
    };
    uint64_t all[QW_QUEUE_COUNTERS_END];
};

extern const struct qw_counter_row QW_QUEUE_COUNTER_ROWS[QW_QUEUE_COUNTERS_END];

/* The last part of a row's word: what it is called in its object. */
const char *qw_counter_name(const struct qw_counter_row *row);

#endif
