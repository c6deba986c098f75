/* The suites of this program, one a file. */
#ifndef SUITES_H
#define SUITES_H

void adapt_suite(void);
void file_suite(void);
void memory_suite(void);

#endif
