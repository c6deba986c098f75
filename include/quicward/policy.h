/* Rules over the first packet of a flow (RFC 9312 4.5): may it come to life? Built once from a configuration,
 * never changed, shared by all threads. Decides from what it is given and knows no
 * flow, no packet. */
#ifndef QUICWARD_POLICY_H
#define QUICWARD_POLICY_H

#include <quicward/base/addr.h>
#include <quicward/base/hash.h>
#include <quicward/config.h>
#include <quicward/tls.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define POLICY_NO_RULE UINT32_MAX /* the default action decided */

/* What the default is for a flow from outside. In mode nat it is not default_in: either a forward or the
 * filtering lets the flow in, or nothing does. */
enum policy_entry { POLICY_BY_DEFAULT, POLICY_LET_IN, POLICY_KEPT_OUT };

/* What is known of a flow when its fate is decided. */
struct policy_facts {
    enum config_direction direction; /* CONFIG_OUT or CONFIG_IN */
    enum policy_entry entry;
    const char *from_interface, *to_interface; /* names; NULL when not known */
    struct qw_tuple tuple;                     /* as its first packet carries it */
    bool quic;                                 /* that packet begins a QUIC handshake */
    bool misshapen;   /* that packet says it is an Initial of v1 or v2, but its size or its lengths say no */
    uint32_t version; /* with `quic`: of that packet */
    const struct tls_client_hello *hello; /* NULL while not read; see `hello_unreadable` */
    bool hello_unreadable; /* it will never be read (malformed, over a limit, too late): rules that need it do
                              not match, but for readable = false; the same in versions other than v1, v2 */
};

struct policy_decision {
    enum config_action action;
    uint32_t rule;    /* index, or POLICY_NO_RULE */
    bool by_content;  /* rests on `quic`, `version` or `hello`: another packet of the 5-tuple might fare
                         otherwise */
    bool needs_hello; /* nothing is decided yet: the ClientHello decides between two actions */
};

struct policy;

/* Compiles the rules of `config` and loads its SNI lists. `secret` keys the tables of names: random in
 * service. QW_OK and *out, owned by the caller, borrowing nothing. QW_ERR_INVALID when a list file cannot be
 * read or has bad lines: each is written to `errors` as FILE:LINE (the first 20 of a file). QW_ERR_NO_MEMORY.
 * *out is NULL unless QW_OK. */
enum qw_error policy_new(const struct config *config, struct qw_hash_key secret, FILE *errors,
                         struct policy **out);
void policy_free(struct policy *policy);

/* First match wins; no match: the direction's default. With quic = "block" a QUIC flow gets CONFIG_REJECT
 * before any rule is asked; with "bypass" every flow is to the rules what no QUIC is. `needs_hello` is set
 * only when the action depends on the ClientHello: while rules that might match and the one that would decide
 * without it all say the same, that one decides. Counts and allocates nothing; any thread. */
struct policy_decision policy_decide(const struct policy *policy, const struct policy_facts *facts);

/* False when no rule sees a ClientHello: then nothing is ever held. */
bool policy_inspects(const struct policy *policy);

uint32_t policy_rule_count(const struct policy *policy);
const char *policy_rule_name(const struct policy *policy, uint32_t rule); /* "default" for POLICY_NO_RULE */

/* May flows that the rule admits take the fast path? Those of the default may. */
bool policy_rule_is_fast(const struct policy *policy, uint32_t rule);

/* A flow in words, as `quicward explain` takes it. Not to be copied: `facts` points into it. */
#define POLICY_FLOW_TEXT_MAX 2048
struct policy_flow {
    struct policy_facts facts;
    struct tls_client_hello hello;
    bool sides_told;                 /* at least one end has a side; else `facts` begins inside */
    char text[POLICY_FLOW_TEXT_MAX]; /* what the names in it are borrowed from */
};

/* Reads
 *     [SIDE] ADDRESS:PORT -> [SIDE] ADDRESS:PORT [quic=yes|no] [misshapen=yes|no] [version=V] [sni=NAME]
 * [alpn=A,B] [ech=yes|no] [hello=unreadable] A SIDE is "inside", "outside" or one of the interfaces of
 * `config`; without any the flow begins inside. A side that has one interface only stands for it. What needs
 * QUIC says that it is QUIC, v1 if not told otherwise; sni, alpn and ech say that the ClientHello was read.
 * False, with one line in `errors` that quotes the word, for anything else. `config` must outlive `out`. */
bool policy_flow_read(const struct config *config, const char *text, struct policy_flow *out, FILE *errors);

/* Writes for people, rule by rule, why it matches or not, and what is decided: `quicward explain`. */
void policy_explain(const struct policy *policy, const struct policy_facts *facts, FILE *out);

/* ---- names ---- */

/* A set of host names. "www.example.org" is that name, ".example.org" that name and all below it,
 * "*.example.org" only what is below. Compared without case; a trailing dot is ignored. A lookup costs one
 * hash a label, of as many labels as the longest name in the set has. */
struct policy_names;

#define POLICY_NAMES_MAX (1u << 23)

/* NULL when memory is short. */
struct policy_names *policy_names_new(struct qw_hash_key secret);
void policy_names_free(struct policy_names *names);

/* QW_OK, also when it is there already; QW_ERR_INVALID when `name` is no host name of that form
 * (config_host_name); QW_ERR_FULL; QW_ERR_NO_MEMORY. */
enum qw_error policy_names_add(struct policy_names *names, const char *name);

/* Reads a file: one name a line; blanks around it, blank lines, and what follows '#' are skipped. Errors as
 * in policy_new; what was good is then in the set. When the file itself cannot be read, `asked` ("FILE:LINE"
 * of what names it, or NULL) begins the message. */
enum qw_error policy_names_load(struct policy_names *names, const char *path, const char *asked,
                                FILE *errors);

bool policy_names_match(const struct policy_names *names, struct qw_bytes sni);

/* Distinct names, "example.org" and ".example.org" being one. */
size_t policy_names_count(const struct policy_names *names);

#endif
