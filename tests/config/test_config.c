#include "suite.h"
#include "suites.h"

int main(void)
{
    register_refusals();
    register_bounds();
    register_files();
    register_golden();
    register_patterns();
    register_reload();
    register_rules();
    register_listen();
    register_nat();
    register_limits();
    register_words();
    register_shipped();
    return test_main();
}
