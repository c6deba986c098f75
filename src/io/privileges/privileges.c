#include "privileges.h"
#include "fail.h"
#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define GROUPS_MAX 64

/* ---- names ---- */

/* A name of digits is a number, as chown(1) takes it, unless somebody has it. */
static bool as_number(const char *name, unsigned *out)
{
    char *end;
    unsigned long value = strtoul(name, &end, 10);
    *out = (unsigned)value;
    return name[0] >= '0' && name[0] <= '9' && *end == '\0' && value < UINT32_MAX;
}

bool io_group_find(const char *name, gid_t *out)
{
    unsigned number;
    const struct group *group = getgrnam(name);
    if (group)
        *out = group->gr_gid;
    else if (as_number(name, &number))
        *out = number;
    else
        return false;
    return true;
}

enum qw_error privileges_user_find(const struct config *config, struct privileges_user *out,
                                   struct io_error *error)
{
    *out = (struct privileges_user){.name = config->user, .uid = geteuid(), .gid = getegid()};
    unsigned number;
    if (config->user[0] == '\0')
        return QW_OK;
    const struct passwd *entry = getpwnam(config->user);
    if (!entry && as_number(config->user, &number))
        entry = getpwuid(number);
    if (!entry)
        return io_fail(error, QW_ERR_INVALID,
                       "user: there is no user \"%s\" on this machine; \"useradd --system %s\" makes one",
                       config->user, config->user);
    out->uid = entry->pw_uid;
    out->gid = entry->pw_gid;
    return QW_OK;
}

/* ---- groups ---- */

static bool is_member(gid_t gid)
{
    gid_t groups[GROUPS_MAX];
    int count = getgroups(GROUPS_MAX, groups);
    for (int i = 0; i < count; i++)
        if (groups[i] == gid)
            return true;
    return getegid() == gid;
}

/* The socket's file can be given to a group that its owner is in. */
static enum qw_error join_group(const struct config *config, bool changes, struct io_error *error)
{
    gid_t groups[GROUPS_MAX + 1], gid = 0;
    bool wanted = config->control_group[0] != '\0';
    if (wanted && !io_group_find(config->control_group, &gid))
        return io_fail(
            error, QW_ERR_INVALID,
            "control_group: there is no group \"%s\" on this machine; \"groupadd --system %s\" makes "
            "one",
            config->control_group, config->control_group);
    int count = changes ? 0 : getgroups(GROUPS_MAX, groups);
    if (!changes && (!wanted || is_member(gid)))
        return QW_OK;
    if (wanted && count >= 0)
        groups[count++] = gid;
    if (count >= 0 && setgroups((size_t)count, groups) == 0)
        return QW_OK;
    return io_fail(error, QW_ERR_SYSTEM, "control_group: user %u cannot join the group \"%s\": %s", geteuid(),
                   config->control_group, strerror(errno));
}

/* ---- capabilities ---- */

/* The set that stays, chosen but not yet in force. libcap-ng works on one state; what is there is asked
 * first. False when the kernel does not say it. */
static bool choose(const struct config *config)
{
    const capng_type_t sets = CAPNG_EFFECTIVE | CAPNG_PERMITTED;
    bool offload = config && config->offload != CONFIG_OFFLOAD_OFF;
    bool admin, raw, bpf, perfmon;
    if (capng_get_caps_process() != 0)
        return false;
    admin = capng_have_capability(CAPNG_PERMITTED, CAP_NET_ADMIN);
    raw = capng_have_capability(CAPNG_PERMITTED, CAP_NET_RAW);
    bpf = capng_have_capability(CAPNG_PERMITTED, CAP_BPF);
    perfmon = capng_have_capability(CAPNG_PERMITTED, CAP_PERFMON);
    capng_clear(CAPNG_SELECT_BOTH);
    if (admin)
        capng_update(CAPNG_ADD, sets, CAP_NET_ADMIN);
    if (raw)
        capng_update(CAPNG_ADD, sets, CAP_NET_RAW);
    if (offload && bpf)
        capng_update(CAPNG_ADD, sets, CAP_BPF);
    if (offload && perfmon)
        capng_update(CAPNG_ADD, sets, CAP_PERFMON);
    return true;
}

static bool may_bound(void)
{
    return capng_get_caps_process() == 0 && capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
}

static bool apply(const struct config *config)
{
    bool bounds = may_bound();
    return choose(config) && capng_apply(bounds ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) == 0;
}

bool privileges_keep_net(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && apply(NULL);
}

/* ---- all of it ---- */

static enum qw_error become(const struct config *config, const struct privileges_user *user,
                            struct io_error *error)
{
    bool bounds = may_bound();
    int problem = -1;
    if (choose(config))
        problem =
            capng_change_id((int)user->uid, (int)user->gid, bounds ? CAPNG_CLEAR_BOUNDING : CAPNG_NO_FLAG);
    if (problem == 0)
        return QW_OK;
    return io_fail(
        error, QW_ERR_SYSTEM,
        "user: cannot become \"%s\" (step %d): %s; it has to be started as root, with CAP_SETUID and "
        "CAP_SETGID",
        user->name, problem, strerror(errno));
}

enum qw_error io_privileges_drop(const struct config *config, struct io_error *error)
{
    struct privileges_user user;
    enum qw_error status = privileges_user_find(config, &user, error);
    bool changes = status == QW_OK && user.uid != geteuid();
    if (changes)
        status = privileges_give(config, &user, error);
    if (status == QW_OK)
        status = join_group(config, changes, error);
    if (status == QW_OK && changes)
        status = become(config, &user, error);
    if (status != QW_OK)
        return status;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && apply(config))
        return QW_OK;
    return io_fail(error, QW_ERR_SYSTEM, "privileges cannot be given up: %s", strerror(errno));
}
