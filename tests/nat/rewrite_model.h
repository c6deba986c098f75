/* UDP packets and ICMP errors about them, of any shape, whose checksums are computed from all of their bytes:
 * what a rewritten packet must be equal to. */
#ifndef REWRITE_MODEL_H
#define REWRITE_MODEL_H

#include <quicward/base/addr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_MAX 2048

struct bytes {
    size_t len;
    uint8_t at[MODEL_MAX];
};

/* How far each checksum is off what it ought to be; 0: right. */
struct wrongs {
    uint16_t ip, udp, icmp;
};

struct model_udp {
    struct qw_endpoint src, dst;
    size_t options; /* bytes of them, a multiple of 4 up to 40 */
    bool unsummed;  /* UDP checksum 0 */
    size_t payload_len;
    uint8_t payload[1500];
    uint8_t filling; /* of options and fields that nobody rewrites */
    struct wrongs wrongs;
};

struct model_error {
    struct qw_addr src, dst;
    size_t options;
    uint8_t type, code;
    size_t quoted; /* bytes of the packet below, at most */
    struct model_udp about;
    struct wrongs wrongs;
};

struct bytes model_udp_bytes(const struct model_udp *udp);
struct bytes model_error_bytes(const struct model_error *error);

/* Of any shape; addresses and ports are often 0x0000 or 0xffff in one of their words. */
struct model_udp model_random_udp(uint64_t *state);
struct model_error model_random_error(uint64_t *state);
struct qw_endpoint model_random_endpoint(uint64_t *state);
struct wrongs model_random_wrongs(uint64_t *state);

/* Changes the payload so that the UDP checksum is computed to be 0. */
void model_make_sum_zero(struct model_udp *udp);

/* What stands in a checksum field; and the one of the two zeros that a sum has no use for becomes the other:
 * all checksum fields of the packet that lies there, for comparing wrong ones. */
uint16_t model_word(const struct bytes *bytes, size_t at);
void model_one_zero(struct bytes *bytes, size_t at);

#endif
