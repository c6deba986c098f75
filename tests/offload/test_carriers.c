/* VLANs and their carriers, in a network of its own: the program stands at a carrier once, as long as
 * somebody needs it. The last suite, for the process stays in that network. */
#include "kernel.h"
#include "suite.h"
#include "suites.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct offload_vlan TEN = {"card0", 10}, TWENTY = {"card0", 20};

static bool done(const char *command)
{
    return system(command) == 0;
}

static bool stands(const char *text)
{
    char command[128];
    snprintf(command, sizeof command, "ip -d link show %s | grep -q 'prog/xdp'", text);
    return done(command);
}

/* card0 with two stand-ins for its VLANs: what they are is nobody's concern here. NULL: not allowed here. */
static struct offload *make(void)
{
    char error[OFFLOAD_ERROR_MAX];
    if (unshare(CLONE_NEWNET) != 0 || !done("ip -V >/dev/null 2>&1") ||
        !done("ip link add card0 type veth peer name far0 && ip link add v10 type veth peer name v20"))
        return NULL;
    struct offload *offload = offload_new(4, NULL, (struct qw_time){0}, error);
    if (!offload)
        printf("\nskipped, for no program can be loaded here: %s ", error);
    return offload;
}

static bool attach(struct offload *offload, const char *name, const struct offload_vlan *vlan)
{
    char error[OFFLOAD_ERROR_MAX] = "";
    bool attached = vlan ? offload_attach_vlan(offload, name, vlan, OFFLOAD_XDP, error)
                         : offload_attach(offload, name, OFFLOAD_XDP, error);
    if (!attached)
        printf("%s ", error);
    return attached;
}

static bool refuses(struct offload *offload, const char *name, struct offload_vlan vlan, const char *why)
{
    char error[OFFLOAD_ERROR_MAX] = "";
    return !offload_attach_vlan(offload, name, &vlan, OFFLOAD_XDP, error) && strstr(error, why);
}

static void shared(void)
{
    struct offload *offload = make();
    if (!offload)
        return;
    CU_ASSERT_TRUE(attach(offload, "card0", NULL));
    CU_ASSERT_TRUE(attach(offload, "v10", &TEN));
    CU_ASSERT_TRUE(attach(offload, "v20", &TWENTY));
    CU_ASSERT_TRUE(stands("card0"));
    CU_ASSERT_FALSE(stands("v10"));
    CU_ASSERT_TRUE(offload_detach(offload, "card0"));
    CU_ASSERT_TRUE(stands("card0"));
    CU_ASSERT_TRUE(attach(offload, "v10", &TEN)); /* again, as each second */
    CU_ASSERT_TRUE(offload_detach(offload, "v10"));
    CU_ASSERT_TRUE(stands("card0"));
    CU_ASSERT_TRUE(attach(offload, "v20", &TEN)); /* another VLAN now */
    CU_ASSERT_TRUE(stands("card0"));
    CU_ASSERT_TRUE(offload_detach(offload, "v20"));
    CU_ASSERT_FALSE(stands("card0"));
    CU_ASSERT_TRUE(attach(offload, "v10", &TEN) && attach(offload, "card0", NULL));
    offload_free(offload);
    CU_ASSERT_FALSE(stands("card0"));
}

static void refused(void)
{
    struct offload *offload = make();
    if (!offload)
        return;
    CU_ASSERT_TRUE(refuses(offload, "v10", (struct offload_vlan){"card0", 0}, "1 to 4094"));
    CU_ASSERT_TRUE(refuses(offload, "v10", (struct offload_vlan){"card0", 4095}, "1 to 4094"));
    CU_ASSERT_TRUE(refuses(offload, "v10", (struct offload_vlan){"gone0", 10}, "\"gone0\""));
    CU_ASSERT_TRUE(refuses(offload, "gone0", (struct offload_vlan){"card0", 10}, "\"gone0\""));
    CU_ASSERT_FALSE(stands("card0"));
    offload_free(offload);
}

void suite_carriers(void)
{
    static const struct test TESTS[] = {
        {"X7: a carrier has the program once, until its last VLAN goes", shared},
        {"X7: VLANs that cannot be, and carriers that are not there, are named", refused},
    };
    TEST_SUITE("offload: carriers", TESTS);
}
