#ifndef SUITES_H
#define SUITES_H

void suite_change(void);
void suite_controller(void);
void suite_fast(void);
void suite_hits(void);
void suite_place(void);
void suite_shares(void);
void suite_shapes(void);
void suite_sketch(void);
void suite_stalls(void);
void suite_threads(void);

#endif
