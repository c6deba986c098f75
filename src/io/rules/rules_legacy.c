/* The tables of iptables-legacy, read as the kernel gives them out. */
#include "rules_helper.h"
#include "rules_keeper.h"
#include <netinet/in.h>

/* The kernel's headers come behind that of the C library, whose types they then leave alone. */
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where an entry of each family has what. */
struct layout {
    size_t match; /* of addresses and interfaces: the entry begins with it */
    size_t next;  /* where it says how long it is, 16 bits */
    size_t head;  /* behind it stand the other matches, and the target */
};

static const struct layout IPV4 = {sizeof(struct ipt_ip), offsetof(struct ipt_entry, next_offset),
                                   sizeof(struct ipt_entry)};
static const struct layout IPV6 = {sizeof(struct ip6t_ip6), offsetof(struct ip6t_entry, next_offset),
                                   sizeof(struct ip6t_entry)};

static uint64_t add(uint64_t hash, const uint8_t *bytes, size_t len)
{
    static const uint64_t FNV_PRIME = 1099511628211u;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * FNV_PRIME;
    return hash;
}

/* Entries as they are, without their counters. A length that leads nowhere ends it. */
static uint64_t add_entries(uint64_t hash, const uint8_t *bytes, size_t size, const struct layout *layout)
{
    while (size >= layout->head) {
        uint16_t len;
        memcpy(&len, bytes + layout->next, sizeof(len));
        if (len < layout->head || len > size)
            return hash;
        hash = add(hash, bytes, layout->match);
        hash = add(hash, bytes + layout->head, len - layout->head);
        bytes += len;
        size -= len;
    }
    return hash;
}

/* Both families have the same requests, by the same numbers (IPT_SO_GET_INFO is IP6T_SO_GET_INFO). */
static uint64_t add_table(uint64_t hash, int fd, int level, const char *name, const struct layout *layout)
{
    struct ipt_getinfo info = {0};
    socklen_t len = sizeof(info);
    memcpy(info.name, name, strlen(name));
    if (getsockopt(fd, level, IPT_SO_GET_INFO, &info, &len) != 0 || info.size == 0)
        return hash;
    size_t head = offsetof(struct ipt_get_entries, entrytable);
    struct ipt_get_entries *entries = calloc(1, head + info.size);
    if (!entries)
        return hash;
    memcpy(entries->name, name, strlen(name));
    entries->size = info.size;
    len = (socklen_t)(head + info.size);
    if (getsockopt(fd, level, IPT_SO_GET_ENTRIES, entries, &len) == 0)
        hash = add_entries(hash, (const uint8_t *)entries + head, info.size, layout);
    free(entries);
    return hash + 1;
}

/* A line of it is the name. */
static bool is_there(const char *list, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = list; *at; at += strcspn(at, "\n"), at += *at == '\n')
        if (strncmp(at, name, len) == 0 && (at[len] == '\n' || at[len] == '\0'))
            return true;
    return false;
}

static uint64_t add_family(uint64_t hash, int family, int level, enum rules_file file,
                           const struct layout *layout)
{
    static const char *const TABLES[] = {"raw", "mangle", "nat"};
    char list[512]; /* there are five or six tables */
    /* A question about a table makes the kernel set it up, so that only those are asked for that are there.
     */
    int fd = rules_file_read(file, list, sizeof(list)) > 0
                 ? socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW)
                 : -1;
    for (unsigned i = 0; fd >= 0 && i < sizeof(TABLES) / sizeof(TABLES[0]); i++)
        if (is_there(list, TABLES[i]))
            hash = add_table(hash, fd, level, TABLES[i], layout);
    if (fd >= 0)
        close(fd);
    return hash;
}

uint64_t rules_legacy_hash(void)
{
    uint64_t hash = add_family(0, AF_INET, IPPROTO_IP, RULES_FILE_TABLES4, &IPV4);
    return add_family(hash, AF_INET6, IPPROTO_IPV6, RULES_FILE_TABLES6, &IPV6);
}
