/* What the daemon says of itself, for quicward doctor. */
#ifndef COMMAND_DOCTOR_ASK_H
#define COMMAND_DOCTOR_ASK_H

#include <quicward/survey.h>

/* Reads the line that control_stats_json wrote. False, and *out unchanged, for any other. */
bool doctor_read_stats(const char *json_line, struct survey_daemon *out);

/* Asks the daemon at `socket`, and says in *out what it answered, or why it did not. What of *out no daemon
 * tells stays as it is. */
void doctor_ask(const char *socket, struct survey_daemon *out);

#endif
