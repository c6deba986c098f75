#!/usr/bin/env bash
# Draws docs/throttle.svg from a run in the lab, as root: 200 flows at ten times the capacity, first all of them, then a quarter. Offered
# and passed load over the capacity, and the share of flows that is blocked.
#   QUICWARD   the program (build-release/quicward, as tests/run.sh builds it)
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
FLOWS=200 RATE=50 BYTES=200 LONG=30 SHORT=12
CAPACITY=$((FLOWS * RATE * (BYTES + 28) * 8 / 10))
picture=$QW_ROOT/docs/throttle.svg

# "MILLISECONDS OFFERED PASSED SHARE" five times a second; rates over the capacity.
sample() {
    local began now
    began=$(date +%s%3N)
    while ! ended "$HEAR"; do
        now=$(($(date +%s%3N) - began))
        stats_json | jq -r --argjson now $now '.stats.throttles[0] | [$now, .offered / .capacity, .passed / .capacity, .share] | join(" ")'
        sleep 0.15
    done >"$LAB_DIR/samples"
}

draw() {
    awk '
        function x(ms) { return left + ms / 1000 * width / seconds }
        function y(value, top, most) { return top + height - value / most * height }
        function line(values, top, most, color,    i) {
            printf "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", color
            for (i = 1; i <= NR; i++) printf "%.1f,%.1f ", x(at[i]), y(values[i] < most ? values[i] : most, top, most)
            print "\"/>"
        }
        function text(tx, ty, what, color) {
            printf "<text x=\"%.0f\" y=\"%.0f\" font-size=\"13\" font-family=\"sans-serif\" fill=\"%s\">%s</text>\n", tx, ty, color, what
        }
        function frame(top, most, step,    v) {
            for (v = 0; v <= most + 0.001; v += step) {
                printf "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#ddd\"/>\n", left, y(v, top, most), left + width, y(v, top, most)
                text(left - 34, y(v, top, most) + 4, v, "#333")
            }
        }
        { at[NR] = $1; offered[NR] = $2; passed[NR] = $3; share[NR] = $4 }
        END {
            left = 50; width = 700; height = 180; seconds = at[NR] / 1000
            print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 780 500\">"
            print "<rect width=\"780\" height=\"500\" fill=\"white\"/>"
            frame(30, 2, 0.5); frame(260, 1, 0.25)
            text(left, 20, "passed load over the capacity", "#06c")
            text(left + 220, 20, "offered load over ten times the capacity", "#999")
            for (i = 1; i <= NR; i++) tenth[i] = offered[i] / 10
            line(tenth, 30, 2, "#999"); line(passed, 30, 2, "#06c")
            text(left, 250, "share of the flows that is blocked", "#c30")
            line(share, 260, 1, "#c30")
            for (s = 0; s <= seconds; s += 5) text(x(s * 1000) - 4, 462, s, "#333")
            text(left + width / 2 - 30, 485, "seconds", "#333")
            print "</svg>"
        }' "$LAB_DIR/samples"
}

load() { # FLOWS SECONDS
    lab_spawn "$LAB_CLIENT" load "$QW_TOOLS/flows_send" "$C4:20000" "$S4:7000" "$1" $RATE $BYTES "$2"
    wait_for $(($2 + 20)) ended "$LAB_PID"
}

QW_TOOLS=${QW_TOOLS:-$(dirname "$QUICWARD")/tests/tools}
case_lab "throttles = ( { interface = \"wan0\"; direction = \"out\"; capacity = \"$CAPACITY\"; } );"
lab_spawn "$LAB_SERVER" hear "$QW_TOOLS/flows_hear" "$S4:7000" $FLOWS 150
HEAR=$LAB_PID
wait_for 3 listening "$LAB_SERVER" 7000 || exit 1
sample &
sampler=$!
load $FLOWS $LONG && load $((FLOWS / 4)) $SHORT && load $((FLOWS / 20)) $LONG || exit 1
wait $sampler
draw >"$picture"
stop_quicward
echo "$picture"
