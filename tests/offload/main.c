#include "suite.h"
#include "suites.h"

int main(void)
{
    suite_packet();
    suite_entry();
    suite_book();
    suite_gates();
    suite_table();
    suite_ask();
    suite_offload();
    suite_program();
    suite_limit();
    suite_spin();
    suite_captures();
    suite_drop();
    suite_sockets();
    suite_vlans();
    suite_carriers();
    suite_pins(); /* the last: it mounts */
    return test_main();
}
