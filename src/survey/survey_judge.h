/* The parts of survey_judge, each of a few topics. */
#ifndef QUICWARD_SURVEY_JUDGE_H
#define QUICWARD_SURVEY_JUDGE_H

#include <quicward/survey.h>

bool judge_is_named(const struct config_interfaces *named, const char *name);
bool judge_is_ours(const struct config *config, const char *name); /* on either side */

/* The next interface that is there and that `named`, a name or a pattern, stands for; NULL: there is no more.
 * *from begins as 0. */
const struct survey_interface *judge_next(const struct survey *survey, const char *named, unsigned *from);

/* Calls `judge` for every interface of both sides that is there, the inside ones first. */
typedef void judge_interface(const struct config *config, const struct survey *survey,
                             const struct survey_interface *one, bool inside, struct survey_findings *out);
void judge_each(const struct config *config, const struct survey *survey, judge_interface *judge,
                struct survey_findings *out);

void judge_daemon(const struct config *config, const char *path, const struct survey *survey,
                  struct survey_findings *out);
void judge_queues(const struct config *config, const struct survey *survey, struct survey_findings *out);
void judge_rules(const struct config *config, const char *path, const struct survey *survey,
                 struct survey_findings *out);
void judge_interfaces(const struct config *config, const struct survey *survey, struct survey_findings *out);
void judge_links(const struct config *config, const struct survey *survey, struct survey_findings *out);
void judge_ports(const struct config *config, const struct survey *survey, struct survey_findings *out);
void judge_clock(const struct config *config, const struct survey *survey, struct survey_findings *out);

/* Does the interface join packets for good? */
void judge_lro(const struct survey_interface *one, struct survey_findings *out);
judge_interface judge_fast;

#endif
