/* Telling whoever started the daemon how far it is; silent where nobody asks. */
#ifndef COMMAND_READY_H
#define COMMAND_READY_H

#include <stdint.h>

void ready_announce(void);
void ready_withdraw(void);

/* Within so many nanoseconds systemd wants ready_alive from this process, again and again (WatchdogSec); 0:
 * it does not ask for it. */
uint64_t ready_watchdog_ns(void);
void ready_alive(void);

#endif
