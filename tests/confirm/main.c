#include "suite.h"
#include "talk.h"

int main(void)
{
    suite_evidence();
    suite_forgers();
    suite_versions();
    return test_main();
}
