/* The suites of this program, one a file. */
#ifndef SUITES_H
#define SUITES_H

void fragment_suite(void);
void hostile_suite(void);
void icmp_suite(void);
void ip_suite(void);
void udp_suite(void);

#endif
