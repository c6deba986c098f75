/* Rules of others that drop all UDP between inside and outside, so that quicward never sees it, or what it
 * lets through gets nowhere. Only rules that say so plainly are told. */
#ifndef QUICWARD_IO_SETUP_DROPS_H
#define QUICWARD_IO_SETUP_DROPS_H

#include "setup_lines.h"

/* A rule of iptables, or of nft. */
void setup_drops_iptables(struct setup_lines *lines, const char *line);
void setup_drops_nft(struct setup_lines *lines, const char *line);

/* The end of the filtering chain: does its policy drop everything? */
void setup_drops_judge(struct setup_lines *lines);

#endif
