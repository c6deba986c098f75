#ifndef TEST_REWRITE_H
#define TEST_REWRITE_H

void suite_rewrite(void);
void suite_rewrite_hostile(void);

#endif
