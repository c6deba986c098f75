#include "router.h"
#include "suite.h"

int main(void)
{
    suite_firewall();
    suite_handshake();
    suite_icmp();
    suite_limits();
    suite_views();
    suite_inspect();
    suite_rules();
    suite_corpus();
    suite_names();
    suite_nat();
    suite_nat_errors();
    suite_sizes();
    suite_ahead();
    suite_throttle();
    suite_nat_threads();
    return test_main();
}
