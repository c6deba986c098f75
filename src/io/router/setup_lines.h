/* How rules are read: line by line, with what the lines before have said. */
#ifndef QUICWARD_IO_SETUP_LINES_H
#define QUICWARD_IO_SETUP_LINES_H

#include "findings.h"
#include <quicward/config.h>

struct setup_lines {
    const struct config *config;
    struct findings *out;
    const char *tool; /* "iptables", "ip6tables", "nft" */

    char table[64], chain[64]; /* of the line; of nft with its family */
    bool ours, ours_table;     /* nft: chain and table are quicward's */
    bool behind;               /* iptables: our jump of that chain stood before */

    /* The forwarding chain that filters. */
    bool forwards; /* nft: the chain is one */
    bool drops, stateful, untracked,
        opened;  /* what is left is dropped; answers are known by their state; untracked
                    packets are named; what comes from outside is accepted anyhow */
    bool spared; /* nft: UDP has left the chain */

    /* Rules that drop all UDP: setup_drops.c. */
    bool arrives;      /* nft: the chain stands before routing */
    bool policy_drops; /* of the forwarding chain */
    bool accepts;      /* a rule before may have accepted UDP between our interfaces */
    bool jumps, inner; /* iptables: it leads to chains of others; some such chain accepts so */
};

/* Nothing was read of a table yet. */
void setup_lines_begin(struct setup_lines *lines);

void setup_iptables_line(struct setup_lines *lines, const char *line);
void setup_nft_line(struct setup_lines *lines, const char *line);

/* The end of a filtering chain or table: would it drop what is untracked? */
void setup_lines_judge(struct setup_lines *lines);

/* Does the interface that a rule names, `len` bytes at `word`, or one that its wildcard stands for, belong to
 * `named`? */
bool setup_lines_named(const struct config_interfaces *named, const char *word, size_t len);

/* `named` as iptables or nft have it in a rule, by the tool of `lines`. */
struct setup_name {
    char text[CONFIG_INTERFACE_NAME_MAX];
};
struct setup_name setup_lines_name(const struct setup_lines *lines, const char *named);

/* Does a rule that names numbers of queues name one of ours? `numbers` begins with one: "7400", "7400:7403",
 * "7400-3". */
bool setup_lines_feeds_us(const struct config *config, const char *numbers);

#endif
