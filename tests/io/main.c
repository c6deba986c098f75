#include "suite.h"
#include "suites.h"

int main(void)
{
    capture_suite();
    clock_suite();
    held_suite();
    holder_suite();
    interfaces_suite();
    link_suite();
    message_suite();
    raw_suite();
    rules_suite();
    sleep_suite();
    stats_suite();
    verdicts_suite();
    return test_main();
}
