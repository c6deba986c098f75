/* What `top` shows: the daemon's answers, and what changed between two of them. */
#ifndef COMMAND_TOP_FEED_H
#define COMMAND_TOP_FEED_H

#include <jansson.h>
#include <quicward/control.h>

/* Flows or hosts that are asked for: more than any screen has. */
#define TOP_ROWS 512u
#define TOP_CELL 64
#define TOP_NAME 128

enum top_view { TOP_FLOWS, TOP_HOSTS, TOP_DROPS, TOP_VIEWS };

/* A flow, a host or a reason. */
struct top_row {
    char key[TOP_CELL + 8]; /* by which the row of the look before is found */
    char state[TOP_CELL], client[TOP_CELL], target[TOP_NAME], version[16];
    double bytes, packets, flows, confirmed, up, down; /* so far */
    double rate;            /* a second, since the look before: bytes, or packets of a reason */
    double rtt_us, idle_ms; /* 0: not known */
};

struct top_feed {
    json_t *stats, *before;           /* owned; NULL: none yet */
    struct qw_time asked, asked_last; /* when the answers came */
    unsigned count, old_count;
    struct top_row rows[TOP_ROWS], old[TOP_ROWS];
    enum top_view view; /* that the rows are of */
    char error[256];    /* why the last answer failed; "": it did not */
};

/* Asks for the view; `sort` is a word of control_query_add, or "rate", and `words` filters, each behind a
 * space. What could not be had stays as it was, with feed->error. */
void top_feed_ask(struct top_feed *feed, const char *path, enum top_view view, const char *sort, bool reverse,
                  const char *words, struct qw_time now);
void top_feed_clear(struct top_feed *feed);

/* A number of the stats by its path, such as "nat.mappings"; 0 when it is not there. */
double top_number(const json_t *stats, const char *path);

/* By how much it grew a second since the look before. */
double top_rate(const struct top_feed *feed, const char *path);

#endif
