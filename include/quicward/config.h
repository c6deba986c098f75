/* One file (libconfig syntax) -> one validated struct that nobody changes afterwards.
 * The schema in src/config/schema.c is the list of keys: parser, checks, messages and canonical print use it.
 */
#ifndef QUICWARD_CONFIG_H
#define QUICWARD_CONFIG_H

#include <quicward/base/error.h>
#include <quicward/base/log.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CONFIG_INTERFACES_MAX 32
#define CONFIG_INTERFACE_NAME_MAX 16 /* IFNAMSIZ, NUL included */
#define CONFIG_WORKERS_MAX 64
#define CONFIG_PATH_MAX 108 /* sun_path, NUL included */

enum config_mode { CONFIG_FIREWALL, CONFIG_MONITOR };
enum config_backend { CONFIG_RULES_AUTO, CONFIG_RULES_NFT, CONFIG_RULES_IPTABLES };
enum config_when_down { CONFIG_DOWN_DROP, CONFIG_DOWN_PASS };

struct config_interfaces {
    unsigned count;
    char names[CONFIG_INTERFACES_MAX][CONFIG_INTERFACE_NAME_MAX];
};

struct config {
    enum config_mode mode;            /* "firewall" or "monitor"; "nat" is refused by name */
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

/* The built-in values of every optional key: what a file that says nothing gets. */
void config_defaults(struct config *out);

/* Writes the whole configuration, every key in schema order, as a file that config_load reads back to the
 * same struct. */
void config_print(const struct config *config, FILE *out);

/* Names the first key that differs between `a` and `b` and that a running daemon cannot change (queues, table
 * sizes, interfaces, mode, control path, rules), or NULL when a reload can take `b`. A static string. */
const char *config_fixed_difference(const struct config *a, const struct config *b);

#endif
