/* The suites of this room. */
#ifndef TEST_IO_SUITES_H
#define TEST_IO_SUITES_H

void capture_suite(void);
void capture_ng_suite(void);
void clock_suite(void);
void decisions_suite(void);
void fast_choice_suite(void);
void fast_queues_suite(void);
void held_suite(void);
void holder_suite(void);
void inside_routes_suite(void);
void interfaces_suite(void);
void lanes_suite(void);
void link_suite(void);
void message_suite(void);
void netlink_suite(void);
void packet_suite(void);
void port_pool_suite(void);
void raw_suite(void);
void returned_suite(void);
void router_links_suite(void);
void router_ports_suite(void);
void router_sockets_suite(void);
void rules_suite(void);
void rules_kept_suite(void);
void secret_suite(void);
void setup_drops_suite(void);
void setup_rules_suite(void);
void sleep_suite(void);
void stash_suite(void);
void stats_suite(void);
void verdicts_suite(void);
void wan_address_suite(void);

#endif
