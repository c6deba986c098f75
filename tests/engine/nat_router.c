#include "nat_router.h"
#include <CUnit/CUnit.h>
#include <quicward/base/checksum.h>
#include <string.h>

struct config nat_config(enum config_filtering filtering)
{
    static struct qw_port_range ports = {1024, 65535};
    struct config config = router_config(CONFIG_NAT);
    config.external_count = 1;
    CU_ASSERT_TRUE_FATAL(qw_addr_parse(EXTERNAL, &config.external[0], &(enum qw_family){0}));
    config.nat_ports = (struct config_ports){1, &ports};
    config.filtering = filtering;
    config.nat_per_host = 100;
    config.nat_hold_down_s = 120;
    config.nat_exhausted = CONFIG_REJECT;
    return config;
}

/* 0 over what includes its own checksum. */
static uint16_t sum(uint32_t start, const uint8_t *data, size_t len)
{
    return qw_checksum_finish(qw_checksum_add(start, data, len));
}

static void check_sums(const uint8_t *packet, size_t len)
{
    const size_t header = (packet[0] & 15u) * 4u;
    CU_ASSERT_EQUAL(sum(0, packet, header), 0);
    if (packet[9] == 1) {
        CU_ASSERT_EQUAL(sum(0, packet + header, len - header), 0);
        return;
    }
    uint32_t pseudo = qw_checksum_add(17 + (uint32_t)(len - header), packet + 12, 8);
    CU_ASSERT_EQUAL(sum(pseudo, packet + header, len - header), 0);
}

struct qw_tuple as_left(struct router *r)
{
    struct packet_view view;
    CU_ASSERT_EQUAL_FATAL(packet_decode(r->packet, r->packet_len, (uint32_t)r->packet_len, &view), QW_OK);
    check_sums(r->packet, r->packet_len);
    return view.tuple;
}

char *source(struct router *r, char out[static QW_ENDPOINT_TEXT_MAX])
{
    struct qw_tuple tuple = as_left(r);
    return qw_endpoint_text(&tuple.src, tuple.family, out);
}

char *destination(struct router *r, char out[static QW_ENDPOINT_TEXT_MAX])
{
    struct qw_tuple tuple = as_left(r);
    return qw_endpoint_text(&tuple.dst, tuple.family, out);
}

char *leave(struct router *r, const char *lan, const char *wan, char text[static QW_ENDPOINT_TEXT_MAX])
{
    CU_ASSERT_TRUE(out(r, lan, wan, "payload", 7));
    CU_ASSERT_TRUE(r->last.translated);
    return source(r, text);
}
