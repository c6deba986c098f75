/* Findings, for people and for programs. */
#ifndef COMMAND_DOCTOR_TEXT_H
#define COMMAND_DOCTOR_TEXT_H

#include <quicward/survey.h>

/* `rules_seen`: the kernel rules were looked at. False when `out` failed, or memory is short. */
bool doctor_print_text(const struct survey_findings *found, bool rules_seen, FILE *out);

/* A line {"finding":{...}} each, and one {"doctor":{...}} about all. */
bool doctor_print_json(const struct survey_findings *found, bool rules_seen, FILE *out);

#endif
