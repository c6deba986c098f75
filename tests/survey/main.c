#include "suite.h"
#include "suites.h"

int main(void)
{
    facts_suite();
    judge_suite();
    plan_suite();
    rules_text_suite();
    return test_main();
}
