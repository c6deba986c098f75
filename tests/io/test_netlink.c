#include "netlink.h"
#include "suite.h"
#include "suites.h"
#include <errno.h>
#include <limits.h>
#include <string.h>

struct answer {
    _Alignas(struct nlmsghdr) char bytes[128];
    size_t len;
};

/* A message of `type` with a number in it. */
static struct nlmsghdr *put(struct answer *answer, uint16_t type, int number)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(answer->bytes + answer->len);
    message->nlmsg_type = type;
    *(int *)mnl_nlmsg_put_extra_header(message, sizeof(number)) = number;
    answer->len += message->nlmsg_len;
    return message;
}

static int count_message(const struct nlmsghdr *message, void *context)
{
    unsigned *count = context;
    (void)message;
    ++*count;
    return MNL_CB_OK;
}

static int read_all(const struct answer *answer, unsigned *count)
{
    *count = 0;
    errno = 0;
    return netlink_messages(answer->bytes, answer->len, 0, count_message, count);
}

static void whole_lists(void)
{
    struct answer answer = {.len = 0};
    unsigned count;
    CU_ASSERT_EQUAL(read_all(&answer, &count), MNL_CB_OK);
    put(&answer, NLMSG_MIN_TYPE, 1);
    put(&answer, NLMSG_MIN_TYPE, 2);
    CU_ASSERT_EQUAL(read_all(&answer, &count), MNL_CB_OK); /* more of it follows */
    put(&answer, NLMSG_DONE, 0);
    CU_ASSERT_EQUAL(read_all(&answer, &count), MNL_CB_STOP);
    CU_ASSERT_EQUAL(count, 2);
}

static void lists_that_are_broken_off(void)
{
    static const uint16_t ENDS[] = {NLMSG_DONE, NLMSG_ERROR};
    for (size_t i = 0; i < sizeof(ENDS) / sizeof(ENDS[0]); i++) {
        struct answer answer = {.len = 0};
        unsigned count;
        put(&answer, NLMSG_MIN_TYPE, 1);
        put(&answer, ENDS[i], -EBUSY);
        CU_ASSERT_EQUAL(read_all(&answer, &count), MNL_CB_ERROR);
        CU_ASSERT_EQUAL(errno, EBUSY);
        CU_ASSERT_EQUAL(count, 1);
    }
}

static void lengths_that_lie(void)
{
    static const uint32_t LENGTHS[] = {0,           1,         sizeof(struct nlmsghdr) - 1, 64, INT_MAX,
                                       0x80000000u, UINT32_MAX};
    for (size_t i = 0; i < sizeof(LENGTHS) / sizeof(LENGTHS[0]); i++) {
        struct answer answer = {.len = 0};
        unsigned count;
        put(&answer, NLMSG_MIN_TYPE, 1);
        put(&answer, NLMSG_MIN_TYPE, 2)->nlmsg_len = LENGTHS[i];
        CU_ASSERT_EQUAL(read_all(&answer, &count), MNL_CB_ERROR);
        CU_ASSERT_EQUAL(errno, EBADMSG);
        CU_ASSERT_EQUAL(count, 0);
    }
}

/* Its negation is none. */
static void an_error_that_no_errno_has(void)
{
    struct answer answer = {.len = 0};
    unsigned count;
    put(&answer, NLMSG_ERROR, INT_MIN);
    CU_ASSERT_EQUAL(read_all(&answer, &count), MNL_CB_ERROR);
    CU_ASSERT_EQUAL(errno, EBADMSG);
}

void netlink_suite(void)
{
    static const struct test TESTS[] = {
        {"S3: a list of the kernel ends with its end", whole_lists},
        {"S3: one that the kernel broke off is not taken for a whole one", lists_that_are_broken_off},
        {"S3: an error number whose negation does not exist is an error", an_error_that_no_errno_has},
        {"S3: messages whose lengths lie are not read", lengths_that_lie},
    };
    TEST_SUITE("netlink", TESTS);
}
