/* One CUnit program a room: a table of tests, each named after what it proves and the requirement ids. */
#ifndef TEST_SUITE_H
#define TEST_SUITE_H

#include <CUnit/CUnit.h>

struct test {
    const char *name; /* "W3: the Initials of RFC 9001 A open" */
    void (*run)(void);
};

/* Registers the tests as suite `name` of the program; call once a file from main, then test_main. */
void test_suite(const char *name, const struct test *tests, unsigned count);
#define TEST_SUITE(name, tests) test_suite(name, tests, sizeof(tests) / sizeof((tests)[0]))

/* Runs all suites, prints CUnit's summary and one line a failure. The exit status: 0 when every test passed
 * and at least one ran. */
int test_main(void);

#endif
