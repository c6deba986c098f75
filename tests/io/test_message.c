#include "packet_message.h"
#include "suite.h"
#include "suites.h"
#include "verdicts.h"
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <stdlib.h>
#include <string.h>

static _Alignas(struct nlmsghdr) char buffer[512];

static struct nlmsghdr *start_message(void)
{
    memset(buffer, 0, sizeof(buffer));
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    message->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET;
    mnl_nlmsg_put_extra_header(message, sizeof(struct nfgenmsg));
    return message;
}

static void put_header(struct nlmsghdr *message, uint32_t id)
{
    struct nfqnl_msg_packet_hdr header = {
        .packet_id = htonl(id), .hw_protocol = htons(0x0800), .hook = NF_INET_FORWARD};
    mnl_attr_put(message, NFQA_PACKET_HDR, sizeof(header), &header);
}

static void whole_packet(void)
{
    struct packet_message read;
    struct nlmsghdr *message = start_message();
    put_header(message, 0x80000001);
    mnl_attr_put_u32(message, NFQA_IFINDEX_INDEV, htonl(7));
    mnl_attr_put_u32(message, NFQA_IFINDEX_OUTDEV, htonl(8));
    mnl_attr_put(message, NFQA_PAYLOAD, 21, "E20 bytes and one odd");
    packet_message_read(message, message->nlmsg_len, &read);
    CU_ASSERT_EQUAL_FATAL(read.kind, PACKET_MESSAGE_PACKET);
    CU_ASSERT_EQUAL(read.id, 0x80000001);
    CU_ASSERT_EQUAL(read.hook, NF_INET_FORWARD);
    CU_ASSERT_EQUAL(read.indev, 7);
    CU_ASSERT_EQUAL(read.outdev, 8);
    CU_ASSERT_EQUAL(read.captured, 21);
    CU_ASSERT_EQUAL(read.wire_len, 21);
    CU_ASSERT_EQUAL(memcmp(read.data, "E20 bytes and one odd", 21), 0);
    CU_ASSERT_PTR_EQUAL(buffer + read.before, read.data);
}

/* The least that the kernel puts in front. */
static void room_in_front(void)
{
    struct packet_message read;
    struct nlmsghdr *message = start_message();
    put_header(message, 1);
    mnl_attr_put(message, NFQA_PAYLOAD, 4, "1234");
    packet_message_read(message, message->nlmsg_len, &read);
    CU_ASSERT_EQUAL(read.before, VERDICT_HEAD);
    CU_ASSERT_EQUAL(read.before % NLMSG_ALIGNTO, 0);
}

/* The kernel puts the packet last; another order would leave less. */
static void packet_before_number(void)
{
    struct packet_message read;
    struct nlmsghdr *message = start_message();
    mnl_attr_put(message, NFQA_PAYLOAD, 4, "1234");
    put_header(message, 1);
    packet_message_read(message, message->nlmsg_len, &read);
    CU_ASSERT_EQUAL_FATAL(read.kind, PACKET_MESSAGE_PACKET);
    CU_ASSERT_EQUAL(read.before, VERDICT_HEAD - 12);
}

static void cut_packet(void)
{
    struct packet_message read;
    struct nlmsghdr *message = start_message();
    put_header(message, 1);
    mnl_attr_put_u32(message, NFQA_CAP_LEN, htonl(4028));
    mnl_attr_put(message, NFQA_PAYLOAD, 8, "12345678");
    packet_message_read(message, message->nlmsg_len, &read);
    CU_ASSERT_EQUAL(read.captured, 8);
    CU_ASSERT_EQUAL(read.wire_len, 4028);
}

static void no_payload(void)
{
    struct packet_message read;
    struct nlmsghdr *message = start_message();
    put_header(message, 3);
    packet_message_read(message, message->nlmsg_len, &read);
    CU_ASSERT_EQUAL(read.kind, PACKET_MESSAGE_PACKET);
    CU_ASSERT_EQUAL(read.id, 3);
    CU_ASSERT_EQUAL(read.indev, 0);
    CU_ASSERT_EQUAL(read.outdev, 0);
    CU_ASSERT_EQUAL(read.captured, 0);
    CU_ASSERT_EQUAL(read.before, 0);
    CU_ASSERT_EQUAL(read.wire_len, 0);
}

static void answers(void)
{
    struct packet_message read;
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    message->nlmsg_type = NLMSG_ERROR;
    struct nlmsgerr *answer = mnl_nlmsg_put_extra_header(message, sizeof(*answer));
    answer->error = -EPERM;
    packet_message_read(message, message->nlmsg_len, &read);
    CU_ASSERT_EQUAL(read.kind, PACKET_MESSAGE_ERROR);
    CU_ASSERT_EQUAL(read.error, EPERM);
    answer->error = INT_MIN; /* its negation is none */
    packet_message_read(message, message->nlmsg_len, &read);
    CU_ASSERT_EQUAL(read.kind, PACKET_MESSAGE_ERROR);
    CU_ASSERT_EQUAL(read.error, EPROTO);
    answer->error = 0;
    packet_message_read(message, message->nlmsg_len, &read);
    CU_ASSERT_EQUAL(read.kind, PACKET_MESSAGE_ERROR);
    CU_ASSERT_EQUAL(read.error, 0);
}

/* A length above 2 GiB is negative to who takes it for a signed one. */
static void lengths_of_gigabytes(void)
{
    static const uint32_t LENGTHS[] = {0x80000010u, 0xfb000010u, UINT32_MAX};
    static const uint16_t TYPES[] = {NLMSG_ERROR, NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET};
    for (size_t i = 0; i < sizeof(LENGTHS) / sizeof(LENGTHS[0]); i++)
        for (size_t type = 0; type < 2; type++) {
            struct packet_message read;
            struct nlmsghdr *message = malloc(18);
            CU_ASSERT_PTR_NOT_NULL_FATAL(message);
            memset(message, 0, 18);
            *message = (struct nlmsghdr){.nlmsg_len = LENGTHS[i], .nlmsg_type = TYPES[type]};
            packet_message_read(message, 18, &read);
            CU_ASSERT_EQUAL(read.kind, PACKET_MESSAGE_OTHER);
            free(message);
        }
}

static void what_does_not_fit(void)
{
    struct packet_message read;
    struct nlmsghdr *message = start_message();
    put_header(message, 4);
    mnl_attr_put(message, NFQA_PAYLOAD, 8, "12345678");
    for (size_t len = 0; len < message->nlmsg_len; len++) {
        packet_message_read(message, len, &read);
        CU_ASSERT_EQUAL(read.kind, PACKET_MESSAGE_OTHER);
    }
    message = start_message(); /* a packet without its number */
    mnl_attr_put(message, NFQA_PAYLOAD, 8, "12345678");
    packet_message_read(message, message->nlmsg_len, &read);
    CU_ASSERT_EQUAL(read.kind, PACKET_MESSAGE_OTHER);
}

void message_suite(void)
{
    static const struct test TESTS[] = {
        {"a packet", whole_packet},
        {"M6: a packet that was cut keeps its length", cut_packet},
        {"a packet of which nothing was copied", no_payload},
        {"F6: every message leaves room for a verdict in front of its packet", room_in_front},
        {"F6: one that does not says so", packet_before_number},
        {"S4: the kernel's refusals are understood", answers},
        {"S3: lengths above 2 GiB are not believed", lengths_of_gigabytes},
        {"messages cut anywhere are no packets", what_does_not_fit},
    };
    TEST_SUITE("message", TESTS);
}
