# Draws what integration/plot_throttle.sh saw. A line is "MILLISECONDS OFFERED PASSED SHARE", loads over the capacity.

function x(ms) {
    return LEFT + ms / last * WIDTH
}

function y(value) {
    return top + HEIGHT - (value < most ? value : most) / most * HEIGHT
}

function say(at_x, at_y, anchor, color, what) {
    printf "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" fill=\"%s\">%s</text>\n", at_x, at_y, anchor, color, what
}

function rule(value, color, width) {
    printf "<path d=\"M%d %.1fh%d\" stroke=\"%s\" stroke-width=\"%s\"/>\n", LEFT, y(value), WIDTH, color, width
}

# A panel from 0 to MOST, with its lines every STEP.
function panel(number, what, color, highest, step,    value) {
    top = 40 + number * (HEIGHT + 45)
    most = highest
    say(LEFT, top - 10, "start", color, what)
    for (value = 0; value <= most + step / 2; value += step) {
        rule(value, "#ddd", 1)
        say(LEFT - 8, y(value) + 4, "end", "#333", value)
    }
}

function curve(values, color,    i) {
    printf "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" points=\"", color
    for (i = 1; i <= NR; i++)
        printf "%s%.1f,%.1f", (i > 1 ? " " : ""), x(at[i]), y(values[i])
    print "\"/>"
}

function seconds(    s) {
    for (s = 0; s <= last / 1000; s += 10)
        say(x(s * 1000), top + HEIGHT + 20, "middle", "#333", s)
    say(LEFT + WIDTH / 2, top + HEIGHT + 42, "middle", "#333", "seconds")
}

BEGIN {
    LEFT = 55
    WIDTH = 700
    HEIGHT = 130
}

{
    at[NR] = $1
    offered[NR] = $2
    passed[NR] = $3
    share[NR] = $4
}

END {
    last = at[NR]
    print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 780 590\" font-family=\"sans-serif\" font-size=\"13\">"
    print "<rect width=\"780\" height=\"590\" fill=\"white\"/>"
    panel(0, "offered load, in capacities", "#777", 10, 2.5)
    curve(offered, "#777")
    panel(1, "passed load, in capacities, up to 2", "#06c", 2, 0.5)
    rule(1, "#333", 1)
    curve(passed, "#06c")
    panel(2, "share of the flows that is blocked", "#c30", 1, 0.25)
    curve(share, "#c30")
    seconds()
    print "</svg>"
}
