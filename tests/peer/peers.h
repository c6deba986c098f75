#ifndef TEST_PEERS_H
#define TEST_PEERS_H

void suite_agreement(void);
void suite_copy(void);
void suite_record(void);
void suite_role(void);
void suite_rivals(void);
void suite_link(void);

#endif
