#include "suite.h"
#include "suites.h"

int main(void)
{
    names_suite();
    list_suite();
    rules_suite();
    hold_suite();
    content_suite();
    random_suite();
    flow_text_suite();
    explain_suite();
    examples_suite();
    return test_main();
}
