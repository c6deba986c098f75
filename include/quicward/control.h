/* Talking about the engine: text for people, JSON lines for programs, and the socket that carries requests.
 * Field names are an API; what is not known is null or absent, never made up. */
#ifndef QUICWARD_CONTROL_H
#define QUICWARD_CONTROL_H

#include <quicward/base/error.h>
#include <quicward/engine.h>
#include <quicward/io.h>
#include <stdio.h>

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

/* One line of JSON: {"stats":{...}}, with the rules of `engine` and their hits; NULL: none are shown.
 * `queues` may be NULL with `queue_count` 0 (replay). */
bool control_stats_json(const struct engine_stats *stats, struct engine *engine,
                        const struct io_queue_stats *queues, unsigned queue_count, FILE *out);

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
void control_table_print(const struct control_table *table, FILE *out);

/* Prints the line that control_event_json wrote, or the one about events that were missed, as text. False,
 * and nothing printed, for any other. */
bool control_event_text(const char *json_line, FILE *out);

/* The number of the event in the line that control_event_json wrote; 0 for any other. */
uint64_t control_event_number(const char *json_line);

/* Prints the line that control_stats_json wrote as a list. False, and nothing printed, for any other. */
bool control_stats_text(const char *json_line, FILE *out);

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

/* ---- the daemon's side ---- */

struct control_server;

struct control_handlers {
    void *context;
    /* Reads the configuration again. False with one or more lines in `errors`; nothing has changed then. */
    bool (*reload)(void *context, FILE *errors);
};

/* Listens on the unix stream socket `path` (mode 0660, its folder made if missing) and answers on a thread of
 * its own. A request is one line; an answer is JSON lines, the last of them {"ok":true} or {"error":"..."}:
 *
 *     flows      a line a flow
 *     mappings   a line a mapping; in mode nat only
 *     events     a line an event, the oldest that is kept first; in mode nat only
 *     events N   those after number N; a number that was never given counts as 0
 *     stats      one line
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

#endif
