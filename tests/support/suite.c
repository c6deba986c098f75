#include "suite.h"
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>

void test_suite(const char *name, const struct test *tests, unsigned count)
{
    if (!CU_registry_initialized() && CU_initialize_registry() != CUE_SUCCESS)
        exit(1);
    CU_pSuite suite = CU_add_suite(name, NULL, NULL);
    for (unsigned i = 0; i < count; i++)
        if (!suite || !CU_add_test(suite, tests[i].name, tests[i].run)) {
            fprintf(stderr, "%s: cannot register '%s': %s\n", name, tests[i].name, CU_get_error_msg());
            exit(1);
        }
}

int test_main(void)
{
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + CU_get_number_of_suites_failed();
    unsigned ran = CU_get_number_of_tests_run();
    CU_cleanup_registry();
    return ran > 0 && failed == 0 ? 0 : 1;
}
