#include "suite.h"
#include "suites.h"

int main(void)
{
    suite_opening();
    suite_spin();
    suite_histories();
    return test_main();
}
