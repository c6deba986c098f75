#include "made_up.h"
#include "suite.h"
#include "suites.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct survey_plan plan;
static char *text; /* of the last plan */

/* The plan is made and written, and the file is found good without a warning. */
static bool plans(struct survey *survey, enum config_mode mode)
{
    size_t len;
    char path[] = "/tmp/quicward-plan-XXXXXX";
    struct config *config = NULL;
    unsigned warnings = 0;
    free(text);
    survey_plan_make(survey, mode, &plan);
    FILE *memory = open_memstream(&text, &len);
    survey_plan_print(survey, &plan, memory);
    fclose(memory);
    int fd = mkstemp(path);
    bool written = fd >= 0 && write(fd, text, len) == (ssize_t)len;
    enum qw_error result = config_check(path, stderr, &warnings, &config);
    bool good = written && result == QW_OK && warnings == 0 && config->mode == mode &&
                config->inside.count == plan.inside.count && config->queue_first == plan.queue_first;
    config_free(config);
    close(fd);
    unlink(path);
    return good;
}

static bool plans_all(struct survey *survey)
{
    return plans(survey, CONFIG_FIREWALL) && plans(survey, CONFIG_MONITOR) && plans(survey, CONFIG_NAT);
}

static bool says(const char *what)
{
    static char joined[65536];
    size_t at = 0;
    for (const char *c = text; *c && at + 1 < sizeof(joined); c++) /* as if no line had been broken */
        if (strncmp(c, "\n#     ", 7) == 0) {
            joined[at++] = ' ';
            c += 6;
        } else
            joined[at++] = *c;
    joined[at] = '\0';
    return strstr(joined, what) != NULL;
}

static bool sides_are(const char *inside, const char *outside)
{
    return plan.inside.count == 1 && plan.outside.count == 1 && strcmp(plan.inside.names[0], inside) == 0 &&
           strcmp(plan.outside.names[0], outside) == 0;
}

static void two_interfaces(void)
{
    struct survey *survey = made_up_well();
    CU_ASSERT_TRUE(plans_all(survey));
    CU_ASSERT_TRUE(plan.inside_found && plan.outside_found && !plan.guessed);
    CU_ASSERT_TRUE(sides_are("lan0", "wan0"));
    CU_ASSERT_EQUAL(plan.queue_first, 7400);
    CU_ASSERT_EQUAL(plan.workers, 2);
    CU_ASSERT_TRUE(says("inside = [\"lan0\"];"));
    CU_ASSERT_TRUE(
        says("wan0: 198.51.100.7/24, 2001:db8:2::1/64, MTU 1500, default route of IPv4 and IPv6: outside"));
    CU_ASSERT_TRUE(says("masquerade = true;"));
}

static void one_interface(void)
{
    struct survey *survey = made_up();
    made_up_default(made_up_add(survey, "eth0", "", "192.0.2.9/24"), true, false, 0);
    CU_ASSERT_TRUE(plans_all(survey));
    CU_ASSERT_TRUE(plan.outside_found);
    CU_ASSERT_FALSE(plan.inside_found);
    CU_ASSERT_TRUE(sides_are("INSIDE", "eth0"));
    CU_ASSERT_TRUE(says("inside = [\"INSIDE\"]; # CHANGE THIS"));
    CU_ASSERT_TRUE(says("No interface but eth0 has an address"));
}

static void no_interface(void)
{
    CU_ASSERT_TRUE(plans_all(made_up()));
    CU_ASSERT_TRUE(sides_are("INSIDE", "OUTSIDE"));
    CU_ASSERT_TRUE(says("No interface has a default route"));
}

static void an_invented_name_is_nobodys(void)
{
    struct survey *survey = made_up();
    made_up_default(made_up_add(survey, "INSIDE", "", "192.0.2.9/24"), true, false, 0);
    CU_ASSERT_TRUE(plans_all(survey));
    CU_ASSERT_TRUE(sides_are("INSIDE0", "INSIDE"));
}

static void pppoe(void)
{
    struct survey *survey = made_up();
    made_up_add(survey, "eth1", "", ""); /* the modem hangs on it */
    made_up_add(survey, "eth0", "", "192.168.1.1/24");
    struct survey_interface *ppp = made_up_add(survey, "ppp0", "ppp", "203.0.113.5/32");
    ppp->mtu = 1492;
    made_up_default(ppp, true, false, 0);
    CU_ASSERT_TRUE(plans_all(survey));
    CU_ASSERT_TRUE(sides_are("eth0", "ppp0"));
    CU_ASSERT_TRUE(says("eth1: MTU 1500: left out: it has no address"));
    CU_ASSERT_TRUE(says("ppp0 has an MTU of 1492"));
}

static void no_default_route(void)
{
    struct survey *survey = made_up();
    made_up_add(survey, "eth0", "", "192.168.1.1/24");
    made_up_add(survey, "eth1", "", "203.0.113.5/24");
    CU_ASSERT_TRUE(plans_all(survey));
    CU_ASSERT_TRUE(sides_are("eth0", "eth1")); /* the one with a public address */
    CU_ASSERT_TRUE(plan.guessed);
    CU_ASSERT_TRUE(says("There is no default route. eth1 was taken for the outside"));
    survey = made_up();
    made_up_add(survey, "lan0", "", "192.168.1.1/24");
    made_up_add(survey, "wan0", "", "192.168.2.1/24");
    CU_ASSERT_TRUE(plans_all(survey));
    CU_ASSERT_TRUE(sides_are("lan0", "wan0")); /* by its name */
    survey = made_up();
    made_up_add(survey, "eth0", "", "192.168.1.1/24");
    made_up_add(survey, "eth1", "", "192.168.2.1/24");
    CU_ASSERT_TRUE(plans_all(survey));
    CU_ASSERT_FALSE(plan.outside_found || plan.inside_found);
    CU_ASSERT_TRUE(says("eth0: 192.168.1.1/24, MTU 1500: not decided"));
}

static void ipv6_only(void)
{
    struct survey *survey = made_up();
    made_up_add(survey, "lan0", "", "2001:db8:1::1/64");
    made_up_default(made_up_add(survey, "wan0", "", "2001:db8:2::1/64"), false, true, 1024);
    CU_ASSERT_TRUE(plans(survey, CONFIG_FIREWALL));
    CU_ASSERT_FALSE(says("mode nat translates IPv4 alone"));
    CU_ASSERT_TRUE(plans_all(survey));
    CU_ASSERT_TRUE(sides_are("lan0", "wan0"));
    CU_ASSERT_TRUE(says("mode nat translates IPv4 alone"));
    CU_ASSERT_TRUE(says("quicward init --mode firewall"));
}

static void docker(void)
{
    struct survey *survey = made_up_well();
    made_up_add(survey, "docker0", "bridge", "172.17.0.1/16");
    made_up_add(survey, "br-0123456789ab", "bridge", "172.18.0.1/16");
    made_up_add(survey, "br-lan", "bridge", "10.1.0.1/24");
    made_up_add(survey, "veth1234", "veth", "")->master = survey_find(survey, "docker0")->index;
    survey->rules =
        (char *)(uintptr_t) ":DOCKER - [0:0]\n-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n";
    CU_ASSERT_TRUE(plans(survey, CONFIG_FIREWALL));
    CU_ASSERT_EQUAL(plan.inside.count, 2); /* lan0 and br-lan */
    CU_ASSERT_STRING_EQUAL(plan.inside.names[1], "br-lan");
    CU_ASSERT_TRUE(says("docker0 is left out"));
    CU_ASSERT_TRUE(plans_all(survey));
    CU_ASSERT_EQUAL(plan.inside.count, 4); /* in mode nat their answers would be dropped */
    CU_ASSERT_STRING_EQUAL(plan.inside.names[2], "docker0");
    CU_ASSERT_TRUE(says("docker0 is inside, because in mode nat"));
    CU_ASSERT_TRUE(says("chain DOCKER-USER"));
    CU_ASSERT_TRUE(plan.masquerade);
}

static void a_bridge_stands_for_its_ports(void)
{
    struct survey *survey = made_up();
    struct survey_interface *bridge = made_up_add(survey, "br0", "bridge", "10.0.0.1/24");
    made_up_add(survey, "eth1", "", "10.9.9.9/24")->master = bridge->index;
    made_up_default(made_up_add(survey, "eth0", "", "198.51.100.7/24"), true, false, 0);
    CU_ASSERT_TRUE(plans_all(survey));
    CU_ASSERT_TRUE(sides_are("br0", "eth0"));
    strcpy(bridge->kind, "vrf"); /* which does not */
    CU_ASSERT_TRUE(plans_all(survey));
    CU_ASSERT_EQUAL(plan.inside.count, 2);
}

static void a_private_address_outside(void)
{
    struct survey *survey = made_up();
    made_up_add(survey, "lan0", "", "10.0.0.1/24");
    made_up_default(made_up_add(survey, "wan0", "", "192.168.100.2/24"), true, false, 0);
    survey->advice = (struct survey_texts){1, {"the external address 192.168.100.2 is private: think"}};
    CU_ASSERT_TRUE(plans_all(survey));
    CU_ASSERT_TRUE(sides_are("lan0", "wan0"));
    CU_ASSERT_TRUE(says("the external address 192.168.100.2 is private"));
}

static void several_default_routes(void)
{
    struct survey *survey = made_up();
    made_up_default(made_up_add(survey, "lte0", "", "100.64.0.9/30"), true, false, 500);
    made_up_add(survey, "lan0", "", "10.0.0.1/24");
    made_up_default(made_up_add(survey, "wan0", "", "198.51.100.7/24"), true, false, 100);
    CU_ASSERT_TRUE(plans(survey, CONFIG_NAT));
    CU_ASSERT_TRUE(sides_are("lan0", "wan0")); /* the smaller metric */
    CU_ASSERT_TRUE(says("lte0 has a default route, too"));
    CU_ASSERT_TRUE(plans(survey, CONFIG_FIREWALL));
    CU_ASSERT_EQUAL(plan.outside.count, 2);
    CU_ASSERT_TRUE(says("outside = [\"wan0\", \"lte0\"];"));
}

static void ipv4_leads_before_ipv6(void)
{
    struct survey *survey = made_up();
    made_up_add(survey, "lan0", "", "10.0.0.1/24");
    made_up_default(made_up_add(survey, "he0", "sit", "2001:db8::2/64"), false, true, 1);
    made_up_default(made_up_add(survey, "wan0", "", "198.51.100.7/24"), true, false, 4000);
    CU_ASSERT_TRUE(plans(survey, CONFIG_NAT));
    CU_ASSERT_TRUE(sides_are("lan0", "wan0"));
}

static void what_is_down_or_a_tunnel(void)
{
    struct survey *survey = made_up_well();
    made_up_add(survey, "lan1", "", "10.1.0.1/24")->up = false;
    made_up_add(survey, "wg0", "wireguard", "10.2.0.1/24");
    CU_ASSERT_TRUE(plans(survey, CONFIG_FIREWALL));
    CU_ASSERT_TRUE(sides_are("lan0", "wan0"));
    CU_ASSERT_TRUE(says("lan1: 10.1.0.1/24, MTU 1500: left out: it is down"));
    CU_ASSERT_TRUE(says("wg0 is left out"));
    CU_ASSERT_TRUE(plans_all(survey));
    CU_ASSERT_EQUAL(plan.inside.count, 2);
    CU_ASSERT_TRUE(says("wg0: wireguard, 10.2.0.1/24, MTU 1500: inside: a tunnel"));
}

static void odd_names(void)
{
    struct survey *survey = made_up_well();
    made_up_add(survey, "a\"];\nx", "", "10.7.0.1/24");
    CU_ASSERT_TRUE(plans_all(survey));
    CU_ASSERT_TRUE(sides_are("lan0", "wan0"));
    CU_ASSERT_TRUE(says("a\"];?x: 10.7.0.1/24"));
}

static void queues_of_others(void)
{
    struct survey *survey = made_up_well();
    survey->first.queues.count = 1;
    survey->first.queues.list[0] = (struct survey_queue){.number = 7401, .pid = 5, .process = "Suricata"};
    CU_ASSERT_TRUE(plans_all(survey));
    CU_ASSERT_EQUAL(plan.queue_first, 7500);
    CU_ASSERT_TRUE(says("netfilter queue 7401: in use by process 5 (Suricata)"));
    strcpy(survey->first.queues.list[0].process, "a\n];b\x1b");
    CU_ASSERT_TRUE(plans_all(survey));
    CU_ASSERT_TRUE(says("(a?];b?)"));
    survey->rules =
        (char *)(uintptr_t) "-A FORWARD -j NFQUEUE --queue-balance 7499:7502\nqueue num 7600-7601\n";
    CU_ASSERT_TRUE(plans_all(survey));
    CU_ASSERT_EQUAL(plan.queue_first, 7700);
    strcpy(survey->first.queues.list[0].process, "quicward"); /* it goes on with its own */
    survey->rules = NULL;
    CU_ASSERT_TRUE(plans_all(survey));
    CU_ASSERT_EQUAL(plan.queue_first, 7400);
}

static void nat_of_the_kernel(void)
{
    struct survey *survey = made_up_well();
    survey->rules =
        (char *)(uintptr_t) "-A POSTROUTING -o wan0 -j MASQUERADE\n"
                            "-A PREROUTING -i wan0 -p udp -m udp --dport 443 -j DNAT --to-destination "
                            "10.0.0.2:8443\n";
    CU_ASSERT_TRUE(plans_all(survey));
    CU_ASSERT_FALSE(plan.masquerade);
    CU_ASSERT_TRUE(says("masquerade = false;"));
    CU_ASSERT_TRUE(says("{ port = 443; to = \"10.0.0.2:8443\"; }"));
}

static void its_configuration(void)
{
    struct config config;
    survey_plan_make(made_up_well(), CONFIG_NAT, &plan);
    survey_plan_config(&plan, &config);
    CU_ASSERT_TRUE(config.external_auto);
    CU_ASSERT_EQUAL(config.external_count, 1);
    CU_ASSERT_STRING_EQUAL(config.outside.names[0], "wan0");
    survey_plan_make(made_up_well(), CONFIG_MONITOR, &plan);
    survey_plan_config(&plan, &config);
    CU_ASSERT_FALSE(config.external_auto);
}

static void lines_are_short(void)
{
    struct survey *survey = made_up_well();
    memset(survey->advice.list[0], 'x', 200);
    for (unsigned i = 1; i < 200; i++)
        survey->advice.list[0][i] = i % 7 ? 'x' : ' ';
    survey->advice.count = 1;
    CU_ASSERT_TRUE(plans_all(survey));
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
        CU_ASSERT_TRUE(strcspn(line, "\n") <= 120);
}

void plan_suite(void)
{
    static const struct test TESTS[] = {
        {"I2: a router with two sides", two_interfaces},
        {"I2: one interface", one_interface},
        {"I2: none", no_interface},
        {"I2: an invented name is that of no interface", an_invented_name_is_nobodys},
        {"I2: PPPoE", pppoe},
        {"I2: no default route: by public address, by name, or not at all", no_default_route},
        {"I2: IPv6 alone", ipv6_only},
        {"I2: bridges of Docker stay out, but in mode nat", docker},
        {"I2: a bridge stands for its ports, a vrf does not", a_bridge_stands_for_its_ports},
        {"I2: a private address outside", a_private_address_outside},
        {"I2: several default routes", several_default_routes},
        {"I2: the default route of IPv4 decides before that of IPv6", ipv4_leads_before_ipv6},
        {"I2: what is down, and tunnels", what_is_down_or_a_tunnel},
        {"I2: names that no file may have", odd_names},
        {"I2: queues of other programs are left to them", queues_of_others},
        {"I2: NAT and DNAT of the kernel", nat_of_the_kernel},
        {"I2: the configuration that the file has", its_configuration},
        {"I2: lines fit a terminal", lines_are_short},
    };
    TEST_SUITE("plan", TESTS);
}
