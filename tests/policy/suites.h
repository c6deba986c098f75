#ifndef TEST_POLICY_SUITES_H
#define TEST_POLICY_SUITES_H

void content_suite(void);
void examples_suite(void);
void explain_suite(void);
void flow_text_suite(void);
void hold_suite(void);
void list_suite(void);
void names_suite(void);
void random_suite(void);
void rules_suite(void);

#endif
