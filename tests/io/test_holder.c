#include "holder.h"
#include "suite.h"
#include "suites.h"

static void finds_the_socket(void)
{
    unsigned long inode = 0;
    CU_ASSERT_TRUE(
        holder_inode("0000000000000000 12  2568304171 00000000 0        0        0        2        0"
                     "        4711    \n",
                     2568304171u, &inode));
    CU_ASSERT_EQUAL(inode, 4711);
}

static void passes_others_by(void)
{
    unsigned long inode;
    CU_ASSERT_FALSE(
        holder_inode("sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops"
                     "    Inode\n",
                     0, &inode));
    /* the same port in another family of netlink sockets */
    CU_ASSERT_FALSE(holder_inode("0000000000000000 0   1234 00000000 0 0 0 2 0 4711\n", 1234, &inode));
    CU_ASSERT_FALSE(holder_inode("0000000000000000 12  1235 00000000 0 0 0 2 0 4711\n", 1234, &inode));
    CU_ASSERT_FALSE(holder_inode("0000000000000000 12  1234\n", 1234, &inode));
}

void holder_suite(void)
{
    static const struct test TESTS[] = {
        {"the netfilter socket with that address is found", finds_the_socket},
        {"headings, other families, other addresses are not", passes_others_by},
    };
    TEST_SUITE("holder", TESTS);
}
