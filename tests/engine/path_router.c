#include "path_router.h"
#include <CUnit/CUnit.h>

struct router path_router(const struct config *config)
{
    router_paths = true;
    struct router r = router_start(config);
    router_paths = false;
    return r;
}

bool next_path(struct router *r, struct flow_path_event *event)
{
    bool resync = false;
    size_t count = engine_paths(r->engine, event, 1, &resync);
    CU_ASSERT_FALSE(resync);
    return count == 1;
}

struct flow_path expect_path(struct router *r, enum flow_path_kind kind)
{
    struct flow_path_event event = {0};
    CU_ASSERT_TRUE_FATAL(next_path(r, &event));
    CU_ASSERT_EQUAL(event.kind, kind);
    return event.path;
}

void expect_no_path(struct router *r)
{
    struct flow_path_event event;
    CU_ASSERT_FALSE(next_path(r, &event));
}

struct flow_path both_ways(struct router *r, const char *lan, const char *wan)
{
    char back[QW_ENDPOINT_TEXT_MAX];
    struct packet_view view;
    CU_ASSERT_TRUE_FATAL(out(r, lan, wan, "to", 2));
    CU_ASSERT_EQUAL_FATAL(packet_decode(r->packet, r->packet_len, (uint32_t)r->packet_len, &view), QW_OK);
    qw_endpoint_text(&view.tuple.src, view.family, back);
    expect_no_path(r);
    CU_ASSERT_TRUE_FATAL(in(r, wan, back, "fro", 3));
    return expect_path(r, FLOW_PATH_ADD);
}

struct qw_endpoint endpoint(const char *text)
{
    struct qw_endpoint endpoint = {0};
    CU_ASSERT_TRUE_FATAL(qw_endpoint_parse(text, &endpoint, &(enum qw_family){0}));
    return endpoint;
}
