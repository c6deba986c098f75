#include "link_features.h"
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The C library's interfaces stand before the kernel's, or both define them. */
/* clang-format off */
#include <net/if.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
/* clang-format on */

#define FEATURES_MAX 256
#define BLOCKS_MAX (FEATURES_MAX / 32)

struct feature_names {
    unsigned count;
    char list[FEATURES_MAX][ETH_GSTRING_LEN];
};

static bool ask(int fd, const char *name, void *command)
{
    struct ifreq request = {.ifr_data = command};
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    return ioctl(fd, SIOCETHTOOL, &request) == 0;
}

/* The kernel has one list of names for all interfaces. */
static bool ask_count(int fd, const char *name, unsigned *out)
{
    union {
        struct ethtool_sset_info info;
        uint8_t room[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)];
    } command;
    uint32_t count;
    memset(&command, 0, sizeof(command));
    command.info.cmd = ETHTOOL_GSSET_INFO;
    command.info.sset_mask = UINT64_C(1) << ETH_SS_FEATURES;
    if (!ask(fd, name, &command) || command.info.sset_mask == 0)
        return false;
    memcpy(&count, command.room + sizeof(command.info), sizeof(count));
    *out = count;
    return count <= FEATURES_MAX;
}

static bool ask_names(int fd, const char *name, struct feature_names *out)
{
    struct ethtool_gstrings *command = calloc(1, sizeof(*command) + sizeof(out->list));
    unsigned count = 0;
    if (!command)
        return false;
    *command = (struct ethtool_gstrings){.cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_FEATURES};
    bool told = ask_count(fd, name, &count);
    command->len = count;
    told = told && ask(fd, name, command) && command->len <= FEATURES_MAX;
    if (told) {
        out->count = command->len;
        memcpy(out->list, command->data, (size_t)command->len * ETH_GSTRING_LEN);
    }
    free(command);
    return told;
}

static int find(const struct feature_names *names, const uint32_t active[static BLOCKS_MAX], const char *name)
{
    for (unsigned i = 0; i < names->count; i++)
        if (strncmp(names->list[i], name, ETH_GSTRING_LEN) == 0)
            return active[i / 32] >> i % 32 & 1;
    return SURVEY_UNKNOWN;
}

static bool ask_active(int fd, const char *name, uint32_t active[static BLOCKS_MAX])
{
    struct ethtool_get_features_block blocks[BLOCKS_MAX];
    union {
        struct ethtool_gfeatures head;
        uint8_t room[sizeof(struct ethtool_gfeatures) + sizeof(blocks)];
    } command;
    memset(&command, 0, sizeof(command));
    command.head.cmd = ETHTOOL_GFEATURES;
    command.head.size = BLOCKS_MAX;
    if (!ask(fd, name, &command))
        return false;
    memcpy(blocks, command.room + sizeof(command.head), sizeof(blocks));
    for (unsigned i = 0; i < BLOCKS_MAX; i++)
        active[i] = blocks[i].active;
    return true;
}

static void ask_one(int fd, const struct feature_names *names, struct survey_interface *one)
{
    uint32_t active[BLOCKS_MAX];
    if (!ask_active(fd, one->name, active))
        return;
    one->gro_forwarding = find(names, active, "rx-udp-gro-forwarding");
    one->gro_list = find(names, active, "rx-gro-list");
    one->lro = find(names, active, "rx-lro");
}

int link_feature(const char *interface, const char *feature)
{
    struct feature_names *names = calloc(1, sizeof(*names));
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), found = SURVEY_UNKNOWN;
    uint32_t active[BLOCKS_MAX];
    if (names && fd >= 0 && ask_names(fd, interface, names) && ask_active(fd, interface, active))
        found = find(names, active, feature);
    if (fd >= 0)
        close(fd);
    free(names);
    return found;
}

void link_features_ask(struct survey *survey)
{
    struct feature_names *names = calloc(1, sizeof(*names));
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool told = false;
    for (unsigned i = 0; names && fd >= 0 && i < survey->interface_count; i++) {
        told = told || ask_names(fd, survey->interfaces[i].name, names);
        if (told)
            ask_one(fd, names, &survey->interfaces[i]);
    }
    if (fd >= 0)
        close(fd);
    free(names);
}
