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
    return test_main();
}
