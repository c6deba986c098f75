/* What a packet meets while another thread reloads. */
#ifndef BENCH_RELOAD_H
#define BENCH_RELOAD_H

/* Rows for reloads of 4,000 rules, and of a list of two million names. */
void reload_show(void);

#endif
