# Reads C files; prints each mutant of a line that the operators below know, as RANDOM, FILE, LINE, OPERATOR and the new line, with
# tabs between. `seed` decides the random numbers, so that the same seed and files give the same order.
#
# Lines that have no code of a function (comments, preprocessor, what begins in the first column) are left alone.

BEGIN {
    OFS = "\t"
    srand(seed)
}

function mutant(operator, text) {
    if (text != $0)
        print rand(), FILENAME, FNR, operator, text
}

# That place is code: no comment and no text in quotes.
function code(at,    comment_at, before) {
    comment_at = index($0, "/*")
    before = substr($0, 1, at - 1)
    return (!comment_at || at < comment_at) && gsub(/"/, "", before) % 2 == 0
}

# Where the parenthesis that opens at `at` closes; 0: on a later line.
function closing(text, at,    depth, i, c) {
    for (i = at; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (c == "(") depth++
        if (c == ")" && --depth == 0) return i
    }
    return 0
}

# if (X) becomes if (!(X)); likewise while and the first part of ?:.
function negate(    at, end) {
    if (!match($0, /(if|while) \(/))
        return
    at = RSTART + RLENGTH - 1
    end = closing($0, at)
    if (end)
        mutant("negate", substr($0, 1, at) "!(" substr($0, at + 1, end - at - 1) ")" substr($0, end))
}

# Each place of `from`, one at a time.
function swap(operator, from, to,    at, rest, i) {
    at = 0
    rest = $0
    while ((i = index(rest, from)) > 0) {
        at += i
        if (code(at))
            mutant(operator, substr($0, 1, at - 1) to substr($0, at + length(from)))
        rest = substr($0, at + 1)
    }
}

function off_by_one(    at, rest, n, i) {
    at = 0
    rest = $0
    while (match(rest, /[^A-Za-z0-9_.%"'\\][0-9]+([^A-Za-z0-9_.x"]|$)/)) {
        n = substr(rest, RSTART + 1)
        match(n, /^[0-9]+/)
        i = index(rest, n)
        if (code(at + i))
            mutant("off by one", substr($0, 1, at + i - 1) (substr(n, 1, RLENGTH) + 1) substr(n, RLENGTH + 1))
        at += i + RLENGTH - 1
        rest = substr($0, at + 1)
    }
}

# A call or an assignment by itself; a declaration's name would be missing afterwards.
function drop() {
    if (previous !~ /[;{}:)]$|else$|\*\/$/ && previous != "")
        return
    if ($0 ~ /^ +([a-z_][A-Za-z0-9_]*(->|\.|\[|\()|\*|\+\+|--).*;$/ || $0 ~ /^ +[a-z_][A-Za-z0-9_]* ?([+*|&^\/-]|<<|>>)?= .*;$/)
        if ($0 !~ /^ +(return|goto|break|continue)/ && match($0, /^ +/))
            mutant("drop", substr($0, 1, RLENGTH) ";")
}

FNR == 1 { comment = 0; previous = "" }
/^ +\/\*/ || comment {
    comment = $0 !~ /\*\//
    next
}
/^[^ ]/ || /^ *$/ || /^ *[{}]/ {
    previous = $0
    next
}
{
    negate()
    swap("equal", " == ", " != ")
    swap("equal", " != ", " == ")
    swap("bound", " < ", " <= ")
    swap("bound", " <= ", " < ")
    swap("bound", " > ", " >= ")
    swap("bound", " >= ", " > ")
    swap("and or", " && ", " || ")
    swap("and or", " || ", " && ")
    swap("sign", " + ", " - ")
    swap("sign", " - ", " + ")
    swap("sign", " += ", " -= ")
    swap("constant", "true", "false")
    swap("constant", "false", "true")
    off_by_one()
    drop()
    previous = $0
}
