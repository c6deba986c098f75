/* The suites of the room. */
#ifndef TEST_COMMAND_H
#define TEST_COMMAND_H

#include <quicward/engine.h>

void suite_troubles(void);
void suite_feed(void);
void suite_doctor(void);

/* An engine in monitor mode, of a clock of its own. */
struct engine *command_engine(struct qw_time now);

#endif
