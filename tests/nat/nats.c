#include "nats.h"
#include "suite.h"

struct qw_endpoint ep(const char *text)
{
    struct qw_endpoint endpoint;
    enum qw_family family;
    CU_ASSERT_TRUE_FATAL(qw_endpoint_parse(text, &endpoint, &family));
    return endpoint;
}

struct qw_addr ip(const char *text)
{
    struct qw_addr addr;
    enum qw_family family;
    CU_ASSERT_TRUE_FATAL(qw_addr_parse(text, &addr, &family));
    return addr;
}

struct qw_endpoint host_port(uint32_t host, uint16_t port)
{
    const uint8_t bytes[4] = {10, (uint8_t)(host >> 16), (uint8_t)(host >> 8), (uint8_t)host};
    return (struct qw_endpoint){.addr = qw_addr_v4(bytes), .port = port};
}

struct nat_options plain(void)
{
    static struct qw_addr address;
    static const struct qw_port_range ports[] = {{1024, 65535}};
    address = ip("198.51.100.1");
    return (struct nat_options){
        .addresses = &address,
        .address_count = 1,
        .ports = ports,
        .port_count = 1,
        .filtering = NAT_ADDRESS_DEPENDENT,
        .per_host = 1 << 20,
        .hold_down_ns = REST,
        .sessions_max = 1 << 17,
        .secret = {0x0123456789abcdef, 0xfedcba9876543210},
    };
}

struct nat *make(const struct nat_options *options)
{
    struct nat *nat = nat_new(options);
    CU_ASSERT_PTR_NOT_NULL_FATAL(nat);
    return nat;
}

struct qw_time at(uint64_t ns)
{
    return (struct qw_time){ns};
}

enum nat_answer answer(struct nat *nat, struct qw_endpoint inside, uint64_t ns)
{
    struct qw_addr remote = ip("203.0.113.1");
    nat_external mapping;
    return nat_session_begin(nat, &inside, &remote, at(ns), &mapping);
}

nat_external begin(struct nat *nat, struct qw_endpoint inside, uint64_t ns)
{
    struct qw_addr remote = ip("203.0.113.1");
    nat_external mapping;
    CU_ASSERT_EQUAL_FATAL(nat_session_begin(nat, &inside, &remote, at(ns), &mapping), NAT_OK);
    CU_ASSERT_NOT_EQUAL_FATAL(mapping, 0);
    return mapping;
}

void end(struct nat *nat, nat_external mapping, uint64_t ns)
{
    struct qw_endpoint external = nat_endpoint(nat, mapping), inside = {.port = 0};
    struct qw_addr remote = ip("203.0.113.1");
    nat_inside(nat, &external, &inside);
    nat_session_end(nat, mapping, &inside, &remote, at(ns));
}

uint16_t port_for(struct nat *nat, struct qw_endpoint inside, uint64_t ns)
{
    return nat_endpoint(nat, begin(nat, inside, ns)).port;
}

bool same_endpoint(struct qw_endpoint a, struct qw_endpoint b)
{
    return qw_endpoint_compare(&a, &b) == 0;
}

struct nat_stats stats_of(struct nat *nat)
{
    struct nat_stats stats;
    nat_stats(nat, &stats);
    return stats;
}

bool reflects(uint16_t port)
{
    const uint16_t *ports;
    size_t count = qw_reflection_ports(&ports);
    for (size_t i = 0; i < count; i++)
        if (ports[i] == port)
            return true;
    return false;
}
