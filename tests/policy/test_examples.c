/* conf/examples: each NAME.conf decides as the lines of tests/golden/explain/NAME.txt say, "FLOW => ACTION
 * RULE" or "FLOW => wait". */
#include "suite.h"
#include "suites.h"
#include "world.h"
#include <glob.h>
#include <string.h>

#define EXAMPLES TEST_DATA "/../conf/examples/"
#define EXPECTATIONS TEST_DATA "/golden/explain/"

static unsigned check_lines(const struct world *world, FILE *file)
{
    char line[1024];
    unsigned lines = 0;
    while (fgets(line, sizeof(line), file)) {
        char *arrow = strstr(line, " => ");
        line[strcspn(line, "\n")] = '\0';
        if (*line == '#' || *line == '\0')
            continue;
        need(arrow != NULL, line);
        *arrow = '\0';
        world_expect(world, line, arrow + 4);
        lines++;
    }
    return lines;
}

static void check_example(const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    char expectations[512];
    struct world world = world_load(path);
    snprintf(expectations, sizeof(expectations), EXPECTATIONS "%.*s.txt", (int)strcspn(name, "."), name);
    FILE *file = fopen(expectations, "r");
    need(file != NULL, expectations);
    CU_ASSERT(check_lines(&world, file) >= 4);
    need(fclose(file) == 0, expectations);
    world_end(&world);
}

static void test_examples(void)
{
    glob_t found;
    need(glob(EXAMPLES "*.conf", 0, NULL, &found) == 0, EXAMPLES);
    CU_ASSERT(found.gl_pathc >= 6);
    for (size_t i = 0; i < found.gl_pathc; i++)
        check_example(found.gl_pathv[i]);
    globfree(&found);
}

static const struct test TESTS[] = {
    {"F1 F2 F3: the shipped examples decide as described", test_examples},
};

void examples_suite(void)
{
    TEST_SUITE("policy: examples", TESTS);
}
