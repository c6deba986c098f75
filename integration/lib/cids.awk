# Reads `tcpdump -n -x` of QUIC and prints one line: what a table of connection IDs, learnt from long headers, would have known.
#   DATAGRAMS SHORT LOST CIDS SEEN
# datagrams; those that begin with a short header; of these how many carry a connection ID that no long header showed before, or
# none at all; how many connection IDs short headers carry; how many of them a long header ever showed.
# A short header does not say how long its connection ID is (RFC 9000 17.3). The table is told: it is as long as the one that the
# receiver chose in its long headers. Datagrams are judged by their first packet, as a router would.

function number(hex,    n, i) {
    n = 0
    for (i = 1; i <= length(hex); i++)
        n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
    return n
}

# The UDP payload of an IPv4 or IPv6 packet without extension headers.
function payload(hex) {
    if (substr(hex, 1, 1) == "6")
        return substr(hex, 2 * 48 + 1)
    return substr(hex, 2 * (4 * number(substr(hex, 2, 1)) + 8) + 1)
}

# RFC 8999 5.1: both connection IDs, each behind its length. The receiver of what `from` sends next may be addressed by its SCID.
function long_header(from, to, bytes,    dcid_len, at, scid_len) {
    dcid_len = number(substr(bytes, 11, 2))
    at = 13 + 2 * dcid_len
    scid_len = number(substr(bytes, at, 2))
    known[substr(bytes, 13, 2 * dcid_len)] = 1
    known[substr(bytes, at + 2, 2 * scid_len)] = 1
    chosen_len[from, to] = scid_len
    last_len[side[from, to]] = scid_len
}

# A path that begins amid a connection has no long header: there the length is that of the path before.
function short_header(from, to, bytes,    len, cid) {
    short++
    len = (to, from) in chosen_len ? chosen_len[to, from] : last_len[side[to, from]]
    cid = substr(bytes, 3, 2 * len)
    if (len == 0 || !(cid in known))
        lost++
    if (len > 0)
        used[cid] = 1
}

# Who speaks first on a path is the client.
function datagram(    bytes) {
    if (hex == "")
        return
    bytes = payload(hex)
    datagrams++
    if (!((from, to) in side)) {
        side[from, to] = "client"
        side[to, from] = "server"
    }
    if (number(substr(bytes, 1, 1)) >= 8)
        long_header(from, to, bytes)
    else
        short_header(from, to, bytes)
}

$2 == "IP" || $2 == "IP6" {
    datagram()
    from = $3
    to = $5
    sub(/:$/, "", to)
    hex = ""
    next
}

/^[ \t]+0x/ {
    for (i = 2; i <= NF; i++)
        hex = hex $i
}

END {
    datagram()
    for (cid in used) {
        cids++
        seen += cid in known
    }
    print datagrams + 0, short + 0, lost + 0, cids + 0, seen + 0
}
