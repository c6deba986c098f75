#include "suite.h"
#include "suites.h"

int main(void)
{
    fragment_suite();
    hostile_suite();
    icmp_suite();
    ip_suite();
    udp_suite();
    return test_main();
}
