#include "suite.h"
#include "suites.h"

int main(void)
{
    hellos_suite();
    names_suite();
    extensions_suite();
    hostile_suite();
    return test_main();
}
