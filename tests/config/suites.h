#ifndef TEST_CONFIG_SUITES_H
#define TEST_CONFIG_SUITES_H

void register_bounds(void);
void register_files(void);
void register_golden(void);
void register_refusals(void);
void register_limits(void);
void register_listen(void);
void register_nat(void);
void register_patterns(void);
void register_reload(void);
void register_rules(void);
void register_shipped(void);
void register_words(void);

#endif
