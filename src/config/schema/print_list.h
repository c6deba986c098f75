/* Lists of values. */
#ifndef CONFIG_PRINT_LIST_H
#define CONFIG_PRINT_LIST_H

#include <stdio.h>

/* Writes element `number` of a list. */
typedef void print_element(const void *list, unsigned number, FILE *out);

/* One element stands alone, several in brackets: what people write, too. */
void print_list(const void *list, unsigned count, print_element *write, FILE *out);

/* Of lists of struct qw_prefix, of struct qw_addr (IPv4), of struct qw_port_range. */
print_element print_prefix, print_address, print_range;

#endif
