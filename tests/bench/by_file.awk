# In which files of ours what callgrind counted stands, inlined functions too: its output file in, one path a line out, from the
# tree's top on. It needs a program built with -g.
#
# Callgrind writes the name of a file once, where it first meets it: as the place of the lines that follow (fl=, fi=, fe=) or as that
# of a call (cfi=, cfl=). From then on its number stands for it. What is only called is a place of its own elsewhere.

function number(    id) {
    id = substr($1, index($1, "=") + 1)
    if (NF > 1)
        name[id] = substr($0, length($1) + 2)
    return id
}

/^cf[il]=/ { number() }
/^f[lie]=/ { at = number() }
/^calls=/ { getline; next }
/^[0-9+*-]/ { touched[at] = 1 }

END {
    for (id in touched) {
        path = name[id]
        if (path ~ /\/tests\// || !match(path, /(^|\/)(src|include\/quicward)\//))
            continue
        while (match(path, /[^\/]+\/\.\.\//))
            path = substr(path, 1, RSTART - 1) substr(path, RSTART + RLENGTH)
        if (!sub(/^.*\/include\/quicward\//, "include/quicward/", path))
            sub(/^.*\/src\//, "src/", path)
        seen[path] = 1
    }
    for (path in seen)
        print path
}
