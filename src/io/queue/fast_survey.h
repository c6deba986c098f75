/* What a survey (quicward/survey.h) says of interfaces for the fast path's sake. */
#ifndef IO_FAST_SURVEY_H
#define IO_FAST_SURVEY_H

#include <quicward/survey.h>

/* Asks the kernel about the configuration's interfaces that `survey` has. Nothing when there is to be no fast
 * path. */
void fast_survey_fill(const struct config *config, struct survey *survey);

/* One of interfaces alone, enough for survey_judge_fast. Owned by the caller, free(). NULL: no memory, or the
 * kernel does not tell. */
struct survey *fast_survey_make(const struct config *config);

#endif
