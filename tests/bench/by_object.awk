# What callgrind counted, a packet, and what of it is not of the crypto libraries, OpenSSL's and nettle: its output file in, one line out.
#   packets   how many packets it counted
#   crypto    "needed" when some of it must be OpenSSL's: a split without any is then none, and an error
#
# Callgrind writes the name of an object once, where it first meets it: as the place of the lines that follow (ob=) or as that of
# a call (cob=). From then on its number stands for it. A cost line begins with its position; the one behind calls= is the
# callee's, counted there already.

function fail(why) {
    print "by_object.awk: " FILENAME ": " why >"/dev/stderr"
    failed = 1
    exit 1
}

# The number in "ob=(3) /usr/lib/libcrypto.so.3" or "ob=(3)"; learns the name.
function object(    id, at) {
    at = index($0, "=")
    id = substr($1, at + 1)
    if (NF > 1)
        name[id] = substr($0, length($1) + 2)
    return id
}

/^positions:/ && $0 != "positions: line" { fail("\"" $0 "\": only lines are understood") }
/^events:/ && $0 != "events: Ir" { fail("\"" $0 "\": only instructions (Ir) are understood") }
/^events:/ { events = 1 }
/^cob=/ { object() }
/^ob=/ {
    id = object()
    if (!(id in name))
        fail("object " id " has no name")
    theirs = name[id] ~ /libcrypto|libnettle/
}
/^calls=/ { getline; next }
/^[0-9+*-]/ {
    all += $2
    if (theirs)
        crypto_own += $2
}

END {
    if (failed)
        exit 1
    if (!events || all == 0 || packets <= 0)
        fail("nothing was counted")
    if (crypto == "needed" && crypto_own == 0)
        fail("nothing was counted in libcrypto, though packets were decrypted: what is outside it cannot be told (is it linked statically?)")
    printf "%.0f a packet, %.0f outside the crypto libraries\n", all / packets, (all - crypto_own) / packets
}
