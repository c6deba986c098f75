/* The suites of this program, one a file. */
#ifndef SUITES_H
#define SUITES_H

void extensions_suite(void);
void hellos_suite(void);
void hostile_suite(void);
void names_suite(void);

#endif
