/* The settings of the kernel and the addresses that the daemon depends on. */
#ifndef QUICWARD_IO_SETUP_HOST_H
#define QUICWARD_IO_SETUP_HOST_H

#include "findings.h"
#include <quicward/config.h>
#include <quicward/survey.h>

/* Adds what survey_judge_host finds. */
void setup_host_look(const struct config *config, struct findings *out);

/* Asks for the address that the outside interface has, where the configuration follows it. */
void setup_host_external(const struct config *config, struct survey *survey);

#endif
