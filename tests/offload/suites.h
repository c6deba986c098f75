#ifndef TEST_OFFLOAD_SUITES_H
#define TEST_OFFLOAD_SUITES_H

void suite_ask(void);
void suite_book(void);
void suite_captures(void);
void suite_drop(void);
void suite_sockets(void);
void suite_table(void);
void suite_vlans(void);
void suite_carriers(void);
void suite_gates(void);
void suite_entry(void);
void suite_limit(void);
void suite_spin(void);
void suite_packet(void);
void suite_offload(void);
void suite_pins(void);
void suite_program(void);

#endif
