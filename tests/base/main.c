#include "suite.h"
#include "suites.h"

int main(void)
{
    addr_suite();
    bytes_suite();
    checksum_suite();
    hash_suite();
    log_suite();
    owners_suite();
    ports_suite();
    words_suite();
    return test_main();
}
