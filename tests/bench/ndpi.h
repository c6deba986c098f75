/* The same Initials through nDPI, the library that firewalls and probes read QUIC names with. */
#ifndef BENCH_NDPI_H
#define BENCH_NDPI_H

#include "initials.h"

/* Nanoseconds an Initial. */
double ndpi_round(const struct initials *set);

#endif
