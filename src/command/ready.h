/* Telling whoever started the daemon how far it is; silent where nobody asks. */
#ifndef COMMAND_READY_H
#define COMMAND_READY_H

void ready_announce(void);
void ready_withdraw(void);

#endif
