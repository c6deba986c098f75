/* throttle_figure INTERFACE CAPACITY: draws (SVG, to standard output) what was seen of a running throttle,
 * outwards, as `quicward replay --throttle-report` draws. A line of standard input is "MILLISECONDS OFFERED
 * PASSED SHARE SHARE_CONFIRMED SHARE_SMALL BLOCKED SPARED_CONFIRMED SPARED_SMALL", as quicward stats --json
 * has them. */
#include "figure.h"
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    static struct figure figure;
    struct throttle_view view = {.limit = {.direction = THROTTLE_OUT}};
    double ms, offered, passed, blocked, confirmed, small;
    if (argc != 3 || strlen(argv[1]) >= sizeof(view.limit.interface)) {
        fprintf(stderr, "usage: throttle_figure INTERFACE CAPACITY\n");
        return 2;
    }
    memcpy(view.limit.interface, argv[1], strlen(argv[1]));
    view.limit.capacity = strtoull(argv[2], NULL, 10);
    while (scanf("%lf %lf %lf %lf %lf %lf %lf %lf %lf", &ms, &offered, &passed, &view.share,
                 &view.share_confirmed, &view.share_small, &blocked, &confirmed, &small) == 9) {
        view.offered = (uint64_t)offered;
        view.passed = (uint64_t)passed;
        view.flows_blocked = (uint32_t)blocked;
        view.spared_confirmed = (uint32_t)confirmed;
        view.spared_small = (uint32_t)small;
        figure_add(&figure, ms / 1000, &view);
    }
    figure_write(&figure, 1, stdout);
    return ferror(stdout) != 0;
}
