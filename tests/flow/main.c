#include "flows.h"
#include "suite.h"

int main(void)
{
    suite_table();
    suite_eviction();
    suite_model();
    suite_adopt();
    suite_marks();
    return test_main();
}
