/* The only room with sockets to the kernel: queue workers, capture files, kernel rules, the clock. */
#ifndef QUICWARD_IO_H
#define QUICWARD_IO_H

#include <quicward/base/error.h>
#include <quicward/base/time.h>
#include <quicward/config.h>
#include <quicward/engine.h>
#include <stdio.h>

/* CLOCK_BOOTTIME: idle timers go on while a router sleeps. */
struct qw_time io_now(void);

/* A key from the kernel's random source. */
struct qw_hash_key io_random_key(void);

/* ---- netfilter queue ---- */

/* A message for one human, made where something failed. */
struct io_error {
    char text[512];
};

struct io_queues;

/* What the kernel says of one queue (/proc/net/netfilter/nfnetlink_queue) and what its worker counted. */
struct io_queue_stats {
    uint16_t number;
    uint32_t waiting;        /* packets in the queue now, those that are held too */
    uint64_t queue_dropped;  /* the queue was full */
    uint64_t user_dropped;   /* netlink could not deliver */
    uint64_t overruns;       /* ENOBUFS met by the worker */
    uint64_t rebinds;        /* times the worker had to bind again */
    uint64_t packets;        /* received by the worker */
    uint64_t replies_failed; /* ICMP messages that the kernel refused to send */
};

/* Checks every interface of `config`, binds all its queues and starts one thread a queue. On failure nothing
 * stays bound and `error` has one clear line: no CAP_NET_ADMIN or CAP_NET_RAW, no such interface, a kernel
 * without NFQUEUE, a queue that somebody holds (with the process's number and name). QW_OK and *out;
 * QW_ERR_SYSTEM; QW_ERR_NOT_FOUND for an interface; QW_ERR_NO_MEMORY. */
enum qw_error io_queues_start(struct engine *engine, const struct config *config, struct io_queues **out,
                              struct io_error *error);

/* Ends the threads, unbinds, frees. Packets that still wait are judged first, at most one full queue of each,
 * and those that are held are decided as if they had waited long enough; what comes after that the kernel
 * treats as `when_down` says. */
void io_queues_stop(struct io_queues *queues);

/* Fills `out` (room for `max` queues); returns how many. Any thread. */
unsigned io_queues_stats(struct io_queues *queues, struct io_queue_stats *out, unsigned max);

/* ---- the router (mode nat) ---- */

struct io_watch;

/* Tells `engine` the router's external address (external = "auto": that of the outside interface) and the
 * ports that the router uses or reserves, now and from a thread of its own whenever they change: the address
 * at once, ports within a second. In other modes nothing is started and *out is NULL. An interface without
 * an address is only logged. QW_OK; QW_ERR_SYSTEM with `error`; QW_ERR_NO_MEMORY. The engine outlives it. */
enum qw_error io_watch_start(struct engine *engine, const struct config *config, struct io_watch **out,
                             struct io_error *error);
/* Ends the thread and frees; `watch` may be NULL. */
void io_watch_stop(struct io_watch *watch);

/* ---- kernel rules ---- */

/* "nft" or "iptables": which one `config` means on this machine; asks the kernel when it says "auto". */
enum config_backend io_rules_backend(const struct config *config);

/* Writes a shell script that installs (or removes) the rules feeding the queues: what `quicward rules` shows.
 * Running it twice leaves one set of rules; removing what is not there is no error. Both take away whatever
 * another configuration with the same queue.first has left with that tool; rules of another one stay. */
void io_rules_print(const struct config *config, enum config_backend backend, bool remove, FILE *out);

/* Runs that script. QW_OK, or QW_ERR_SYSTEM with `error`: what the tool said. What fails half way leaves
 * nothing behind, in mode nat not if rules stood before: those stay and drop. What a tool says though all
 * went well is logged as a warning. */
enum qw_error io_rules_apply(const struct config *config, enum config_backend backend, bool remove,
                             struct io_error *error);

/* ---- capture files ---- */

struct io_capture;

struct io_frame {
    struct qw_time time; /* the capture's own clock, never going back */
    const uint8_t *data; /* from the IP header on; valid until the next call */
    size_t captured;
    uint32_t wire_len;
};

/* Opens a pcap or pcapng file ("-": standard input) of link type Ethernet (VLAN tags skipped), raw IP, Linux
 * cooked v1 or v2, or BSD loopback. QW_OK; QW_ERR_SYSTEM, QW_ERR_MALFORMED or QW_ERR_UNSUPPORTED with
 * `error`. */
enum qw_error io_capture_open(const char *path, struct io_capture **out, struct io_error *error);

/* The next IP packet; frames that are no IP are skipped and counted. QW_OK; QW_ERR_NOT_FOUND at the end;
 * QW_ERR_MALFORMED with `error` when the file is damaged. */
enum qw_error io_capture_next(struct io_capture *capture, struct io_frame *out, struct io_error *error);

/* Frames skipped so far because they held no IP packet. */
uint64_t io_capture_skipped(const struct io_capture *capture);
void io_capture_close(struct io_capture *capture);

#endif
