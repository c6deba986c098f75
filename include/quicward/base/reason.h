/* Why a packet was not simply passed. Each row is at once the counter, the metric's label, the word in JSON
 * and the entry in the manual; a drop without a row here cannot be written. */
#ifndef QUICWARD_BASE_REASON_H
#define QUICWARD_BASE_REASON_H

/* X(NAME, "word", "what it means") */
#define QW_REASONS(X)                                                                                        \
    X(NONE, "none", "passed")                                                                                \
    X(MALFORMED, "malformed", "IP, UDP or ICMP header contradicts itself or the packet's size")              \
    X(FRAGMENT, "fragment", "a fragment that the kernel has not reassembled, so it cannot be matched")       \
    X(UNSOLICITED, "unsolicited", "UDP from outside that no flow asked for")                                 \
    X(UNSOLICITED_ICMP, "unsolicited-icmp", "ICMP error from outside about a packet of no known flow")       \
    X(RULE, "rule", "a rule says so")                                                                        \
    X(DEFAULT, "default", "no rule matched, and the default for its direction does not accept")              \
    X(QUIC_BLOCKED, "quic-blocked", "QUIC, and the configuration blocks QUIC")                               \
    X(HOLD_LIMIT, "hold-limit",                                                                              \
      "its ClientHello did not come whole within the limits, and hold.exhausted or the default drops")       \
    X(CONTRADICTION, "contradiction", "its ClientHello contradicts itself, so no rule can tell its name")    \
    X(TABLE_FULL, "table-full", "first packet of a flow for which the flow table has no room")               \
    X(SPOOFED, "spoofed", "from inside, with a source address that does not belong there")                   \
    X(FLOW_LIMIT, "flow-limit", "first packet of a flow beyond what one inside host may have")               \
    X(FLOW_SHARE, "flow-share",                                                                              \
      "first packet of a flow beyond the fair share of its source, as flows are scarce")                     \
    X(NO_PORT, "no-port", "first packet of a mapping for which no external port is free")                    \
    X(HOST_LIMIT, "host-limit", "first packet of a mapping beyond what one inside host may have")            \
    X(PORT_SHARE, "port-share",                                                                              \
      "first packet of a mapping beyond the fair share of its host, as ports are scarce")                    \
    X(NO_ADDRESS, "no-address", "nothing can be mapped while there is no external address")                  \
    X(ELSEWHERE, "elsewhere", "of a host or an address that another router owns, and no mark leads there")   \
    X(COPY_LIMIT, "copy-limit", "longer than the queue hands over, so it cannot be translated")              \
    X(THROTTLED, "throttled", "its flow belongs to the share that is blocked")                               \
    X(UNPROVEN, "unproven", "more than a server may send to a client that has not proven its address")       \
    X(TOO_BIG, "too-big", "longer than the size limit, and it may not be fragmented")

enum qw_reason {
#define X(name, word, meaning) QW_REASON_##name,
    QW_REASONS(X)
#undef X
        QW_REASON_COUNT
};

/* The word and the meaning of `reason`: static strings, "unknown" outside the enum. */
const char *qw_reason_word(enum qw_reason reason);
const char *qw_reason_meaning(enum qw_reason reason);

#endif
