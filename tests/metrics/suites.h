#ifndef TEST_METRICS_SUITES_H
#define TEST_METRICS_SUITES_H

void suite_text(void);
void suite_serve(void);

#endif
