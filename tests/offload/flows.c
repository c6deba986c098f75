#include "flows.h"
#include "suite.h"
#include <stdio.h>
#include <string.h>

struct qw_endpoint test_endpoint(const char *text)
{
    struct qw_endpoint endpoint = {0};
    enum qw_family family;
    CU_ASSERT_TRUE_FATAL(qw_endpoint_parse(text, &endpoint, &family));
    return endpoint;
}

static void name_interfaces(struct flow_path *path)
{
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++) {
        struct flow_path_way *of = &path->ways[way];
        snprintf(of->from, sizeof of->from, "%s", way == FLOW_PATH_UP ? "lan" : "wan");
        snprintf(of->to, sizeof of->to, "%s", way == FLOW_PATH_UP ? "wan" : "lan");
        of->limited = -1;
    }
}

struct flow_path test_path(uint64_t id, const char *inside, const char *external, const char *remote)
{
    enum qw_family family = inside[0] == '[' ? QW_IPV6 : QW_IPV4;
    struct qw_endpoint in = test_endpoint(inside), far = test_endpoint(remote);
    struct qw_endpoint out = test_endpoint(external ? external : inside);
    struct flow_path path = {.id = id, .family = family, .timeout_ns = 30 * QW_NS_PER_SECOND};
    struct flow_path_way *up = &path.ways[FLOW_PATH_UP], *down = &path.ways[FLOW_PATH_DOWN];
    up->match = (struct qw_tuple){in, far, family};
    down->match = (struct qw_tuple){far, out, family};
    if (external) {
        up->rewrite = nat_rewrite_of(&up->match, &out, NULL);
        down->rewrite = nat_rewrite_of(&down->match, NULL, &in);
    }
    name_interfaces(&path);
    return path;
}
