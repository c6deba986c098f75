#include "suite.h"
#include "suites.h"

int main(void)
{
    capture_suite();
    clock_suite();
    decisions_suite();
    held_suite();
    holder_suite();
    interfaces_suite();
    link_suite();
    message_suite();
    packet_suite();
    port_pool_suite();
    raw_suite();
    returned_suite();
    router_ports_suite();
    rules_suite();
    sleep_suite();
    stash_suite();
    stats_suite();
    verdicts_suite();
    wan_address_suite();
    return test_main();
}
