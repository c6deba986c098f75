#include "flows.h"
#include "suite.h"

int main(void)
{
    suite_table();
    suite_eviction();
    suite_model();
    return test_main();
}
