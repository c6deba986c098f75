#include "figure.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

#define LEFT 75
#define WIDTH 700
#define PANEL 110
#define GAP 45
#define PANELS 4
#define TOP 60
#define HEIGHT (TOP + PANELS * (PANEL + GAP) + 30)

/* ---- points ---- */

/* All members are doubles. */
#define MEMBERS (sizeof(struct figure_point) / sizeof(double))

static void mix(struct figure_point *into, const struct figure_point *more, double part)
{
    double a[MEMBERS], b[MEMBERS];
    memcpy(a, into, sizeof a);
    memcpy(b, more, sizeof b);
    for (size_t i = 0; i < MEMBERS; i++)
        a[i] += (b[i] - a[i]) * part;
    memcpy(into, a, sizeof a);
}

static void merge_pairs(struct figure *figure)
{
    for (unsigned i = 0; i < FIGURE_POINTS / 2; i++) {
        figure->points[i] = figure->points[2 * i];
        mix(&figure->points[i], &figure->points[2 * i + 1], 0.5);
    }
    figure->count = FIGURE_POINTS / 2;
    figure->merged *= 2;
}

void figure_add(struct figure *figure, double seconds, const struct throttle_view *view)
{
    const struct figure_point point = {seconds,
                                       (double)view->offered,
                                       (double)view->passed,
                                       view->share,
                                       view->share_confirmed,
                                       view->share_small,
                                       view->flows_blocked,
                                       view->spared_confirmed,
                                       view->spared_small};
    figure->limit = view->limit;
    if (figure->merged == 0)
        figure->merged = 1;
    if (figure->pending > 0 && figure->pending < figure->merged) {
        mix(&figure->points[figure->count - 1], &point, 1.0 / ++figure->pending);
        return;
    }
    if (figure->count == FIGURE_POINTS)
        merge_pairs(figure);
    figure->points[figure->count++] = point;
    figure->pending = 1;
}

/* ---- drawing ---- */

struct panel {
    FILE *out;
    const struct figure *figure;
    double top, most, last; /* `last` second */
};

static double x_of(const struct panel *panel, double seconds)
{
    return LEFT + seconds / panel->last * WIDTH;
}

static double y_of(const struct panel *panel, double value)
{
    return panel->top + PANEL - fmin(value, panel->most) / panel->most * PANEL;
}

/* 1, 2 or 5 times a power of ten, so that there are at most five of them in `most`. */
static double step_for(double most)
{
    double power = pow(10, floor(log10(most / 5)));
    double times = most / 5 / power;
    return power * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
}

static void number(double value, FILE *out)
{
    static const char *const UNITS[] = {"", "k", "M", "G", "T"};
    unsigned unit = 0;
    for (; value >= 1000 && unit < 4; unit++)
        value /= 1000;
    fprintf(out, "%g%s", value, UNITS[unit]);
}

static void rule(const struct panel *panel, double value, const char *color)
{
    fprintf(panel->out, "<path d=\"M%d %.1fh%d\" stroke=\"%s\"/>\n", LEFT, y_of(panel, value), WIDTH, color);
}

static void curve(const struct panel *panel, size_t member, const char *color)
{
    fprintf(panel->out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" points=\"", color);
    for (unsigned i = 0; i < panel->figure->count; i++) {
        const struct figure_point *point = &panel->figure->points[i];
        double value;
        memcpy(&value, (const char *)point + member, sizeof value);
        fprintf(panel->out, "%s%.1f,%.1f", i ? " " : "", x_of(panel, point->seconds), y_of(panel, value));
    }
    fputs("\"/>\n", panel->out);
}

static double largest(const struct figure *figure, size_t member, double least)
{
    for (unsigned i = 0; i < figure->count; i++) {
        double value;
        memcpy(&value, (const char *)&figure->points[i] + member, sizeof value);
        least = fmax(least, value);
    }
    return least;
}

/* What a curve is named, in its color; one after the other. */
struct curve {
    const char *what, *color;
    size_t member;
};

static void draw(struct panel *panel, unsigned number_of, double most, const struct curve *curves,
                 unsigned count)
{
    double step = step_for(most);
    panel->top = panel->top + (number_of ? PANEL + GAP : 0);
    panel->most = ceil(most / step) * step;
    for (int line = 0; line * step <= panel->most + step / 2; line++) {
        double value = line * step;
        rule(panel, value, "#ddd");
        fprintf(panel->out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 8,
                y_of(panel, value) + 4);
        number(value, panel->out);
        fputs("</text>\n", panel->out);
    }
    for (unsigned i = 0; i < count; i++) {
        curve(panel, curves[i].member, curves[i].color);
        fprintf(panel->out, "<text x=\"%d\" y=\"%.1f\" fill=\"%s\">%s</text>\n", LEFT + (int)i * 230,
                panel->top - 8, curves[i].color, curves[i].what);
    }
}

static void seconds(const struct panel *panel)
{
    double step = step_for(panel->last);
    for (int mark = 0; mark * step <= panel->last; mark++)
        fprintf(panel->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%g</text>\n",
                x_of(panel, mark * step), panel->top + PANEL + 18, mark * step);
    fprintf(panel->out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"middle\">seconds</text>\n", LEFT + WIDTH / 2,
            panel->top + PANEL + 36);
}

#define MEMBER(name) offsetof(struct figure_point, name)

static void draw_loads(struct panel *panel)
{
    static const struct curve OFFERED = {"offered, bits a second", "#777", MEMBER(offered)},
                              PASSED = {"passed, bits a second (black: the capacity)", "#06c",
                                        MEMBER(passed)};
    double capacity = (double)panel->figure->limit.capacity;
    draw(panel, 0, largest(panel->figure, MEMBER(offered), 1000), &OFFERED, 1);
    draw(panel, 1, largest(panel->figure, MEMBER(passed), 1000), &PASSED, 1);
    if (capacity <= panel->most)
        rule(panel, capacity, "#000");
}

static void draw_flows(struct panel *panel)
{
    static const struct curve SHARES[] = {{"share that is blocked: of flows", "#c30", MEMBER(share)},
                                          {"of confirmed ones", "#909", MEMBER(share_confirmed)},
                                          {"of small ones", "#093", MEMBER(share_small)}},
                              FLOWS[] = {{"flows: blocked", "#c30", MEMBER(blocked)},
                                         {"spared: confirmed", "#909", MEMBER(spared_confirmed)},
                                         {"spared: small", "#093", MEMBER(spared_small)}};
    double most = 5;
    for (unsigned i = 0; i < 3; i++)
        most = largest(panel->figure, FLOWS[i].member, most);
    draw(panel, 2, 1, SHARES, 3);
    draw(panel, 3, most, FLOWS, 3);
}

/* An interface may be called almost anything. */
static void name(const char *interface, FILE *out)
{
    for (; *interface; interface++)
        fputc(strchr("<>&\"", *interface) || (unsigned char)*interface < ' ' ? '?' : *interface, out);
}

static void draw_figure(const struct figure *figure, double top, FILE *out)
{
    struct panel panel = {.out = out, .figure = figure, .top = top + TOP, .last = 1};
    if (figure->count > 0)
        panel.last = fmax(figure->points[figure->count - 1].seconds, 1);
    fprintf(out, "<text x=\"%d\" y=\"%.1f\" font-weight=\"bold\">", LEFT, top + 24);
    name(figure->limit.interface, out);
    fprintf(out, " %s, capacity ", figure->limit.direction == THROTTLE_OUT ? "out" : "in");
    number((double)figure->limit.capacity, out);
    fputs("bit/s</text>\n", out);
    draw_loads(&panel);
    draw_flows(&panel);
    seconds(&panel);
}

void figure_write(const struct figure *figures, unsigned count, FILE *out)
{
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 %u\" font-family=\"sans-serif\" "
            "font-size=\"13\">\n<rect width=\"800\" height=\"%u\" fill=\"white\"/>\n",
            count * HEIGHT, count * HEIGHT);
    for (unsigned i = 0; i < count; i++)
        draw_figure(&figures[i], i * HEIGHT, out);
    fputs("</svg>\n", out);
}
