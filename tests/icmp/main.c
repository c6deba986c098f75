#include "suite.h"
#include "suites.h"

int main(void)
{
    hostile_suite();
    judge_suite();
    limiter_suite();
    message_suite();
    return test_main();
}
