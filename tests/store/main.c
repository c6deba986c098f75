#include "suite.h"
#include "suites.h"

int main(void)
{
    memory_suite();
    file_suite();
    adapt_suite();
    return test_main();
}
