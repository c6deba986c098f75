#include "suite.h"
#include "suites.h"

int main(void)
{
    suite_text();
    suite_serve();
    return test_main();
}
