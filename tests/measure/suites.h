#ifndef MEASURE_SUITES_H
#define MEASURE_SUITES_H

void suite_opening(void);
void suite_spin(void);
void suite_histories(void);

#endif
