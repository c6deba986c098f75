/* The suites of this room. */
#ifndef TEST_SURVEY_SUITES_H
#define TEST_SURVEY_SUITES_H

void facts_suite(void);
void judge_suite(void);
void plan_suite(void);
void rules_text_suite(void);

#endif
