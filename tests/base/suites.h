/* The suites of this program, one a file. */
#ifndef SUITES_H
#define SUITES_H

void addr_suite(void);
void bytes_suite(void);
void checksum_suite(void);
void hash_suite(void);
void log_suite(void);
void owners_suite(void);
void ports_suite(void);
void words_suite(void);

#endif
