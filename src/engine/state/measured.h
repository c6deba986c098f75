/* Adding to the sums of engine_measured.h. */
#ifndef ENGINE_MEASURED_SUMS_H
#define ENGINE_MEASURED_SUMS_H

#include <quicward/engine_measured.h>
#include <quicward/measure.h>
#include <stdbool.h>

void measured_count(struct engine_measured *sums, uint32_t version, enum engine_outcome outcome);

/* The handshake's round trip, if both halves of it are known. */
void measured_handshake(struct engine_measured *sums, const struct measure *measure, uint32_t now_us);

/* The spin bit's round trip, if it can be believed. */
void measured_spin(struct engine_measured *sums, const struct measure *measure, uint32_t now_us);

void measured_add(struct engine_measured *to, const struct engine_measured *from);

#endif
