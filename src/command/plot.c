#include "plot.h"

#define WIDTH 520
#define HEIGHT 200
#define LEFT 60
#define RIGHT 10
#define TOP 12
#define BOTTOM 28

struct scale {
    double from, seconds; /* what the width shows, */
    double ms;            /* and the height, from 0 on */
};

static double x(const struct scale *scale, double seconds)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * (seconds - scale->from) / scale->seconds;
}

static double y(const struct scale *scale, uint32_t us)
{
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (us / 1000.0) / scale->ms;
}

static uint32_t highest(const struct series_point *point)
{
    uint32_t half = point->client_us > point->server_us ? point->client_us : point->server_us;
    return half > point->spin_us ? half : point->spin_us;
}

static struct scale scale_of(const struct series *series, uint32_t handshake_us)
{
    uint32_t most = handshake_us > 1 ? handshake_us : 1;
    for (unsigned i = 0; i < series->count; i++)
        most = highest(&series->points[i]) > most ? highest(&series->points[i]) : most;
    struct scale scale = {.ms = most * 1.15 / 1000};
    if (series->count > 0) {
        scale.from = series->points[0].seconds;
        scale.seconds = series->points[series->count - 1].seconds - scale.from;
    }
    if (scale.seconds <= 0)
        scale.seconds = 1;
    return scale;
}

static void put_axes(const struct scale *scale, FILE *out)
{
    fprintf(out, "<path d=\"M%d %dV%dH%d\" fill=\"none\" stroke=\"#888\"/>", LEFT, TOP, HEIGHT - BOTTOM,
            WIDTH - RIGHT);
    for (int i = 0; i <= 4; i++) {
        uint32_t us = (uint32_t)(scale->ms * 250 * i);
        double seconds = scale->from + scale->seconds * i / 4;
        fprintf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.3g ms</text>", LEFT - 5,
                y(scale, us) + 4, us / 1000.0);
        fprintf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.4g s</text>", x(scale, seconds),
                HEIGHT - 8, seconds);
    }
}

enum curve { CLIENT, SERVER, SUM };

static uint32_t value(const struct series_point *point, enum curve curve)
{
    if (curve == SUM)
        return point->spin_us;
    return curve == CLIENT ? point->client_us : point->server_us;
}

static void put_line(const struct scale *scale, const struct series *series, enum curve curve, FILE *out)
{
    static const char *const COLOURS[] = {[CLIENT] = "#2a2", [SERVER] = "#c6c", [SUM] = "#05a"};
    fputs("<polyline fill=\"none\" points=\"", out);
    for (unsigned i = 0; i < series->count; i++) {
        const struct series_point *point = &series->points[i];
        if (value(point, curve))
            fprintf(out, "%.1f,%.1f ", x(scale, point->seconds), y(scale, value(point, curve)));
    }
    fprintf(out, "\" stroke=\"%s\" stroke-width=\"1.5\"/>", COLOURS[curve]);
}

static void put_points(const struct scale *scale, const struct series *series, FILE *out)
{
    for (unsigned i = 0; i < series->count; i++) {
        const struct series_point *point = &series->points[i];
        bool sure = point->confidence >= MEASURE_MEDIUM;
        if (!point->spin_us)
            continue;
        fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2\" stroke=\"#05a\" fill=\"%s\"/>",
                x(scale, point->seconds), y(scale, point->spin_us), sure ? "#05a" : "#fff");
    }
}

void plot_write(const struct series *series, uint32_t handshake_us, FILE *out)
{
    struct scale scale = scale_of(series, handshake_us);
    fprintf(out, "<svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" font-size=\"11\">",
            WIDTH, HEIGHT, WIDTH, HEIGHT);
    fprintf(out, "<title>Round trip time over %.1f s</title>", scale.seconds);
    put_axes(&scale, out);
    if (handshake_us > 0)
        fprintf(out, "<path d=\"M%d %.1fH%d\" stroke=\"#c60\" stroke-dasharray=\"5 4\"/>", LEFT,
                y(&scale, handshake_us), WIDTH - RIGHT);
    for (enum curve curve = CLIENT; curve <= SUM; curve++)
        put_line(&scale, series, curve, out);
    put_points(&scale, series, out);
    fputs("</svg>", out);
}
