/* Metrics for Prometheus: text exposition format 0.0.4, over HTTP. Names and labels are an API;
 * docs/metrics.md lists them. Every row of quicward/base/counter.h is one, so none can be forgotten.
 *
 * Labels name what the configuration has (queues, rules, throttled interfaces, external addresses) and words
 * of our own tables. None grows with traffic: no host, flow or name of a server is in them. */
#ifndef QUICWARD_METRICS_H
#define QUICWARD_METRICS_H

#include <quicward/base/error.h>
#include <quicward/engine.h>
#include <quicward/io.h>
#include <quicward/ipfix.h>
#include <quicward/peer.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* X(NAME, "name", TYPE, "help"): those that are no rows of counter.h. TYPE: COUNTER, GAUGE or HISTOGRAM. */
#define METRICS_FAMILIES(X)                                                                                  \
    X(INFO, "quicward_info", GAUGE, "1, with the version, the mode and the instance as labels")              \
    X(DROPS, "quicward_drops_total", COUNTER,                                                                \
      "packets dropped, by reason; in mode monitor, packets that mode firewall would have dropped")          \
    X(RULE_HITS, "quicward_rule_hits_total", COUNTER, "flows, or attempts, that a rule decided")             \
    X(HANDSHAKES, "quicward_handshakes_total", COUNTER, "QUIC handshakes, by version and outcome")           \
    X(HANDSHAKE_RTT, "quicward_handshake_rtt_seconds", HISTOGRAM,                                            \
      "round trip from end to end, from the handshake: one value for each handshake")                        \
    X(SPIN_RTT, "quicward_spin_rtt_seconds", HISTOGRAM,                                                      \
      "round trip from end to end, from the spin bit: one value for each flow and second in which it can "   \
      "be trusted")                                                                                          \
    X(NAT_ADDRESS_PORTS, "quicward_nat_address_ports", GAUGE, "ports of an external address, by state")      \
    X(THROTTLE_CAPACITY, "quicward_throttle_capacity_bytes_per_second", GAUGE, "what is configured")         \
    X(THROTTLE_OFFERED, "quicward_throttle_offered_bytes_per_second", GAUGE,                                 \
      "what came in the last interval")                                                                      \
    X(THROTTLE_PASSED, "quicward_throttle_passed_bytes_per_second", GAUGE,                                   \
      "what passed in the last interval")                                                                    \
    X(THROTTLE_SHARE, "quicward_throttle_share_ratio", GAUGE,                                                \
      "share of flows that is blocked, 0 to 1: of those that are not spared, of confirmed and of small "     \
      "ones")                                                                                                \
    X(THROTTLE_DROPS, "quicward_throttle_drops_total", COUNTER, "packets that the throttle dropped")         \
    X(THROTTLE_FLOWS, "quicward_throttle_flows", GAUGE,                                                      \
      "flows of the interface that are blocked now, were in the last ten seconds, or are spared")            \
    X(RULES_STANDING, "quicward_kernel_rules_standing", GAUGE, "1 while the kernel rules are as installed")  \
    X(RULES_PUT_BACK, "quicward_kernel_rules_put_back_total", COUNTER,                                       \
      "times that another program changed the kernel rules and the daemon repaired them")                    \
    X(IPFIX_CONNECTED, "quicward_ipfix_connected", GAUGE,                                                    \
      "1 while the collector takes records; over UDP always 1")                                              \
    X(IPFIX_RECORDS, "quicward_ipfix_records_total", COUNTER,                                                \
      "records for the collector: sent; and lost, because it did not take them or because events came too "  \
      "fast")                                                                                                \
    X(CLUSTER_ACTIVE, "quicward_cluster_active", GAUGE, "1 while this router is the active one of its pair") \
    X(CLUSTER_EPOCH, "quicward_cluster_epoch", GAUGE, "one more with each takeover of either router")        \
    X(CLUSTER_SPLIT, "quicward_cluster_split", GAUGE, "1 while both routers say that they are active")       \
    X(CLUSTER_MISMATCH, "quicward_cluster_mismatch", GAUGE,                                                  \
      "1 while the other router has another configuration, secret or version")                               \
    X(CLUSTER_STORE_UP, "quicward_cluster_store_up", GAUGE, "1 while the Redis answers")                     \
    X(CLUSTER_PEER_AGE, "quicward_cluster_peer_age_seconds", GAUGE,                                          \
      "since the other router last wrote its header")                                                        \
    X(CLUSTER_UNSENT, "quicward_cluster_unsent_seconds", GAUGE,                                              \
      "how long changes of flows have been waiting to be written")                                           \
    X(CLUSTER_FOREIGN, "quicward_cluster_foreign_flows", GAUGE,                                              \
      "flows of the other router in the copy here")                                                          \
    X(CLUSTER_WRITTEN, "quicward_cluster_written_total", COUNTER, "records of flows written")                \
    X(CLUSTER_ERRORS, "quicward_cluster_write_errors_total", COUNTER,                                        \
      "refusals of the Redis, and connections that broke")                                                   \
    X(CLUSTER_TAKEOVERS, "quicward_cluster_takeovers_total", COUNTER,                                        \
      "times that this router became active")                                                                \
    X(CLUSTER_FLOWS, "quicward_cluster_flows_total", COUNTER,                                                \
      "flows of the other router that takeovers met, by what became of them")                                \
    X(CPU, "process_cpu_seconds_total", COUNTER, "processor time used, in user mode and in the kernel")      \
    X(RESIDENT, "process_resident_memory_bytes", GAUGE, "memory that is resident")                           \
    X(VIRTUAL, "process_virtual_memory_bytes", GAUGE, "address space")                                       \
    X(THREADS, "process_threads", GAUGE, "threads")                                                          \
    X(OPEN_FDS, "process_open_fds", GAUGE, "file descriptors in use")                                        \
    X(MAX_FDS, "process_max_fds", GAUGE, "file descriptors that may be in use")                              \
    X(START_TIME, "process_start_time_seconds", GAUGE, "when the process started, in seconds since 1970")

/* What the kernel says of this process. */
struct metrics_process {
    bool known; /* else nothing is written of it */
    double cpu_s, start_s;
    uint64_t resident, virtual; /* bytes */
    uint64_t threads, open_fds, max_fds;
};

/* What is written; all borrowed for the call. */
struct metrics_view {
    const char *version, *instance;
    const struct engine_stats *stats;
    const struct engine_measured *measured;
    struct engine *engine; /* for its rules; NULL: none */
    const struct io_queue_stats *queues;
    unsigned queue_count;
    const struct io_rules_stats *kernel_rules; /* NULL, or not managed: nothing is written of them */
    const struct metrics_process *process;     /* NULL: likewise */
    const struct ipfix_stats *ipfix;           /* NULL, or off: likewise */
    const struct peer_stats *peer;             /* NULL, or off: likewise */
};

/* Writes all metrics. False when `out` failed. */
bool metrics_write(const struct metrics_view *view, FILE *out);

/* ---- served ---- */

struct metrics;

struct metrics_source {
    const char *version; /* a static string */
    char instance[CONFIG_INSTANCE_MAX];
    struct engine *engine;
    struct ipfix *ipfix;                                      /* may be NULL */
    struct peer_pair *peer;                                   /* may be NULL */
    struct io_queues *queues;                                 /* may be NULL */
    void (*rules)(void *context, struct io_rules_stats *out); /* may be NULL */
    void *context;
};

/* Was this program built with an HTTP server (libmicrohttpd)? */
bool metrics_available(void);

/* Opens the place to listen at that `listen` names (config_listen_parse has said yes to it), and what is read
 * of the process. An address need not exist yet. A socket file nobody listens on any more is replaced. QW_OK,
 * and *out is the caller's: NULL for "off". QW_ERR_SYSTEM with `error`, also when the program has no HTTP
 * server; QW_ERR_NO_MEMORY. Starts no thread. */
enum qw_error metrics_open(const char *listen, struct metrics **out, struct io_error *error);

/* Answers GET and HEAD of /metrics on a thread of its own until metrics_close. At most METRICS_CONNECTIONS
 * are served at once, one answer each; a reader that has not taken its answer METRICS_PATIENCE_S seconds
 * after it came is cut off. The source is copied, what it points to outlives the server. `metrics` NULL: does
 * nothing. QW_OK; QW_ERR_SYSTEM with `error`. */
#define METRICS_CONNECTIONS 8
#define METRICS_PATIENCE_S 10
enum qw_error metrics_start(struct metrics *metrics, const struct metrics_source *source,
                            struct io_error *error);

/* Ends the thread, closes, removes the socket file. `metrics` may be NULL. */
void metrics_close(struct metrics *metrics);

#endif
