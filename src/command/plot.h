/* A series as a drawing. */
#ifndef COMMAND_PLOT_H
#define COMMAND_PLOT_H

#include "series.h"

/* An SVG element for HTML; `handshake_us`: a dashed line, 0: none. */
void plot_write(const struct series *series, uint32_t handshake_us, FILE *out);

#endif
