/* The only room with sockets to the kernel: queue workers, capture files, kernel rules, the clock. */
#ifndef QUICWARD_IO_H
#define QUICWARD_IO_H

#include <quicward/base/counter.h>
#include <quicward/base/error.h>
#include <quicward/base/time.h>
#include <quicward/config.h>
#include <quicward/engine.h>
#include <quicward/offload.h>
#include <quicward/survey.h>
#include <stdio.h>
#include <sys/types.h>

/* CLOCK_BOOTTIME: idle timers go on while a router sleeps. */
struct qw_time io_now(void);

/* A key from the kernel's random source. */
struct qw_hash_key io_random_key(void);

/* A message for one human, made where something failed. */
struct io_error {
    char text[4096]; /* of a reload: some thirty mistakes of a file */
};

/* The key that the file `path` keeps: 32 bytes of a plain file that belongs to this process's user and that
 * no other may use. Without one it is made, of random bytes, with its folder if only that is missing. QW_OK
 * and *out; QW_ERR_INVALID for a file that is no secret (mode, owner, size, form), QW_ERR_SYSTEM, with one
 * clear line in `error`. */
enum qw_error io_secret(const char *path, struct qw_hash_key *out, struct io_error *error);

/* ---- what outlives the daemon ---- */

struct io_state;

/* This boot of the machine (/proc/sys/kernel/random/boot_id). False when the kernel does not tell. */
bool io_boot(struct store_boot *out);

/* Makes the engine of `options` (`secret` and `store` are chosen here) on the file INSTANCE.state in the
 * folder `state` of its configuration, and takes over what an earlier daemon left there. What is not believed
 * was moved aside (quicward/store.h), with a line in the log; one line counts what was taken over and what
 * was dropped. When no file can be made (no space, a folder that cannot be written) the log says so and the
 * engine does without. QW_OK, *out (for io_state_close after engine_free; NULL: without a file) and *engine;
 * QW_ERR_FULL: another process has the file, QW_ERR_INVALID: others may write the folder, both with `error`;
 * what engine_new says, without. */
enum qw_error io_state_start(const struct engine_options *options, struct engine **engine,
                             struct io_state **out, struct io_error *error);

/* The same in two steps, for a process that takes over from one that runs: what takes long is done while that
 * one still works. io_state_prepare makes engine and file, io_state_take does the rest once the other has let
 * go. After a failure of the second the engine is still the caller's, and both end as ever. */
enum qw_error io_state_prepare(const struct engine_options *options, struct engine **engine,
                               struct io_state **out, struct io_error *error);
enum qw_error io_state_take(struct io_state *state, struct engine *engine, struct qw_time now,
                            struct io_error *error);

/* The external addresses that an earlier daemon of this configuration's instance had at last, also those that
 * had left its configuration and had mappings still; returns how many. Only for rules that feed the queues:
 * nothing in the file was checked but its form. */
unsigned io_state_addresses(const struct config *config, struct qw_addr out[static NAT_ADDRESSES_MAX]);

/* Another process may take the file. The engine must not work any more. `state` may be NULL. */
void io_state_let_go(struct io_state *state);

/* One line about what became of records, cut if it does not fit: what was taken over of `path` in `ms`, how
 * many were dropped, by reason. True when a reason is one that no crash explains. */
bool io_state_report(const struct engine_recovery *counts, const char *path, uint64_t ms, char *out,
                     size_t size);

/* The file stays. `state` may be NULL. */
void io_state_close(struct io_state *state);

/* ---- netfilter queue ---- */

struct io_queues;

/* One queue: the rows of QW_QUEUE_COUNTERS. Only where packets may pass (mode monitor, mode firewall with
 * when_down = "pass") can some be unseen. */
struct io_queue_stats {
    uint16_t number;
    union qw_queue_counters counters;
};

struct stand_in;

/* Starts the process that accepts packets in the place of workers that hang or were killed, where `config`
 * lets packets pass then (mode monitor, mode firewall with when_down = "pass"). Call it before the process
 * has a second thread, whose locks a fork would copy as they are, and before it has memory worth copying.
 * NULL where none is wanted, and where it cannot be started, which is logged. */
struct stand_in *io_stand_in_start(const struct config *config);

/* Ends the process, waits for it, frees. After the queues that it was given to. `stand_in` may be NULL. */
void io_stand_in_stop(struct stand_in *stand_in);

/* ---- privileges ---- */

struct io_helper;

/* Starts the process that keeps the privileges which this one gives up: it runs the scripts of kernel rules
 * for all of this room, and nothing else. As io_stand_in_start before there are threads, and before
 * io_privileges_drop. `config` is what scripts are printed from; the helper has its own copy. It ends with
 * this process; when it is killed it starts again. QW_OK and *out, for io_helper_stop; QW_ERR_SYSTEM with
 * `error`; QW_ERR_NO_MEMORY. */
enum qw_error io_helper_start(const struct config *config, struct io_helper **out, struct io_error *error);

/* To be called now and then: logs, once, that it ended for good. `helper` may be NULL. */
void io_helper_look(struct io_helper *helper);

/* Behind everything that runs scripts. `helper` may be NULL. */
void io_helper_stop(struct io_helper *helper);

/* Gives up what the daemon does not need, for good: becomes the user of `config` (user; "": stays who it is),
 * with the group of the control socket (control_group) beside its own; keeps of the capabilities
 * CAP_NET_ADMIN and CAP_NET_RAW, with offload CAP_BPF and CAP_PERFMON too; and nothing that it executes has
 * more (no_new_privs). Folders of the state and of the control socket are given to that user before: those
 * that are made here, and root's whose name begins with "quicward". Before there are threads. QW_OK;
 * QW_ERR_INVALID for a user or group that does not exist, QW_ERR_SYSTEM for what is not permitted, with
 * `error`. */
enum qw_error io_privileges_drop(const struct config *config, struct io_error *error);

/* Looks up a group by its name or number. False when there is none. */
bool io_group_find(const char *name, gid_t *out);

/* From now on every thread of this process may only make the system calls that the running daemon needs
 * (`seccomp` of `config`: CONFIG_SECCOMP_ENFORCE). Another one is named in the log and ends the process with
 * SIGSYS; with CONFIG_SECCOMP_LOG the kernel logs it and lets it be. QW_OK, also where `config` asks for none
 * and in a build with sanitizers, which need more; QW_ERR_SYSTEM with `error`. */
enum qw_error io_filter_install(const struct config *config, struct io_error *error);

/* What one daemon hands to the next: the instance, and the sockets of its queues, which stay bound. Packets
 * wait in them until the next one reads. */
struct io_handover {
    int instance;           /* of io_instance_take; -1: none */
    struct qw_time stopped; /* when the queues were last read */
    unsigned count;
    struct io_handed {
        uint16_t number;
        uint32_t last_id; /* of the last packet that was judged */
        int fd;           /* -1: taken */
    } queues[CONFIG_WORKERS_MAX];
};

/* Binds all queues of `config` and starts one thread a queue; interfaces may be missing. `stand_in` (NULL:
 * none) is borrowed until they are stopped. Queues in `handed` (NULL: none) are taken over instead: their fd
 * is -1 then, also after a failure. On failure nothing stays bound and `error` has one clear line: no
 * CAP_NET_ADMIN or CAP_NET_RAW, a kernel without NFQUEUE, a queue that somebody holds (with the process's
 * number and name). QW_OK and *out; QW_ERR_SYSTEM; QW_ERR_NO_MEMORY.
 *
 * What an earlier daemon's fast path left in `pins` (of io_pins_open, borrowed; may be NULL) is gone on with,
 * or is gone, before a queue is read. */
enum qw_error io_queues_start(struct engine *engine, const struct config *config,
                              const struct stand_in *stand_in, struct io_handover *handed,
                              struct offload_pins *pins, struct io_queues **out, struct io_error *error);

/* Ends the threads, unbinds, frees. Packets that still wait are judged first, at most one full queue of each,
 * and those that are held are decided as if they had waited long enough; what comes after that the kernel
 * treats as `when_down` says. */
void io_queues_stop(struct io_queues *queues);

/* Ends the threads and frees as io_queues_stop, but unbinds nothing: what is held is decided as if it had
 * waited long enough, what waits in the kernel waits on, and the sockets are added to `out`. A queue that was
 * lost is not. */
void io_queues_release(struct io_queues *queues, struct io_handover *out);

/* Fills `out` (room for `max` queues); returns how many. Any thread. */
unsigned io_queues_stats(struct io_queues *queues, struct io_queue_stats *out, unsigned max);

/* How often each worker has gone round its loop. An idle one does so ten times a second: when its number
 * stands still the worker hangs. Returns how many there are; asks the kernel nothing. Any thread. */
unsigned io_queues_turns(const struct io_queues *queues, uint64_t out[static CONFIG_WORKERS_MAX]);

/* ---- the fast path (quicward/offload.h) ---- */

/* The folder in which it outlives the daemon (offload_pins of `config`), opened as long as the process may,
 * and given to the user that the daemon becomes. NULL where there is none; what is wrong with it was logged.
 * For offload_pins_close. */
struct offload_pins *io_pins_open(const struct config *config);

/* Prints the line of a script that removes what a dead daemon left there; nothing where there is no folder.
 */
void io_pins_remove_print(const struct config *config, FILE *out);

/* Before io_state_take: flows that an earlier daemon's fast path forwarded until now have not idled out,
 * whatever their records say. `pins` (may be NULL) stay until the flows were taken over. */
void io_pins_recall(struct offload_pins *pins, struct engine *engine);

/* Does the configuration ask for one? */
bool io_queues_offloads(const struct io_queues *queues);

/* What the program in the kernel counted up to now is added to the flows: before they are reported. O(flows
 * that go fast). Any thread. */
void io_queues_harvest(struct io_queues *queues);

/* Do packets of the flow with that id go fast? Any thread. */
bool io_queues_is_fast(struct io_queues *queues, uint64_t id);

/* One interface of the configuration. */
struct io_offload_link {
    const char *name;  /* the configuration's */
    const char *place; /* "xdp", "tc" or "none" */
    char why[OFFLOAD_ERROR_MAX];
    uint32_t entries;                         /* of packets that come by it */
    struct offload_count fast, slow, dropped; /* that came by it: forwarded; left to the queue or the kernel;
                                                 dropped by the program */
};

#define IO_OFFLOAD_REASONS_MAX 32
#define IO_OFFLOAD_WARNINGS_MAX 16
#define IO_OFFLOAD_WARNING_MAX 512

/* What slows the fast path down at an interface, or what it goes around there. */
struct io_offload_warning {
    const char *interface;             /* the configuration's */
    char text[IO_OFFLOAD_WARNING_MAX]; /* with the command that mends it, in double quotes */
};
#define IO_OFFLOAD_LINKS_MAX 64 /* interfaces that can have it, as many as the program knows */

struct io_offload {
    bool running; /* else nothing is forwarded, and what follows is zero */
    struct offload_stats stats;
    unsigned reason_count;
    struct io_offload_reason {
        const char *text; /* static */
        uint64_t packets;
    } reasons[IO_OFFLOAD_REASONS_MAX]; /* by enum offload_fate */
    unsigned link_count;
    struct io_offload_link links[IO_OFFLOAD_LINKS_MAX];
    unsigned warning_count; /* more are left out; doctor has them all */
    struct io_offload_warning warnings[IO_OFFLOAD_WARNINGS_MAX];
};

void io_queues_offload(struct io_queues *queues, struct io_offload *out);

/* ---- the router (mode nat) ---- */

struct io_watch;

/* Tells `engine` the router's external address (external = "auto": that of the outside interface) and the
 * ports that the router uses or reserves, now and from a thread of its own whenever they change: the address
 * at once, ports within a second. In other modes nothing is started and *out is NULL. An interface without
 * an address is only logged. QW_OK; QW_ERR_SYSTEM with `error`; QW_ERR_NO_MEMORY. The engine outlives it. */
enum qw_error io_watch_start(struct engine *engine, const struct config *config, struct io_watch **out,
                             struct io_error *error);
/* A reload has read `config` (during the call only): warns of what is wrong with its ports and forwards. Any
 * thread; `watch` may be NULL. */
void io_watch_change(struct io_watch *watch, const struct config *config);
/* Ends the thread and frees; `watch` may be NULL. */
void io_watch_stop(struct io_watch *watch);

/* ---- who is active ---- */

struct io_owned;

#define IO_OWNED_MAX 64

struct io_owned_address {
    struct qw_addr addr;
    enum qw_family family;
};

/* Follows whether the router has these addresses (up to IO_OWNED_MAX), on whatever interface. QW_OK and *out,
 * for io_owned_close; QW_ERR_SYSTEM with `error`; QW_ERR_NO_MEMORY. Starts no thread. */
enum qw_error io_owned_open(const struct io_owned_address *addresses, unsigned count, struct io_owned **out,
                            struct io_error *error);

/* Readable when addresses have changed; -1 for NULL. */
int io_owned_fd(const struct io_owned *owned);

/* Asks the kernel, and takes away what made the descriptor readable. Where the kernel does not answer, what
 * it said last stays. One thread at a time. */
void io_owned_look(struct io_owned *owned);

/* Had the router address `number` when the kernel was asked last? */
bool io_owned_has(const struct io_owned *owned, unsigned number);
void io_owned_close(struct io_owned *owned); /* may be NULL */

/* ---- the networks inside ---- */

struct io_inside;

/* Tells `engine` which networks the inside interfaces have routes to, before it returns and from a thread of
 * its own whenever routes or interfaces change (within 0.2 s). QW_OK; QW_ERR_SYSTEM with `error`;
 * QW_ERR_NO_MEMORY. The engine outlives it. */
enum qw_error io_inside_start(struct engine *engine, const struct config *config, struct io_inside **out,
                              struct io_error *error);
/* Ends the thread and frees; `inside` may be NULL. */
void io_inside_stop(struct io_inside *inside);

/* ---- kernel rules ---- */

/* "nft" or "iptables": which one `config` means on this machine; asks the kernel when it says "auto". */
enum config_backend io_rules_backend(const struct config *config);

/* Likewise, but QW_ERR_SYSTEM with `error` when "auto" finds that neither can be used. */
enum qw_error io_rules_choose(const struct config *config, enum config_backend *out, struct io_error *error);

/* Writes a shell script that installs (or removes) the rules feeding the queues: what `quicward rules` shows.
 * Running it twice leaves one set of rules; removing what is not there is no error. Neither needs a daemon,
 * nor an interface to exist. Both take away whatever this instance had before, whichever tool, mode and queue
 * it was made with, installing once the new rules stand; rules of other instances stay. */
void io_rules_print(const struct config *config, enum config_backend backend, bool remove, FILE *out);

/* Runs that script. QW_OK, or QW_ERR_SYSTEM with `error`: what the tool said. What fails half way leaves
 * nothing behind; where nothing may pass while the daemon is down, rules that stood before stay and drop.
 * What a tool says though all went well is logged as a warning. A script that takes too long is ended. */
enum qw_error io_rules_apply(const struct config *config, enum config_backend backend, bool remove,
                             struct io_error *error);

/* For a configuration with mistakes, of which config_load_known has made `config`: drops what is forwarded by
 * UDP between inside and outside, or everywhere when one of the two is not known, until rules are installed
 * or removed. Nothing is done where rules of this instance stand, and where packets may pass while the daemon
 * is down. *closed says whether it was done now. QW_OK; QW_ERR_SYSTEM with `error`, as of io_rules_apply. */
enum qw_error io_rules_close(const struct config *config, bool *closed, struct io_error *error);

struct io_keeper;

struct io_rules_stats {
    bool managed;  /* manage_rules; without it the rest says nothing */
    bool standing; /* as far as is known; false while they could not be put back */
    enum config_backend backend;
    uint64_t put_back; /* times that another program had changed them */
};

/* Installs the rules (manage_rules) and starts a thread that keeps them: it hears of changes to nft's tables
 * and to routing rules at once, looks at those of iptables-legacy five times a second, and puts back what is
 * not as it was installed. That is logged and counted. It also waits for interfaces that are missing, and
 * makes the settings of those that come. `config` outlives it. QW_OK; QW_ERR_SYSTEM with `error`, as of
 * io_rules_apply; QW_ERR_NO_MEMORY. */
enum qw_error io_keeper_start(const struct config *config, enum config_backend backend,
                              struct io_keeper **out, struct io_error *error);
/* Ends the thread and frees; the rules stay. `keeper` may be NULL. */
void io_keeper_stop(struct io_keeper *keeper);

/* Puts back now what is not as it was installed. True when the rules stand, or are not ours to keep. Any
 * thread; `keeper` may be NULL. */
bool io_keeper_restore(struct io_keeper *keeper);

/* From now on the rules are those for the external addresses of `config` (the first is what masquerading
 * translates to), its nat.except, and its nat.masquerade; the rest of it is as it was. Read during the call
 * only. The rules before go when the new ones stand. True when they stand, or are not ours to keep; else it
 * is tried again every second, and the log says why. Any thread; `keeper` may be NULL. */
bool io_keeper_change(struct io_keeper *keeper, const struct config *config);

/* From now on `engine` (borrowed until the next call) is told of rules that were put back; NULL: nobody is.
 * Any thread; `keeper` may be NULL. */
void io_keeper_tell(struct io_keeper *keeper, struct engine *engine);
void io_keeper_stats(struct io_keeper *keeper, struct io_rules_stats *out);

/* Makes this process the one daemon of its instance in this network. *out (for io_instance_release) and
 * QW_OK; QW_ERR_SYSTEM with `error`, which names the process that is it. */
enum qw_error io_instance_take(const struct config *config, int *out, struct io_error *error);
void io_instance_release(int instance);

/* Whether a daemon of this instance runs in this network. */
bool io_instance_held(const struct config *config);

/* The same, and *out is the process; 0: it cannot be told, as after a take-over. */
bool io_instance_holder(const struct config *config, pid_t *out);

/* ---- from one daemon to the next ---- */

/* Before anything is changed or given away: is the running daemon the user's that this one will be? Another
 * user's has no reason to hand over its queues, and its state would not be believed. QW_OK, also when nobody
 * can tell; QW_ERR_INVALID or QW_ERR_SYSTEM with `error`. */
enum qw_error io_handover_check(const struct config *config, struct io_error *error);

/* Asks the daemon of this instance to let go, and waits until it has. From then on its queues are read by
 * nobody. QW_OK and *out, for io_handover_close; QW_ERR_SYSTEM with `error`: there is none, or it does not
 * hand over. */
enum qw_error io_handover_ask(const struct config *config, struct io_handover *out, struct io_error *error);

/* To be called when `instance` is readable: a socket on which a process of this user waits to take over, for
 * io_handover_send; -1 when it was somebody else, or a mere question. Waits for no one longer than a second.
 */
int io_handover_asked(int instance);

/* Sends what the next process needs. QW_OK; QW_ERR_SYSTEM with `error`: it is gone. `to` is closed. */
enum qw_error io_handover_send(int to, const struct io_handover *handed, struct io_error *error);

/* Closes what was not taken. */
void io_handover_close(struct io_handover *handed);

/* ---- the router around (quicward/survey.h) ---- */

/* Looks at everything that depends on no configuration: interfaces, addresses, default routes, settings,
 * offloads, queues, tools, and the rules of all. Changes nothing. QW_OK and *out, for io_survey_free;
 * QW_ERR_SYSTEM with `error` when the kernel does not tell its interfaces; QW_ERR_NO_MEMORY. */
enum qw_error io_survey_make(struct survey **out, struct io_error *error);
void io_survey_free(struct survey *survey); /* may be NULL */

/* Looks at what `config` names: rules of its instance, its external address, ports that programs of the
 * router have, and what the rules of others do to it. Without `own` its own rules are not looked for. */
void io_survey_of(const struct config *config, bool own, struct survey *survey);

/* Looks at clocks, queues, forwarded packets, and for a daemon of the instance of `config` (NULL: for none).
 */
void io_survey_moment(const struct config *config, struct survey_moment *out);

/* ---- capture files ---- */

struct io_capture;

struct io_frame {
    struct qw_time time; /* the capture's own clock, never going back */
    const uint8_t *data; /* from the IP header on; valid until the next call */
    size_t captured;
    uint32_t wire_len;
};

/* The frames of a capture so far, by what became of them. */
struct io_capture_counts {
    uint64_t frames;
    uint64_t not_ip;        /* skipped: they hold no IP packet */
    uint64_t other_links;   /* skipped: of interfaces whose link type is not read */
    uint64_t cut_headers;   /* skipped: the snap length ended before the headers of link, IP and UDP did */
    uint64_t cut_payload;   /* given out, but not with all bytes of the packet */
    const char *other_link; /* with `other_links`: the first such type, as "IEEE802_11"; static */
};

/* Opens a pcap or pcapng file ("-": standard input) of link type Ethernet, PPP, Cisco HDLC, PPPoE, MPLS, raw
 * IP, Linux cooked v1 or v2, or BSD loopback; VLAN tags, labels and PPPoE headers are skipped. The interfaces
 * of a pcapng file may differ in link type: it is opened when one known before its first packet can be read.
 * QW_OK; QW_ERR_SYSTEM, QW_ERR_MALFORMED or QW_ERR_UNSUPPORTED with `error`. */
enum qw_error io_capture_open(const char *path, struct io_capture **out, struct io_error *error);

/* The next IP packet; frames that cannot be read are skipped and counted. QW_OK; QW_ERR_NOT_FOUND at the end;
 * QW_ERR_MALFORMED with `error` when the file is damaged. */
enum qw_error io_capture_next(struct io_capture *capture, struct io_frame *out, struct io_error *error);

/* Valid until the capture is closed. */
const struct io_capture_counts *io_capture_counts(const struct io_capture *capture);

/* Frames skipped so far, whatever the reason. */
uint64_t io_capture_skipped(const struct io_capture *capture);
void io_capture_close(struct io_capture *capture);

#endif
