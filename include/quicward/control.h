/* Talking about the engine: text for people, JSON lines for programs, and the socket that carries requests.
 * Field names are an API; what is not known is null or absent, never made up. */
#ifndef QUICWARD_CONTROL_H
#define QUICWARD_CONTROL_H

#include <quicward/base/error.h>
#include <quicward/engine.h>
#include <quicward/io.h>
#include <quicward/peer.h>
#include <stdio.h>
#include <sys/types.h>

/* ---- views ---- */

/* One line of JSON, newline included, for a flow that lives. False when memory is short or `out` failed. */
bool control_flow_json(const struct engine_flow *flow, FILE *out);

/* Likewise for a flow that ended: the same fields, then "ended":"expired", "evicted" or
 * "unmapped". */
bool control_ended_json(const struct engine_flow *flow, enum flow_end why, FILE *out);

/* One line of JSON for a mapping; its age is that at `now`. */
bool control_mapping_json(const struct nat_mapping *mapping, struct qw_time now, FILE *out);

/* One line of JSON for an event, with the fields that apply to its kind. `epoch_ns` is the wall clock at the
 * time 0 of the event's clock, in nanoseconds since 1970. */
bool control_event_json(const struct engine_event *event, int64_t epoch_ns, FILE *out);

#define CONTROL_SINKS_MAX 3

struct control_sink_stats {
    const char *name;       /* "file", "syslog", "journal" */
    uint64_t written, lost; /* events */
};

/* One line of JSON: {"stats":{...}}, with the rules of `engine` and their hits; NULL: none are shown.
 * `queues` may be NULL with `queue_count` 0, `kernel_rules` NULL
 * (replay), and `sinks` NULL with `sink_count` 0. */
bool control_stats_json(const struct engine_stats *stats, struct engine *engine,
                        const struct io_queue_stats *queues, unsigned queue_count,
                        const struct io_rules_stats *kernel_rules, const struct control_sink_stats *sinks,
                        unsigned sink_count, FILE *out);

/* A table, its columns as wide as what stands in them; of the columns for translation and throttling only
 * those in which something stands. The client of a running daemon and replay show the same one. The caller
 * owns it; NULL when memory is short. */
enum control_rows { CONTROL_FLOWS, CONTROL_MAPPINGS };
struct control_table *control_table_new(enum control_rows rows);
void control_table_free(struct control_table *table);

/* Adds a row for a line that control_flow_json or control_ended_json wrote, or control_mapping_json. False,
 * and the table unchanged, for any other line or when memory is short. */
bool control_table_add(struct control_table *table, const char *json_line);

/* Prints a heading and the rows; "no flows" or "no mappings" without any. */
void control_table_print(const struct control_table *table, unsigned width, FILE *out);

/* Prints the line that control_event_json wrote, or the one about events that were missed, as text. False,
 * and nothing printed, for any other. */
bool control_event_text(const char *json_line, FILE *out);

/* The number of the event in the line that control_event_json wrote; 0 for any other. */
uint64_t control_event_number(const char *json_line);

/* Prints the line that control_stats_json wrote as a list, counters that are zero only with `all`. False, and
 * nothing printed, for any other. */
bool control_stats_text(const char *json_line, bool all, FILE *out);

/* Lines of JSON: {"interface":...} for each interface, then {"offload":{...}}. */
bool control_offload_json(const struct io_offload *offload, FILE *out);

/* Prints one of these lines as text. False, and nothing printed, for any other. */
bool control_offload_text(const char *json_line, FILE *out);

/* One line of JSON: {"cluster":{...}}. */
bool control_cluster_json(const struct peer_stats *stats, FILE *out);

/* Prints that line as text. False, and nothing printed, for any other. */
bool control_cluster_text(const char *json_line, FILE *out);

/* What of that line would make a takeover lose flows: a static string; NULL: nothing. */
const char *control_cluster_trouble(const char *json_line);

/* ---- queries: which flows are shown, and in which order ---- */

/* X(WORD, "word", "what stands first") */
#define CONTROL_SORTS(X)                                                                                     \
    X(BYTES, "bytes", "most bytes, both ways")                                                               \
    X(PACKETS, "packets", "most packets, both ways")                                                         \
    X(UP, "up", "most bytes from the client")                                                                \
    X(DOWN, "down", "most bytes from the server")                                                            \
    X(RTT, "rtt", "longest round trip: by the spin bit where it can be believed, else by the handshake")     \
    X(CE, "ce", "largest share of packets marked CE, of the worse direction")                                \
    X(IDLE, "idle", "longest silence")                                                                       \
    X(EXPIRES, "expires", "most time left")                                                                  \
    X(AGE, "age", "oldest")                                                                                  \
    X(CLIENT, "client", "lowest address and port of the client")                                             \
    X(SERVER, "server", "lowest address and port of the server")                                             \
    X(NAME, "name", "first by the alphabet")                                                                 \
    X(STATE, "state", "furthest")

enum control_sort {
    CONTROL_UNSORTED,
#define X(name, word, meaning) CONTROL_BY_##name,
    CONTROL_SORTS(X)
#undef X
};

#define CONTROL_QUERY_VALUES 8     /* of one key; a flow matches if it matches one of them */
#define CONTROL_QUERY_NAME_MAX 255 /* longest name, protocol or rule, and its NUL */

struct control_texts {
    unsigned count;
    char list[CONTROL_QUERY_VALUES][CONTROL_QUERY_NAME_MAX];
};

struct control_prefixes {
    unsigned count;
    struct qw_prefix list[CONTROL_QUERY_VALUES];
};

/* All zero: every flow, in the order of the table. */
struct control_query {
    unsigned states; /* 1 << enum flow_state, and CONTROL_REFUSED and CONTROL_HELD; 0: any */
    unsigned version_count, port_count;
    uint32_t versions[CONTROL_QUERY_VALUES]; /* 0: none */
    uint16_t ports[CONTROL_QUERY_VALUES];    /* of the server */
    struct control_prefixes clients, servers;
    struct control_texts names, protocols, rules;
    bool limits_idle;
    uint64_t idle_ms; /* silent for so long at most */
    enum control_sort sort;
    bool reverse;
    uint64_t limit; /* 0: all */
    bool brief;     /* only what a table shows, and nothing that says nothing */
};

#define CONTROL_REFUSED (1u << 5) /* as tables show states */
#define CONTROL_HELD (1u << 6)

/* Adds what `key` asks for: state, version, client, server, port, sni, alpn, rule, idle, sort, limit with a
 * value; reverse, brief without (""). Several values of states, versions, prefixes, ports and names stand
 * between commas. A name is "www.example.org", "*.example.org" (what is below it) or ".example.org" (that and
 * what is below it). QW_OK; QW_ERR_INVALID with `error`, which quotes the value and says what is allowed. */
enum qw_error control_query_add(struct control_query *query, const char *key, const char *value,
                                struct io_error *error);

bool control_query_matches(const struct control_query *query, const struct engine_flow *flow);

/* Flows in the order of their keys, as memcmp has it, stand as the query asks. What is not known stands last
 * whichever way; of equal ones the older first. */
#define CONTROL_KEY_SIZE 32
void control_query_key(const struct control_query *query, const struct engine_flow *flow,
                       uint8_t key[static CONTROL_KEY_SIZE]);

/* So many flows at most does the server put in order itself. */
#define CONTROL_RANKED_MAX 4096u

/* Whether it does so for this query. */
bool control_query_is_ranked(const struct control_query *query);

/* "v1", "v2", "-" for 0, or "0x1a2a3a4a". Returns `out`. */
char *control_version_text(uint32_t version, char out[static 16]);

/* A name from the network as text: bytes that are no printable ASCII, and backslashes, stand as \\xNN.
 * Returns `out`. */
#define CONTROL_NAME_TEXT_MAX (4 * TLS_NAME_MAX + 1)
char *control_name_text(const char *name, size_t len, char out[static CONTROL_NAME_TEXT_MAX]);

/* "2026-02-03T04:05:06.789Z" (RFC 3339) for nanoseconds since 1970; before that, 1970. Returns `out`. */
#define CONTROL_TIME_TEXT_MAX 40
char *control_time_text(int64_t wall_ns, char out[static CONTROL_TIME_TEXT_MAX]);

/* ---- throttling, as the places of flows foretell it ---- */

/* The share from which on a flow with that place is blocked, 0..1. */
double control_place(uint32_t place);

/* What would be blocked at shares of 10 %, 20 %, ... 100 %, were no flow spared. */
#define CONTROL_TENTHS 10
struct control_tenth {
    uint64_t flows, packets, bytes;
};

/* Adds a flow to those shares that block it. A flow without a place to none. */
void control_tenths_add(struct control_tenth tenths[static CONTROL_TENTHS], const struct engine_flow *flow);

/* One line of JSON: {"throttle":[{...}]}; a line of text for each share. */
bool control_tenths_json(const struct control_tenth tenths[static CONTROL_TENTHS], FILE *out);
void control_tenths_text(const struct control_tenth tenths[static CONTROL_TENTHS], FILE *out);

/* ---- what those without the right see ---- */

struct control_veil;

#define CONTROL_VEIL_KEY 32 /* bytes: the key of a cipher, and what stands for bits that are not there */

/* What anonymise.addresses and anonymise.names of `config` (read during the call) say, with a key that nobody
 * may know who is to see pseudonyms. One thread at a time may use it. QW_OK, *out NULL when all is shown in
 * the clear; QW_ERR_NO_MEMORY; QW_ERR_CRYPTO. The caller owns it. */
enum qw_error control_veil_new(const struct config *config, const uint8_t key[static CONTROL_VEIL_KEY],
                               struct control_veil **out);
void control_veil_free(struct control_veil *veil); /* may be NULL */

/* Replace addresses and names in copies, before anything is chosen, sorted or written. Ports stay; an address
 * that is not known stays so. `veil` NULL: nothing happens. */
void control_veil_flow(const struct control_veil *veil, struct engine_flow *flow);
void control_veil_event(const struct control_veil *veil, struct engine_event *event);
void control_veil_mapping(const struct control_veil *veil, struct nat_mapping *mapping);
void control_veil_address(const struct control_veil *veil, struct qw_addr *addr, enum qw_family family);

/* ---- where events go ---- */

struct control_sinks;

/* Hands events on to where events.file, events.syslog and events.journal of `config` (read during the call)
 * say, from threads of its own. Nobody waits for it: 4 MiB wait in memory for each sink, and what is lost
 * beyond that, or because the engine's rings (engine_events) were overrun, is counted, in a line
 * {"missed":COUNT} where it would have stood and in the log. QW_OK, *out NULL when there is nothing to do;
 * QW_ERR_SYSTEM with `error` when the file cannot be opened; QW_ERR_NO_MEMORY. `engine` and `veil` (NULL: all
 * is written in the clear) outlive it. */
enum qw_error control_sinks_start(const struct config *config, struct engine *engine,
                                  struct control_veil *veil, struct control_sinks **out,
                                  struct io_error *error);

/* Opens the file anew, after what is being written. `sinks` may be NULL. Any thread. */
void control_sinks_reopen(struct control_sinks *sinks);

/* Returns how many there are. `sinks` may be NULL. Any thread. */
unsigned control_sinks_stats(struct control_sinks *sinks,
                             struct control_sink_stats out[static CONTROL_SINKS_MAX]);

/* Hands on what waits, for two seconds a sink at most. `sinks` may be NULL. */
void control_sinks_stop(struct control_sinks *sinks);

/* ---- the daemon's side ---- */

struct control_server;

struct control_handlers {
    void *context;
    /* Reads the configuration again. False with one or more lines in `errors`; nothing has changed then. */
    bool (*reload)(void *context, FILE *errors);
    /* What became of the kernel rules; NULL where nobody keeps them. */
    void (*rules)(void *context, struct io_rules_stats *out);
    /* The other routers; `active`: 1 or 0: be the owner of `name` (NULL: of everything) or not, -1: as
     * before. False: an address decides that, or nothing is called so. NULL: there are none. */
    bool (*cluster)(void *context, int active, const char *name, struct peer_stats *out);
    mode_t mode;       /* of the socket's file; 0: 0660 */
    const char *group; /* of the socket's file, by name or number; NULL or "": that of the process */
    /* What became of events that go somewhere by themselves; returns how many sinks. NULL: there are none. */
    struct control_veil *veil; /* for clients that are neither root nor of the daemon's user; may be NULL */
    unsigned (*sinks)(void *context, struct control_sink_stats out[static CONTROL_SINKS_MAX]);
};

/* Listens on the unix stream socket `path` (its folder made if missing) and answers on a thread of
 * its own. A request is one line; an answer is JSON lines, the last of them {"ok":true} or {"error":"..."}:
 *
 *     flows      a line a flow
 *     flows WORD...  those that a query asks for; a word is KEY=VALUE, or a KEY alone (control_query_add).
 *                Sorted without a limit, or with one above CONTROL_RANKED_MAX, a line is [KEY, FLOW] and the
 *                order is the client's to make: that of the keys, which are strings
 *     hosts [limit=N] [FILTER]...  a line for each client with its flows and bytes, most bytes first; those
 *                beyond 14,336 as one with the host null
 *     mappings   a line a mapping; in mode nat only
 *     events     a line an event, the oldest that is kept first
 *     events N   those after number N; a number that was never given counts as 0
 *     stats      one line
 *     offload    a line an interface, and one about all; an error when offload is off
 *     cluster    one line; "cluster active [OWNER]" and "cluster standby [OWNER]" change it
 *     reload     none
 *
 * Where numbers of events jump {"missed":COUNT} stands, but not before the first line of `events`. An answer
 * has at most CONTROL_EVENTS_MAX of them: one that is as long may not be all.
 *
 * A socket file nobody listens on any more is replaced; one in use is an error. A client that stalls is
 * dropped after 5 s. `queues` may be NULL; engine, queues and handlers' context outlive the server. QW_OK;
 * QW_ERR_SYSTEM with `error`; QW_ERR_NO_MEMORY. */
#define CONTROL_EVENTS_MAX 4096
enum qw_error control_server_start(const char *path, struct engine *engine, struct io_queues *queues,
                                   const struct control_handlers *handlers, struct control_server **out,
                                   struct io_error *error);
/* Did a client ask for events behind one that it has, within the last second? Any thread. */
bool control_server_is_followed(const struct control_server *server);

/* Ends the thread and removes the socket file. */
void control_server_stop(struct control_server *server);

/* ---- the client's side ---- */

/* Called for every line of an answer but the last; without its newline. */
typedef void control_line(void *context, const char *line);

/* Sends `request` to the daemon at `path`. QW_OK; QW_ERR_SYSTEM with `error` when nobody answers or the
 * answer breaks off; QW_ERR_INVALID with `error` when the daemon says {"error":...}: its text, as many whole
 * lines as fit. */
enum qw_error control_request(const char *path, const char *request, control_line *line, void *context,
                              struct io_error *error);

/* The same for a client that goes on over restarts. *daemon is 0 at first, and then the process that
 * answered. Nothing is asked of another process: QW_ERR_NOT_FOUND, and *daemon is that one, of which numbers
 * of events begin anew. */
enum qw_error control_request_of(const char *path, pid_t *daemon, const char *request, control_line *line,
                                 void *context, struct io_error *error);

/* The same with another patience than 30 s: QW_ERR_SYSTEM with `error` when the daemon says nothing for `ms`
 * milliseconds, 1 or more. */
enum qw_error control_request_within(const char *path, pid_t *daemon, const char *request, unsigned ms,
                                     control_line *line, void *context, struct io_error *error);

#endif
