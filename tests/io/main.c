#include "suite.h"
#include "suites.h"

int main(void)
{
    capture_suite();
    capture_ng_suite();
    clock_suite();
    decisions_suite();
    fast_choice_suite();
    fast_queues_suite();
    held_suite();
    holder_suite();
    inside_routes_suite();
    interfaces_suite();
    lanes_suite();
    link_suite();
    message_suite();
    netlink_suite();
    packet_suite();
    port_pool_suite();
    raw_suite();
    returned_suite();
    router_links_suite();
    router_ports_suite();
    router_sockets_suite();
    rules_suite();
    rules_kept_suite();
    secret_suite();
    setup_drops_suite();
    setup_rules_suite();
    sleep_suite();
    stash_suite();
    stats_suite();
    verdicts_suite();
    wan_address_suite();
    return test_main();
}
