#include "test_control.h"
#include "suite.h"

int main(void)
{
    suite_views();
    suite_text();
    suite_offload_views();
    suite_nat_views();
    suite_answers();
    suite_query();
    suite_session();
    suite_server();
    suite_sinks();
    suite_veil();
    suite_socket();
    suite_taking();
    return test_main();
}
