/* The two ways to write the kernel rules; include/quicward/io.h says what both must hold. */
#ifndef QUICWARD_IO_RULES_H
#define QUICWARD_IO_RULES_H

#include <quicward/io.h>

/* The name of a chain, of the instance that stands for %s; what follows tells several apart. */
#define RULES_CHAIN "quicward-%s"

/* Has this process CAP_NET_ADMIN, without which no tool tells or changes rules? */
bool rules_may_administer(void);

/* The instance; never "". */
const char *rules_instance(const struct config *config);

/* What installs the rules: the body of the script, after its heading and the functions. */
void rules_nft_print(const struct config *config, FILE *out);
void rules_iptables_print(const struct config *config, FILE *out);

/* Of mode nat, what installs the rules for IPv4. */
void rules_iptables_nat_print(const struct config *config, FILE *out);

/* Ends a rule that feeds the queues, and where nothing may pass has the same begin a second one, which drops
 * what a deleted first one would let by. */
void rules_iptables_queue_or_drop(const struct config *config, const char *rule, FILE *out);

/* The target of a rule that feeds the queues, and the end of its line. */
void rules_iptables_queue(const struct config *config, FILE *out);

/* Likewise the chains of mode nat in nft's table, all but `between`, which is that of IPv6. */
void rules_nft_nat_print(const struct config *config, FILE *out);

/* The external address that masquerading has for packets leaving by interface number `i` of outside: the
 * first one for it, or for any, or of all. */
const struct qw_addr *rules_masquerade_address(const struct config *config, unsigned i);

/* Do interfaces outside have external addresses of their own? */
bool rules_has_uplinks(const struct config *config);

/* Is prefix `i` of nat.except in another one of it? A set of nft takes no two that overlap. */
bool rules_except_again(const struct config *config, unsigned i);

/* A name or pattern as iptables has it in a rule: "ppp+". */
struct rules_name {
    char text[CONFIG_INTERFACE_NAME_MAX];
};
struct rules_name rules_iptables_name(const char *named);

/* Words of a shell, each behind a blank: names as they are, and what matches patterns when the script runs.
 * The function that they call comes before them, if there are patterns. */
void rules_words_print(const struct config_interfaces *named, FILE *out);
void rules_present_print(const struct config *config, FILE *out);
bool rules_has_patterns(const struct config *config);

/* A match: `keyword` (iifname, oifname) is one of `named`. */
void rules_nft_set(const char *keyword, const struct config_interfaces *named, FILE *out);

/* The statement that feeds the queues, and the end of its line. */
void rules_nft_queue(const struct config *config, FILE *out);

/* Matches of errors: unreachable, source quench, time exceeded, parameter problem (RFC 792); every type below
 * 128 (RFC 4443 2.1). And of authentication headers, which UDP may stand behind. */
#define RULES_NFT_ERRORS                                                                                     \
    "icmp type { destination-unreachable, source-quench, time-exceeded, parameter-problem }"
#define RULES_NFT_ERRORS6 "icmpv6 type 0-127"
#define RULES_NFT_AUTHENTICATION "meta l4proto ah"

/* Mode nat: has the kernel accept, or no longer accept, packets from inside with an address of the router.
 * First the shell function that the others call. It is called at once to remove the rules, and in other
 * modes, which may take the place of mode nat. */
void rules_local_begin(const struct config *config, bool remove, FILE *out);
void rules_local_accept(const struct config *config, FILE *out); /* once the rules stand */
void rules_local_end(const struct config *config, FILE *out);

/* Mode nat: makes what depends on the inside interfaces as they are now so again, if rules stand: the
 * kernel's setting above, and with iptables the networks that hang on them. */
void rules_refresh_print(const struct config *config, FILE *out);
void rules_iptables_stay_print(const struct config *config, FILE *out);

/* Do packets pass while no program listens, and when it hangs or has no room for them? Always in mode
 * monitor, which never drops; never in mode nat: they would leave untranslated. */
bool rules_pass(const struct config *config);

/* Is the kernel to put fragments together? Not for a monitor, which drops nothing: a fragment whose others
 * never come would be lost to its receiver. */
bool rules_reassemble(const struct config *config);

/* ---- removing: rules_remove.c ---- */

/* Shell functions: remove TOOL KEPT, remove_all TOOL..., remove_other_kind TOOL..., remove_tables, unguard.
 */
void rules_remove_functions(const struct config *config, FILE *out);

/* Calls them for everything of this instance. */
void rules_remove_print(FILE *out);

/* ---- what closes the gap after a flush: rules_guard.c ---- */

#define RULES_GUARD_LINKS_MAX 256 /* interfaces that have routing rules; of more none has */

bool rules_guarded(const struct config *config);
unsigned rules_guard_preference(const struct config *config);

/* Its chains, for `remove`: more ends that are kept. "" without it. */
const char *rules_guard_kept(const struct config *config);

/* The first rule of the chains that feed the queues from FORWARD. Nothing without the guard. */
void rules_guard_iptables_seen(const struct config *config, FILE *out);
void rules_guard_nft_seen(const struct config *config, FILE *out);

/* The first rules of our chain in FORWARD in mode nat, for IPv4. */
void rules_guard_iptables_outside(const struct config *config, FILE *out);
void rules_guard_nft_outside(const struct config *config, FILE *out);

/* A rule of another chain that marks what comes there: in mode nat what has to be translated first. */
void rules_guard_iptables_mark(const struct config *config, const char *chain, FILE *out);
#define RULES_GUARD_NFT_MARK                                                                                 \
    "meta mark & " RULES_MARKS_BUT_FRAGMENTS " == 0 meta mark set meta mark | " RULES_GUARD_TRANSLATED

/* Single bits, so that few masks of others reach them: UDP that our chain in FORWARD is still to see, and UDP
 * from before routing that is handed to be translated. */
#define RULES_GUARD_MARK "0x40000000"
#define RULES_GUARD_TRANSLATED "0x20000000"

/* What tells how long fragments are (rules_fragments.h), and all bits but those. */
#define RULES_MARKS_OF_FRAGMENTS "0x1c000000"
#define RULES_MARKS_BUT_FRAGMENTS "0xe3ffffff"

/* The chains that mark. */
void rules_guard_iptables_print(const struct config *config, const char *tool, FILE *out);
void rules_guard_nft_print(const struct config *config, FILE *out);

/* The routing rules, once the marks are there; without the guard what takes them away. */
void rules_guard_print(const struct config *config, FILE *out);
void rules_guard_remove(const struct config *config, FILE *out); /* the shell function `unguard` */
void rules_guard_state(const struct config *config, FILE *out);

/* ---- routers that share their hosts: rules_owners.c ---- */

bool rules_have_owners(const struct config *config);

/* Where nothing is queued before routing anyway: the chain that asks whose a packet is, and what leads there.
 * With nft a part of the table. Nothing without owners. */
void rules_owners_iptables_print(const struct config *config, const char *tool, bool ipv4, FILE *out);
void rules_owners_nft_print(const struct config *config, FILE *out);
const char *rules_owners_kept(const struct config *config); /* as rules_guard_kept */

/* Mode nat: what comes by an interface outside to an address of another router has passed on its way there:
 * rules before the one that drops it, and a match of that one. */
void rules_owners_iptables_marked(const struct config *config, const char *interface, FILE *out);
void rules_owners_nft_unmarked(const struct config *config, FILE *out);

/* ---- what stands: rules_state.c ---- */

/* A script that prints it. */
void rules_state_print(const struct config *config, enum config_backend backend, FILE *out);

/* What became of what such a script printed. RULES_MOVED: only that more rules stand before our jumps. */
enum rules_change { RULES_SAME, RULES_MOVED, RULES_CHANGED };
enum rules_change rules_state_compare(const char *then, const char *now);

/* Whether what such a script printed has all rules that are installed: somebody may have taken some away
 * before it was asked for the first time. */
bool rules_state_complete(const struct config *config, enum config_backend backend, const char *state);

/* Likewise the routing rules of the guard, if there are to be some. */
bool rules_state_guarded(const struct config *config, const char *state);

/* As io_rules_apply to install. `in_front`: jumps to our chains go before the rules of others. `quick`: rules
 * of other tools are not looked for. */
struct rules_manner {
    bool in_front, quick;
};
enum qw_error rules_install(const struct config *config, enum config_backend backend,
                            const struct rules_manner *manner, struct io_error *error);

/* That script, or the one that removes them. */
void rules_script_print(const struct config *config, enum config_backend backend, bool remove,
                        const struct rules_manner *manner, FILE *out);

/* Two scripts of one instance at a time would leave rules of neither: waits `ms` milliseconds at most for
 * another one's end. A descriptor to be closed behind the script, or -1 when it did not end. instance.c. */
int rules_lock(const struct config *config, unsigned ms);

/* ---- the shell: rules_run.c ---- */

/* For one script: tools wait for each other's lock, and a slow machine needs seconds. */
#define RULES_RUN_MS 120000

#define RULES_RUN_FAILED (-1)
#define RULES_RUN_TOO_LONG (-2)
#define RULES_RUN_STOPPED (-3)
#define RULES_RUN_GONE (-4) /* of rules_job_run: the process that runs them has ended */

/* Runs `script` with /bin/sh, what it prints going to *said (cut if it is longer than `size`, never NULL).
 * 0 when it ran and succeeded, its exit status, or RULES_RUN_FAILED when it could not be started.
 * RULES_RUN_TOO_LONG after `ms` milliseconds and RULES_RUN_STOPPED once the descriptor `stop` (-1: none) is
 * readable: it and all that it started were killed. */
int rules_run(const char *script, size_t len, unsigned ms, int stop, char *said, size_t size);

#endif
