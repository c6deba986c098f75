#include "suite.h"
#include "suites.h"

int main(void)
{
    suite_place();
    suite_shares();
    suite_controller();
    suite_hits();
    suite_change();
    suite_sketch();
    suite_stalls();
    suite_fast();
    suite_shapes();
    suite_threads();
    return test_main();
}
