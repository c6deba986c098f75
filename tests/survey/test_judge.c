#include "made_up.h"
#include "suite.h"
#include "suites.h"
#include <string.h>

static struct survey_findings found;

static unsigned judged(const struct config *config, const struct survey *survey)
{
    survey_judge(config, "x.conf", survey, &found);
    return found.count;
}

/* Exactly one finding, about the topic, with these words in what it says and in what to do. */
static bool only(enum survey_topic topic, const char *what, const char *remedy)
{
    return found.count == 1 && found.list[0].topic == topic && strstr(found.list[0].what, what) &&
           strstr(found.list[0].remedy, remedy);
}

static bool has(enum survey_topic topic, const char *what)
{
    for (unsigned i = 0; i < found.count; i++)
        if (found.list[i].topic == topic && strstr(found.list[i].what, what))
            return true;
    return false;
}

static struct survey_interface *lan(struct survey *survey)
{
    return &survey->interfaces[1];
}

static struct survey_interface *wan(struct survey *survey)
{
    return &survey->interfaces[2];
}

static void all_is_well(void)
{
    static const enum config_mode MODES[] = {CONFIG_NAT, CONFIG_FIREWALL, CONFIG_MONITOR};
    for (unsigned i = 0; i < 3; i++) {
        struct survey *survey = made_up_well();
        struct config config = made_up_config(MODES[i]);
        survey->first.daemon.mode = survey->second.daemon.mode = MODES[i];
        CU_ASSERT_EQUAL(judged(&config, survey), 0);
    }
}

static void forwarding(void)
{
    struct survey *survey = made_up_well();
    struct config config = made_up_config(CONFIG_NAT);
    survey->forward4 = 0;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_FORWARDING, "ip_forward is 0", "sysctl -w net.ipv4.ip_forward=1"));
    survey = made_up_well();
    survey->forward6 = 0;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_FORWARDING, "forwards no IPv6", "net.ipv6.conf.all.forwarding=1"));
    lan(survey)->address_count = 1; /* no IPv6 inside: nobody misses it */
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    survey = made_up_well();
    wan(survey)->forwarding4 = 0;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_FORWARDING, "comes by wan0", "net.ipv4.conf.wan0.forwarding=1"));
    survey = made_up_well();
    lan(survey)->forwarding6 = 0;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_FORWARDING, "comes by lan0", "net.ipv6.conf.lan0.forwarding=1"));
}

static void source_addresses(void)
{
    struct survey *survey = made_up_well();
    struct config config = made_up_config(CONFIG_NAT);
    lan(survey)->rp_filter = 1;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_FILTER, "lan0.rp_filter is 1 (strict)", "lan0.rp_filter=2"));
    survey->rp_filter = 2; /* the larger one counts */
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    survey->rp_filter = 1;
    lan(survey)->rp_filter = 0;
    CU_ASSERT_EQUAL(judged(&config, survey), 1);
    lan(survey)->rp_filter = SURVEY_UNKNOWN;
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    lan(survey)->rp_filter = 0;
    config.mode = survey->second.daemon.mode = CONFIG_FIREWALL; /* which has no hairpins */
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    survey = made_up_well();
    config = made_up_config(CONFIG_NAT);
    config.manage_rules = false;
    survey->second.daemon.keeps_rules = false;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_FILTER, "accept_local is 0", "lan0.accept_local=1"));
}

static void several_ways_out(void)
{
    struct survey *survey = made_up_well();
    struct config config = made_up_config(CONFIG_FIREWALL);
    survey->second.daemon.mode = CONFIG_FIREWALL;
    made_up_add(survey, "wan1", "", "203.0.113.9/24")->rp_filter = 1;
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    strcpy(config.outside.names[config.outside.count++], "wan1");
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_FILTER, "uses another outside interface", "wan1.rp_filter=2"));
}

/* What comes and goes may be away; what is there is judged like what has a name. */
static void patterns(void)
{
    struct survey *survey = made_up_well();
    struct config config = made_up_config(CONFIG_NAT);
    strcpy(config.outside.names[0], "wan*");
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    wan(survey)->up = false;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_INTERFACES, "wan0 (outside) is down", "ip link set wan0 up"));
    survey = made_up_well();
    strcpy(config.inside.names[config.inside.count++], "wg*");
    judged(&config, survey);
    CU_ASSERT_TRUE(
        only(SURVEY_ABOUT_INTERFACES, "no interface matches \"wg*\" (inside) now", "when it comes"));
    CU_ASSERT_EQUAL(found.faults, 0);
    struct survey_interface *first = made_up_add(survey, "wg0", "wireguard", "10.9.0.1/24");
    first->rp_filter = 1;
    config.offload = CONFIG_OFFLOAD_AUTO; /* takes no fast path, so no shaper is in its way */
    snprintf(first->qdisc, sizeof(first->qdisc), "tbf");
    made_up_add(survey, "wg1", "wireguard", "10.9.1.1/24")->rp_filter = 1;
    CU_ASSERT_EQUAL(judged(&config, survey), 2);
    CU_ASSERT_TRUE(has(SURVEY_ABOUT_FILTER, "wg0.rp_filter is 1"));
    CU_ASSERT_TRUE(has(SURVEY_ABOUT_FILTER, "wg1.rp_filter is 1"));
}

static void the_daemon(void)
{
    struct survey *survey = made_up_well();
    struct config config = made_up_config(CONFIG_NAT);
    survey->second.daemon = survey->first.daemon = (struct survey_daemon){.runs = false};
    survey->first.queues.count = survey->second.queues.count = 0;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_DAEMON, "is dropped meanwhile", "quicward run -c x.conf"));
    config.mode = CONFIG_MONITOR;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_DAEMON, "passes unseen meanwhile", "systemctl start"));

    survey = made_up_well();
    config = made_up_config(CONFIG_NAT);
    survey->second.daemon = (struct survey_daemon){.runs = true, .pid = 77, .problem = "connection refused"};
    judged(&config, survey);
    CU_ASSERT_TRUE(
        only(SURVEY_ABOUT_DAEMON, "(process 77) and does not answer: connection refused", "restart"));

    survey = made_up_well();
    survey->second.daemon.mode = CONFIG_MONITOR;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_DAEMON, "runs in mode monitor, and x.conf says nat", "restart"));

    survey = made_up_well();
    survey->second.daemon.no_external = true;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_ADDRESSES, "nothing can be mapped", "an address"));

    survey = made_up_well();
    survey->second.daemon.rules_stand = false;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_RULES, "cannot restore", "journalctl"));
}

static void owners_of_queues(void)
{
    struct survey *survey = made_up_well();
    struct config config = made_up_config(CONFIG_NAT);
    survey->second.queues.list[1].pid = 5;
    strcpy(survey->second.queues.list[1].process, "Suricata");
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_QUEUES, "queue 7401 is held by process 5 (Suricata)", "queue.first"));
    strcpy(survey->second.queues.list[1].process, "qw-stand-in");
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    survey->second.queues.list[1].pid = 0; /* that of another namespace of processes */
    strcpy(survey->second.queues.list[1].process, "?");
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    survey->second.queues.count = 1;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_QUEUES, "has not bound queue 7401", "restart"));
    config.workers = 1;
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    survey->second.daemon = (struct survey_daemon){.runs = false};
    judged(&config, survey);
    CU_ASSERT_TRUE(has(SURVEY_ABOUT_QUEUES, "queue 7400 is held by process 77"));
}

static void moving_queues(void)
{
    struct survey *survey = made_up_well();
    struct config config = made_up_config(CONFIG_NAT);
    survey->first.queues.list[0].queue_dropped = UINT32_MAX - 1; /* it wraps */
    survey->second.queues.list[0].queue_dropped = 8;
    judged(&config, survey);
    CU_ASSERT_TRUE(
        only(SURVEY_ABOUT_QUEUES, "queue 7400 overflows: the kernel dropped 10 packets", "workers"));
    survey->first.queues.list[0].queue_dropped = 8; /* what was dropped long ago is no fault of now */
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    survey->second.queues.list[0].queue_dropped = 0; /* bound again meanwhile */
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    survey->first.queues.list[0].queue_dropped = 0;
    survey->first.queues.list[0].waiting = 3;
    survey->second.queues.list[0].waiting = 4;
    judged(&config, survey);
    CU_ASSERT_TRUE(
        only(SURVEY_ABOUT_QUEUES, "4 packets wait in queue 7400 and nobody reads them", "restart"));
    survey->second.queues.list[0].waiting = 2; /* somebody takes them */
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    survey->second.queues.list[0].waiting = 4;
    survey->second.queues.list[0].last_id++;
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
}

static void what_arrives(void)
{
    struct survey *survey = made_up_well();
    struct config config = made_up_config(CONFIG_NAT);
    survey->second.forwarded = survey->first.forwarded + 1000;
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    survey->first.daemon.packets = survey->second.daemon.packets = 0;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_COUNTERS, "forwarded 1000 packets", "inside and outside"));
    CU_ASSERT_EQUAL(found.faults, 0); /* it may have been TCP */
    survey->second.forwarded = survey->first.forwarded + 100;
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    survey->twice = false;
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
}

static void rules(void)
{
    struct survey *survey = made_up_well();
    struct config config = made_up_config(CONFIG_NAT);
    survey->rules_stand = survey->rules_guard = survey->rules_marks = false;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_RULES, "some or all of the kernel rules", "quicward reload -c x.conf"));
    survey->second.daemon.answers = false;
    judged(&config, survey);
    CU_ASSERT_PTR_NOT_NULL(strstr(found.list[found.count - 1].remedy, "quicward rules -c x.conf --install"));
    survey->second.daemon.answers = true;
    config.manage_rules = false; /* with which --install does nothing */
    judged(&config, survey);
    CU_ASSERT_TRUE(has(SURVEY_ABOUT_RULES, "some or all of the kernel rules"));
    for (unsigned i = 0; i < found.count; i++)
        CU_ASSERT_PTR_NULL(strstr(found.list[i].remedy, "--install"));
    config.manage_rules = true;
    survey->rules_stand = true;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_RULES, "(rules_guard)", "reload"));
    survey->rules_guard = true;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_RULES, "(rules_fragments)", "rules_fragments to false"));
    survey->rules_asked = false;
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    survey->advice = (struct survey_texts){2, {"a rule drops UDP: \"mend it\"", "another"}};
    CU_ASSERT_EQUAL(judged(&config, survey), 2);
    CU_ASSERT_TRUE(has(SURVEY_ABOUT_RULES, "mend it"));
}

static void modules(void)
{
    struct survey *survey = made_up_well();
    struct config config = made_up_config(CONFIG_NAT);
    survey->first.queues.known = survey->second.queues.known = false;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_MODULES, "no netfilter queues", "modprobe nfnetlink_queue"));
    survey = made_up_well();
    survey->nft_queue = survey->iptables = false;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_MODULES, "neither nft nor iptables", "install"));
    survey->root = false; /* nobody could ask */
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    survey = made_up_well();
    survey->nft_queue = false;
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    config.backend = CONFIG_RULES_NFT;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_MODULES, "does not support nft's queue", "modprobe nft_queue"));
    config.backend = CONFIG_RULES_IPTABLES;
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    survey->nft_queue = true;
    survey->iptables = false;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_MODULES, "\"iptables\"", "install iptables"));
}

static void interfaces(void)
{
    struct survey *survey = made_up_well();
    struct config config = made_up_config(CONFIG_NAT);
    strcpy(config.inside.names[config.inside.count++], "lan1");
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_INTERFACES, "no interface lan1 (inside)", "ip link"));
    config.inside.count = 1;
    wan(survey)->up = false;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_INTERFACES, "wan0 (outside) is down", "ip link set wan0 up"));
    wan(survey)->up = true;
    wan(survey)->carrier = false;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_INTERFACES, "wan0 (outside) has no carrier", "cable"));
    wan(survey)->carrier = true;
    lan(survey)->master = made_up_add(survey, "br0", "bridge", "")->index;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_INTERFACES, "lan0 (inside) is part of br0", "write \"br0\""));
    strcpy(survey->interfaces[3].kind, "vrf");
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
}

static void routes(void)
{
    struct survey *survey = made_up_well();
    struct config config = made_up_config(CONFIG_NAT);
    made_up_default(made_up_add(survey, "lte0", "", "203.0.113.9/30"), true, false, 500);
    judged(&config, survey);
    CU_ASSERT_TRUE(
        only(SURVEY_ABOUT_INTERFACES, "lte0, which is neither inside nor outside", "add it to outside"));
    CU_ASSERT_TRUE(has(SURVEY_ABOUT_INTERFACES, "untranslated"));
    survey = made_up_well();
    made_up_default(lan(survey), false, true, 5);
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_INTERFACES, "IPv6 uses lan0, which is inside", "belongs to outside"));
    CU_ASSERT_EQUAL(found.faults, 0);
}

static void others_in_mode_nat(void)
{
    struct survey *survey = made_up_well();
    struct config config = made_up_config(CONFIG_NAT);
    struct survey_interface *one = made_up_add(survey, "wg0", "wireguard", "10.2.0.1/24");
    judged(&config, survey);
    CU_ASSERT_TRUE(
        only(SURVEY_ABOUT_INTERFACES, "wg0 is neither inside nor outside", "add \"wg0\" to inside"));
    CU_ASSERT_EQUAL(found.faults, 0);
    one->forwarding4 = 0; /* nobody comes from there */
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    one->forwarding4 = 1;
    one->up = false;
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    one->up = true;
    strcpy(config.inside.names[config.inside.count++], "wg0");
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    config = made_up_config(CONFIG_FIREWALL); /* which leaves it alone */
    survey->second.daemon.mode = CONFIG_FIREWALL;
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
}

static void sizes(void)
{
    struct survey *survey = made_up_well();
    struct config config = made_up_config(CONFIG_NAT);
    wan(survey)->mtu = 1492; /* PPPoE */
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    wan(survey)->mtu = 1340; /* tunnels take so much */
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    wan(survey)->mtu = 1339;
    judged(&config, survey);
    CU_ASSERT_TRUE(
        only(SURVEY_ABOUT_MTU, "lan0 (inside) is 1500 and that of wan0 (outside) 1339", "lan0 mtu 1339"));
    wan(survey)->mtu = 1279;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_MTU, "wan0 is 1279: IPv6 needs 1280", "mtu 1280"));
    lan(survey)->mtu = wan(survey)->mtu = 1280;
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    lan(survey)->mtu = wan(survey)->mtu = 9000;
    CU_ASSERT_EQUAL(judged(&config, survey), 0); /* mode nat reads packets whole */
    config = made_up_config(CONFIG_FIREWALL);
    survey->second.daemon.mode = CONFIG_FIREWALL;
    judged(&config, survey);
    CU_ASSERT_TRUE(has(SURVEY_ABOUT_MTU, "queue.copy_range 2048"));
    CU_ASSERT_EQUAL(found.count, 2); /* for each */
}

static void a_bridge_with_a_smaller_port(void)
{
    struct survey *survey = made_up_well();
    struct config config = made_up_config(CONFIG_NAT);
    struct survey_interface *port = made_up_add(survey, "eth1", "", "");
    port->master = lan(survey)->index;
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    port->mtu = 1400;
    judged(&config, survey);
    CU_ASSERT_TRUE(
        only(SURVEY_ABOUT_MTU, "the MTU of eth1, which is part of it, is 1400", "ip link set eth1 mtu 1500"));
}

static void offloads(void)
{
    struct survey *survey = made_up_well();
    struct config config = made_up_config(CONFIG_NAT);
    lan(survey)->gro_forwarding = 1;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_OFFLOADS, "rx-udp-gro-forwarding is on at lan0",
                        "ethtool -K lan0 rx-udp-gro-forwarding off"));
    lan(survey)->gro_forwarding = SURVEY_UNKNOWN;
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    wan(survey)->gro_list = wan(survey)->lro = 1;
    CU_ASSERT_EQUAL(judged(&config, survey), 2);
    CU_ASSERT_TRUE(has(SURVEY_ABOUT_OFFLOADS, "rx-lro is on at wan0"));
    survey = made_up_well();
    made_up_add(survey, "eth9", "", "")->gro_forwarding = 1; /* none of ours */
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
}

/* Of lan0, as `quicward offload` has them. */
static unsigned judged_fast(const struct config *config, const struct survey *survey)
{
    found = (struct survey_findings){0};
    survey_judge_fast(config, survey, "lan0", &found);
    return found.count;
}

static struct config fast_config(enum config_offload offload)
{
    struct config config = made_up_config(CONFIG_NAT);
    config.offload = offload;
    return config;
}

static void fast_shapers(void)
{
    struct survey *survey = made_up_well();
    struct config config = fast_config(CONFIG_OFFLOAD_AUTO);
    strcpy(lan(survey)->qdisc, "fq_codel");
    CU_ASSERT_EQUAL(judged_fast(&config, survey), 0);
    strcpy(lan(survey)->qdisc, "cake");
    judged_fast(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_FAST_PATH,
                        "lan0 has the queueing discipline cake: the fast path is at tc",
                        "tc qdisc replace dev lan0 root fq_codel\" if nothing is to be shaped"));
    CU_ASSERT_TRUE(found.list[0].note);
    config = fast_config(CONFIG_OFFLOAD_XDP);
    judged_fast(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_FAST_PATH, "goes around it", "or write offload = \"auto\""));
    CU_ASSERT_FALSE(found.list[0].note);
    config = fast_config(CONFIG_OFFLOAD_TC);
    CU_ASSERT_EQUAL(judged_fast(&config, survey), 0);
    config = fast_config(CONFIG_OFFLOAD_OFF);
    CU_ASSERT_EQUAL(judged_fast(&config, survey), 0);
}

static void fast_targets(void)
{
    struct survey *survey = made_up_well();
    struct config config = fast_config(CONFIG_OFFLOAD_XDP);
    lan(survey)->takes_frames = SURVEY_UNKNOWN;
    CU_ASSERT_EQUAL(judged_fast(&config, survey), 0);
    lan(survey)->takes_frames = 0;
    judged_fast(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_FAST_PATH, "the driver of lan0 takes no frames", "offload = \"auto\""));
    strcpy(lan(survey)->kind, "veth");
    judged_fast(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_FAST_PATH, "the far end of lan0 (veth) has neither GRO",
                        "ethtool -K NAME gro on\" where NAME is the far end of lan0"));
    config = fast_config(CONFIG_OFFLOAD_AUTO); /* is at tc then */
    CU_ASSERT_EQUAL(judged_fast(&config, survey), 0);
}

static void fast_vlans(void)
{
    struct survey *survey = made_up_well();
    struct config config = fast_config(CONFIG_OFFLOAD_XDP);
    strcpy(lan(survey)->kind, "vlan");
    strcpy(lan(survey)->below, "eth0");
    CU_ASSERT_EQUAL(judged_fast(&config, survey), 0);
    lan(survey)->tags_hidden = true;
    judged_fast(&config, survey);
    CU_ASSERT_TRUE(
        only(SURVEY_ABOUT_FAST_PATH, "does not see the tags of lan0", "\"ethtool -K eth0 rxvlan off\""));
    CU_ASSERT_FALSE(found.list[0].note);
    config = fast_config(CONFIG_OFFLOAD_AUTO);
    judged_fast(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_FAST_PATH, "so its fast path is at tc", "ethtool -K eth0 rxvlan off"));
    lan(survey)->tags_hidden = false;
    strcpy(lan(survey)->below_qdisc, "htb");
    judged_fast(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_FAST_PATH, "eth0 has the queueing discipline htb", "dev eth0 root"));
    config = fast_config(CONFIG_OFFLOAD_XDP);
    lan(survey)->below_qdisc[0] = '\0';
    strcpy(lan(survey)->below_kind, "veth");
    lan(survey)->takes_frames = 0;
    judged_fast(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_FAST_PATH, "the far end of eth0 (veth)", "the far end of eth0"));
}

static void fast_sizes(void)
{
    struct survey *survey = made_up_well();
    struct config config = fast_config(CONFIG_OFFLOAD_AUTO);
    wan(survey)->mtu = 1492;
    judged_fast(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_FAST_PATH, "the MTU of lan0 is 1500, that of wan0 1492",
                        "\"ip link set lan0 mtu 1492\""));
    CU_ASSERT_TRUE(found.list[0].note);
    wan(survey)->mtu = 9000; /* what comes by wan0 is wan0's to tell */
    CU_ASSERT_EQUAL(judged_fast(&config, survey), 0);
}

/* What only a pattern names has no fast path. */
static void fast_patterns(void)
{
    struct survey *survey = made_up_well();
    struct config config = fast_config(CONFIG_OFFLOAD_AUTO);
    strcpy(lan(survey)->qdisc, "cake");
    strcpy(config.inside.names[0], "lan*");
    CU_ASSERT_EQUAL(judged_fast(&config, survey), 0);
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
}

/* In doctor once, although joined packets are bad for the queue as well. */
static void fast_joined(void)
{
    struct survey *survey = made_up_well();
    struct config config = fast_config(CONFIG_OFFLOAD_AUTO);
    lan(survey)->lro = 1;
    judged_fast(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_OFFLOADS, "rx-lro is on at lan0", "\"ethtool -K lan0 rx-lro off\""));
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_OFFLOADS, "rx-lro is on at lan0", "\"ethtool -K lan0 rx-lro off\""));
    lan(survey)->lro = 0;
    strcpy(lan(survey)->qdisc, "cake");
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_FAST_PATH, "cake", "fq_codel"));
}

static void external_addresses(void)
{
    struct survey *survey = made_up_well();
    struct config config = made_up_config(CONFIG_NAT);
    enum qw_family family;
    qw_addr_parse("192.168.100.2", &survey->external, &family);
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_ADDRESSES, "192.168.100.2 is private", "forwards"));
    CU_ASSERT_EQUAL(found.faults, 0); /* many live with that */
    survey->external = (struct qw_addr){0};
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    config.external_auto = false;
    qw_addr_parse("100.64.0.1", &config.external[0], &family);
    CU_ASSERT_EQUAL(judged(&config, survey), 1);
}

static void ports(void)
{
    struct survey *survey = made_up_well();
    struct config config = made_up_config(CONFIG_NAT);
    survey->ports_left.odd = 0;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_PORTS, "no odd port", "ip_local_port_range"));
    survey->ports_left.odd = 1;
    survey->taken_count = 1;
    survey->taken[0] = 443;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_PORTS, "listens on UDP port 443", "inside address"));
    survey->ports_known = false;
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
}

static void clocks(void)
{
    struct survey *survey = made_up_well();
    struct config config = made_up_config(CONFIG_NAT);
    survey->second.wall_ns += 499000000;
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    survey->second.wall_ns += 2000000;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_CLOCK, "by 501 ms between two looks", "timedatectl"));
    survey->second.wall_ns -= INT64_C(3600000000000);
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_CLOCK, "by -3599", "timedatectl"));
    survey = made_up_well();
    survey->twice = false;
    survey->second = (struct survey_moment){0};
    CU_ASSERT_EQUAL(judged(&config, survey), 0);
    survey = made_up_well();
    survey->clock_synced = false;
    CU_ASSERT_EQUAL(judged(&config, survey), 0); /* nothing is written with it */
    config.events_journal = true;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_CLOCK, "no other clock sets", "set-ntp"));
    CU_ASSERT_EQUAL(found.faults, 0);
    survey->first.wall_ns = survey->second.wall_ns = 0;
    survey->second.uptime_ns = survey->first.uptime_ns;
    judged(&config, survey);
    CU_ASSERT_TRUE(only(SURVEY_ABOUT_CLOCK, "the clock is wrong", "set it"));
}

static void each_finding_once(void)
{
    static struct survey_findings all;
    all = (struct survey_findings){0};
    for (unsigned i = 0; i < 3; i++)
        survey_add(&all, SURVEY_ABOUT_MTU, false, "do", "%s", "same");
    CU_ASSERT_EQUAL(all.count, 1);
    survey_add(&all, SURVEY_ABOUT_PORTS, true, "do", "%s", "same");
    survey_add(&all, SURVEY_ABOUT_RULES, true, "\x1b[2J", "a\nb\x7f");
    CU_ASSERT_STRING_EQUAL(all.list[2].what, "a?b?");
    CU_ASSERT_STRING_EQUAL(all.list[2].remedy, "?[2J");
    all.count = 2;
    CU_ASSERT_EQUAL(all.count, 2);
    CU_ASSERT_EQUAL(all.faults, 1);
    for (unsigned i = 0; i < 2 * SURVEY_FINDINGS_MAX; i++)
        survey_add(&all, SURVEY_ABOUT_MTU, false, "do", "number %u", i);
    CU_ASSERT_EQUAL(all.count, SURVEY_FINDINGS_MAX);
    CU_ASSERT_STRING_EQUAL(survey_topic_word(SURVEY_ABOUT_FILTER), "rp_filter");
}

void judge_suite(void)
{
    static const struct test TESTS[] = {
        {"I2: nothing is said of a router that is well, in any mode", all_is_well},
        {"I2: forwarding that is off", forwarding},
        {"I2: strict checks of source addresses", source_addresses},
        {"I2: the same with several ways out", several_ways_out},
        {"I2 S4: what matches a pattern is judged, and may be away", patterns},
        {"I2: a daemon that is down, hangs, or is another one", the_daemon},
        {"I2: queues of somebody else, or of nobody", owners_of_queues},
        {"I2: queues that overflow or stand still", moving_queues},
        {"I2: packets that never come to the daemon", what_arrives},
        {"I2: kernel rules that are missing, and rules of others", rules},
        {"I2: modules and tools", modules},
        {"I2: interfaces that are missing, down, or part of a bridge", interfaces},
        {"I2: default routes that lead elsewhere", routes},
        {"I2: interfaces whose answers mode nat drops", others_in_mode_nat},
        {"I2: MTUs", sizes},
        {"I2: a port of a bridge that is smaller than the bridge", a_bridge_with_a_smaller_port},
        {"I2: offloads that join packets", offloads},
        {"I2 X7: shapers that the fast path goes around, or stands in front of", fast_shapers},
        {"I2 X7: interfaces that take no frames from XDP", fast_targets},
        {"I2 X7: VLANs whose tags XDP does not see, and what their carriers have", fast_vlans},
        {"I2 X7: packets that are too long for the other side", fast_sizes},
        {"I2 X7: interfaces that join packets are told once", fast_joined},
        {"I2 X7: interfaces that only a pattern names", fast_patterns},
        {"I2: a private external address", external_addresses},
        {"I2: ports that the router has itself", ports},
        {"I2: clocks that jump, are wrong, or alone", clocks},
        {"I2: each finding once, and no more than there is room for", each_finding_once},
    };
    TEST_SUITE("judge", TESTS);
}
