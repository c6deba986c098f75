# Makes quicward-metrics.7 of the tables of metrics.md, which a test holds to the program: awk -f metrics_page.awk metrics.md
BEGIN {
    FS = " *[|] *"
    print ".TH QUICWARD-METRICS 7 \"\" \"quicward\" \"Miscellaneous\""
    print ".SH NAME"
    print "quicward-metrics \\- what quicward tells Prometheus"
    print ".SH DESCRIPTION"
    print "The key"
    print ".B metrics"
    print "of"
    print ".BR quicward.conf (5)"
    print "says where metrics are served. They contain external addresses, interfaces and rules, but no hosts inside, no servers and no server names."
    print "Counters begin at 0 with each process. Their names in"
    print ".B quicward stats"
    print "are in square brackets;"
    print ".BR quicward (8)"
    print "says more about them."
    print ".SH METRICS"
}

# [text](link) is text; no backquotes.
function plain(text) {
    gsub(/`/, "", text)
    while (match(text, /\]\([^)]*\)/))
        text = substr(text, 1, RSTART - 1) substr(text, RSTART + RLENGTH)
    gsub(/\[/, "", text)
    gsub(/-/, "\\-", text)
    return text
}

$2 ~ /^`(quicward|process)_[a-z_]*`$/ {
    print ".TP"
    print ".B " plain($2)
    print plain($(NF - 1)) "."
    print "A " $3 ($4 == "-" ? "." : "; labels: " plain($4) ".") (NF > 6 ? " [" plain($5) "]" : "")
}

END {
    print ".SH SEE ALSO"
    print ".BR quicward (8),"
    print ".BR quicward.conf (5)"
}
