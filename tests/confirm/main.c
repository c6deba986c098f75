#include "suite.h"
#include "talk.h"

int main(void)
{
    suite_evidence();
    suite_forgers();
    suite_versions();
    suite_retries();
    suite_loss();
    suite_blind();
    suite_pieces();
    return test_main();
}
