/* The suites of the room. */
#ifndef TEST_CONTROL_H
#define TEST_CONTROL_H

void suite_views(void);
void suite_text(void);
void suite_offload_views(void);
void suite_nat_views(void);
void suite_answers(void);
void suite_query(void);
void suite_session(void);
void suite_server(void);
void suite_sinks(void);
void suite_veil(void);
void suite_socket(void);
void suite_taking(void);

#endif
