/* The suites of this program, one a file. */
#ifndef SUITES_H
#define SUITES_H

void hostile_suite(void);
void judge_suite(void);
void limiter_suite(void);
void message_suite(void);

#endif
