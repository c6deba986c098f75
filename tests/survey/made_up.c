#include "made_up.h"
#include <stdlib.h>
#include <string.h>

static struct survey router;

struct survey *made_up(void)
{
    router = (struct survey){.forward4 = 1,
                             .forward6 = 1,
                             .processors = 2,
                             .root = true,
                             .nft_queue = true,
                             .iptables = true,
                             .clock_synced = true,
                             .first = {.wall_ns = INT64_C(1800000000000000000), .queues = {.known = true}}};
    made_up_add(&router, "lo", "", "127.0.0.1/8")->loopback = true;
    return &router;
}

static void add_address(struct survey_interface *one, const char *text)
{
    struct survey_address *address = &one->addresses[one->address_count++];
    char plain[QW_PREFIX_TEXT_MAX];
    const char *slash = strchr(text, '/');
    snprintf(plain, sizeof(plain), "%.*s", (int)(slash - text), text);
    if (!qw_addr_parse(plain, &address->addr, &address->family))
        abort();
    address->bits = (uint8_t)atoi(slash + 1);
    address->global = true;
}

struct survey_interface *made_up_add(struct survey *survey, const char *name, const char *kind,
                                     const char *addresses)
{
    char list[256], *rest = NULL;
    struct survey_interface *one = &survey->interfaces[survey->interface_count++];
    *one = (struct survey_interface){.index = survey->interface_count,
                                     .mtu = 1500,
                                     .up = true,
                                     .carrier = true,
                                     .ethernet = true,
                                     .forwarding4 = 1,
                                     .forwarding6 = 1,
                                     .takes_frames = 1};
    snprintf(one->name, sizeof(one->name), "%s", name);
    snprintf(one->kind, sizeof(one->kind), "%s", kind);
    snprintf(list, sizeof(list), "%s", addresses);
    for (char *word = strtok_r(list, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        add_address(one, word);
    return one;
}

void made_up_default(struct survey_interface *one, bool v4, bool v6, uint32_t metric)
{
    one->default4 = (struct survey_route){.there = v4, .metric = metric};
    one->default6 = (struct survey_route){.there = v6, .metric = metric};
}

static void add_queue(struct survey_moment *moment, uint16_t number)
{
    moment->queues.list[moment->queues.count++] =
        (struct survey_queue){.number = number, .last_id = 100, .pid = 77, .process = "quicward"};
}

struct survey *made_up_well(void)
{
    struct survey *survey = made_up();
    made_up_add(survey, "lan0", "", "10.0.0.1/24 2001:db8:1::1/64");
    made_up_default(made_up_add(survey, "wan0", "", "198.51.100.7/24 2001:db8:2::1/64"), true, true, 0);
    add_queue(&survey->first, 7400);
    add_queue(&survey->first, 7401);
    survey->first.daemon = (struct survey_daemon){.runs = true,
                                                  .pid = 77,
                                                  .answers = true,
                                                  .mode = CONFIG_NAT,
                                                  .keeps_rules = true,
                                                  .rules_stand = true,
                                                  .packets = 10};
    survey->second = survey->first;
    survey->second.wall_ns += 1000000000;
    survey->second.uptime_ns += 1000000000;
    survey->twice = survey->rules_asked = survey->rules_stand = survey->rules_guard = survey->rules_marks =
        true;
    survey->ports_known = survey->external_asked = true;
    survey->ports_left = (struct qw_port_count){1000, 1000};
    survey->external = survey->interfaces[2].addresses[0].addr;
    return survey;
}

struct config made_up_config(enum config_mode mode)
{
    struct config config;
    config_defaults(&config);
    config.mode = mode;
    config.inside = (struct config_interfaces){1, {"lan0"}};
    config.outside = (struct config_interfaces){1, {"wan0"}};
    config.queue_first = 7400;
    config.workers = 2;
    config.external_auto = mode == CONFIG_NAT;
    config.external_count = mode == CONFIG_NAT;
    return config;
}
