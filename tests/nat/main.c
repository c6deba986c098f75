#include "nats.h"
#include "suite.h"
#include "test_rewrite.h"

int main(void)
{
    suite_mapping();
    suite_ports();
    suite_numbers();
    suite_rest();
    suite_limits();
    suite_filtering();
    suite_addresses();
    suite_adopt();
    suite_blocks();
    suite_block_changes();
    suite_change();
    suite_change_forwards();
    suite_choice();
    suite_forwards();
    suite_shown();
    suite_table();
    suite_model();
    suite_threads();
    suite_uplinks();
    suite_rewrite();
    suite_rewrite_hostile();
    return test_main();
}
