/* Small helpers of the NAT's tests. */
#ifndef TEST_NATS_H
#define TEST_NATS_H

#include <quicward/nat.h>

#define SECOND QW_NS_PER_SECOND
#define REST (120 * SECOND)
#define LIFE (120 * SECOND) /* of a mapping at least, unless it makes room */

/* Endpoints and addresses as people write them. */
struct qw_endpoint ep(const char *text);
struct qw_addr ip(const char *text);

/* Port `port` of inside host number `host`: 10.x.x.x */
struct qw_endpoint host_port(uint32_t host, uint16_t port);

/* One address, 198.51.100.1; ports 1024-65535; address-dependent; ports rest for REST; no limit that matters.
 */
struct nat_options plain(void);

/* As nat_new, which must not fail. */
struct nat *make(const struct nat_options *options);

struct qw_time at(uint64_t ns);

/* A session with 203.0.113.1, which must not be refused. */
nat_external begin(struct nat *nat, struct qw_endpoint inside, uint64_t ns);
enum nat_answer answer(struct nat *nat, struct qw_endpoint inside, uint64_t ns);
void end(struct nat *nat, nat_external mapping, uint64_t ns);

/* The external port of such a session. */
uint16_t port_for(struct nat *nat, struct qw_endpoint inside, uint64_t ns);

bool same_endpoint(struct qw_endpoint a, struct qw_endpoint b);
struct nat_stats stats_of(struct nat *nat);

/* Is it one of qw_reflection_ports? */
bool reflects(uint16_t port);

void suite_addresses(void);
void suite_adopt(void);
void suite_block_changes(void);
void suite_blocks(void);
void suite_change(void);
void suite_change_forwards(void);
void suite_choice(void);
void suite_filtering(void);
void suite_forwards(void);
void suite_limits(void);
void suite_mapping(void);
void suite_model(void);
void suite_numbers(void);
void suite_ports(void);
void suite_rest(void);
void suite_shown(void);
void suite_table(void);
void suite_threads(void);
void suite_uplinks(void);

#endif
