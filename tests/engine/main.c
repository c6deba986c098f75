#include "router.h"
#include "suite.h"

int main(void)
{
    suite_firewall();
    suite_handshake();
    suite_icmp();
    suite_limits();
    suite_views();
    return test_main();
}
