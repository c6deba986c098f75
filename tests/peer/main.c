#include "peers.h"
#include "suite.h"

int main(void)
{
    suite_agreement();
    suite_copy();
    suite_record();
    suite_role();
    suite_rivals();
    suite_link();
    return test_main();
}
