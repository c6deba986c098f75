/* The kernel rules of others: what of them keeps UDP from us, or what of ours keeps UDP from them. */
#ifndef QUICWARD_IO_SETUP_RULES_H
#define QUICWARD_IO_SETUP_RULES_H

#include "findings.h"
#include <quicward/config.h>

/* Reads what RULES_SCRIPT_OTHERS (rules_job.h) printed, which is changed meanwhile. */
void setup_rules_look(const struct config *config, char *text, struct findings *out);

#endif
