/* The fast path as JSON lines, and as text. */
#include "suite.h"
#include "test_control.h"
#include "world.h"
#include <quicward/control.h>
#include <stdlib.h>
#include <string.h>

static void fill(struct io_offload *out)
{
    *out = (struct io_offload){.running = true, .link_count = 2, .reason_count = 1, .warning_count = 2};
    out->links[0] = (struct io_offload_link){.name = "lan0",
                                             .place = "tc",
                                             .why = "its \"veth\"",
                                             .entries = 3,
                                             .fast = {7, 700},
                                             .slow = {2, 90},
                                             .dropped = {5, 600}};
    out->links[1] = (struct io_offload_link){.name = "wan0", .place = "xdp", .why = "its driver"};
    for (unsigned i = 0; i < 2; i++) {
        out->warnings[i].interface = out->links[0].name;
        snprintf(out->warnings[i].text, IO_OFFLOAD_WARNING_MAX,
                 i ? "far \033 end" : "a shaper: \"tc qdisc\"");
    }
}

static void as_json(void *offload, FILE *out)
{
    CU_ASSERT_TRUE(control_offload_json(offload, out));
}

static void line_as_text(void *line, FILE *out)
{
    CU_ASSERT_TRUE(control_offload_text(line, out));
}

static void warned(void)
{
    struct io_offload *offload = malloc(sizeof *offload);
    CU_ASSERT_PTR_NOT_NULL_FATAL(offload);
    fill(offload);
    char *json = printed(as_json, offload), *rest = NULL;
    char *first = strtok_r(json, "\n", &rest), *second = strtok_r(NULL, "\n", &rest);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(first, "\"warnings\":[\"a shaper: \\\"tc qdisc\\\"\",\"far \\u001B end\"]"));
    CU_ASSERT_PTR_NOT_NULL(strstr(second, "\"warnings\":[]"));
    char *text = printed(line_as_text, first);
    CU_ASSERT_STRING_EQUAL(
        text, "lan0            tc    its \"veth\"\n"
              "                entries 3   fast packets/bytes 7/700   slow 2/90   dropped 5/600\n"
              "                warning: a shaper: \"tc qdisc\"\n"
              "                warning: far ? end\n");
    free(text);
    free(json);
    free(offload);
}

/* From a daemon that knows no warnings and drops nothing. */
static void unwarned(void)
{
    char line[] = "{\"interface\": \"lan0\", \"place\": \"tc\", \"why\": \"so\", \"entries\": 0, "
                  "\"fast\": {\"packets\": 0, \"bytes\": 0}, \"slow\": {\"packets\": 0, \"bytes\": 0}}";
    char *text = printed(line_as_text, line);
    CU_ASSERT_STRING_EQUAL(text,
                           "lan0            tc    so\n"
                           "                entries 0   fast packets/bytes 0/0   slow 0/0   dropped 0/0\n");
    free(text);
}

void suite_offload_views(void)
{
    static const struct test TESTS[] = {
        {"O5 X7: warnings stand with their interface, and command no terminal", warned},
        {"O5 X7: a line without warnings", unwarned},
    };
    TEST_SUITE("control offload", TESTS);
}
