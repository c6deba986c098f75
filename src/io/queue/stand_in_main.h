/* What the stand-in does. It runs between fork and _exit: no memory is allocated, no lock taken. */
#ifndef QUICWARD_IO_STAND_IN_MAIN_H
#define QUICWARD_IO_STAND_IN_MAIN_H

#include "stand_in.h"

/* A message of the channel. With a socket beside it: watch that; without: forget it. */
struct stand_in_message {
    uint16_t index, number;
};

/* Until the channel ends. */
void stand_in_main(int channel, const struct stand_in_beat *beats);

#endif
