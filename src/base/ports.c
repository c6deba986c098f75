#include <quicward/base/ports.h>
#include <string.h>

/* Services that answer more than they are asked, and so are used to reflect attacks. Networks and servers
 * drop UDP that comes from these ports (RFC 9308 8.1, RFC 9312 4.6; CISA alert TA14-017A and what was
 * reported since): a flow that got one of them would fail for no reason that anybody sees. One port too many
 * in the list costs 1/64000 of a pool, one too few costs somebody a connection. */
static const uint16_t REFLECTION[] = {
    7,     /* echo */
    13,    /* daytime */
    17,    /* quote of the day */
    19,    /* chargen */
    37,    /* time */
    53,    /* DNS */
    69,    /* TFTP */
    111,   /* portmap */
    123,   /* NTP */
    137,   /* NetBIOS name service */
    138,   /* NetBIOS datagrams */
    161,   /* SNMP */
    177,   /* XDMCP */
    389,   /* CLDAP */
    427,   /* SLP */
    500,   /* IKE: answers again and again */
    520,   /* RIP version 1 */
    523,   /* DB2 discovery */
    623,   /* IPMI */
    1194,  /* OpenVPN: answers again and again */
    1434,  /* SQL Server resolution */
    1701,  /* L2TP: answers again and again */
    1900,  /* SSDP */
    2123,  /* GTP control */
    3283,  /* Apple Remote Desktop */
    3389,  /* RDP over UDP */
    3478,  /* STUN and TURN */
    3702,  /* WS-Discovery */
    5060,  /* SIP; gateways on the way rewrite what they take for it, too */
    5093,  /* Sentinel license manager */
    5353,  /* multicast DNS */
    5355,  /* LLMNR */
    5683,  /* CoAP */
    6881,  /* BitTorrent */
    10001, /* Ubiquiti discovery */
    10074, /* Mitel TP-240 driver */
    11211, /* memcached */
    17185, /* VxWorks debugger */
    20800, /* Call of Duty servers */
    27015, /* Source engine servers */
    27960, /* Quake III servers */
    30718, /* Lantronix configuration */
    32410, /* Plex discovery */
    32414, /* Plex discovery */
    33848, /* Jenkins discovery */
    37810, /* Dahua DHDiscover */
    41794, /* Crestron control */
    47808, /* BACnet */
    53413, /* Netis routers' back door */
};

#define REFLECTION_COUNT (sizeof REFLECTION / sizeof REFLECTION[0])

size_t qw_reflection_ports(const uint16_t **out)
{
    *out = REFLECTION;
    return REFLECTION_COUNT;
}

void qw_ports_add(uint64_t set[static QW_PORT_WORDS], uint16_t first, uint16_t last)
{
    for (unsigned port = first; port <= last; port++)
        set[port / 64] |= UINT64_C(1) << port % 64;
}

void qw_ports_remove(uint64_t set[static QW_PORT_WORDS], uint16_t first, uint16_t last)
{
    for (unsigned port = first; port <= last; port++)
        set[port / 64] &= ~(UINT64_C(1) << port % 64);
}

void qw_ports_usable(const struct qw_port_range *ports, unsigned port_count,
                     const struct qw_port_range *excluded, unsigned excluded_count,
                     uint64_t out[static QW_PORT_WORDS])
{
    memset(out, 0, QW_PORT_WORDS * sizeof *out);
    for (unsigned i = 0; i < port_count; i++)
        qw_ports_add(out, ports[i].first, ports[i].last);
    for (unsigned i = 0; i < excluded_count; i++)
        qw_ports_remove(out, excluded[i].first, excluded[i].last);
    for (size_t i = 0; i < REFLECTION_COUNT; i++)
        qw_ports_remove(out, REFLECTION[i], REFLECTION[i]);
    qw_ports_remove(out, 0, 0);
}

struct qw_port_count qw_ports_count(const uint64_t set[static QW_PORT_WORDS])
{
    struct qw_port_count count = {0};
    for (unsigned port = 1024; port <= UINT16_MAX; port++)
        if (qw_ports_has(set, (uint16_t)port))
            ++*(port % 2 ? &count.odd : &count.even);
    return count;
}
