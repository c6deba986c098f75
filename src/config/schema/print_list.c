#include "print_list.h"
#include <quicward/config.h>

void print_list(const void *list, unsigned count, print_element *write, FILE *out)
{
    fputs(count == 1 ? "" : "[", out);
    for (unsigned i = 0; i < count; i++) {
        fputs(i ? ", " : "", out);
        write(list, i, out);
    }
    fputs(count == 1 ? "" : "]", out);
}

void print_prefix(const void *list, unsigned number, FILE *out)
{
    char text[QW_PREFIX_TEXT_MAX];
    fprintf(out, "\"%s\"", qw_prefix_text((const struct qw_prefix *)list + number, text));
}

void print_address(const void *list, unsigned number, FILE *out)
{
    char text[QW_ADDR_TEXT_MAX];
    fprintf(out, "\"%s\"", qw_addr_text((const struct qw_addr *)list + number, QW_IPV4, text));
}

void print_range(const void *list, unsigned number, FILE *out)
{
    const struct qw_port_range *range = (const struct qw_port_range *)list + number;
    if (range->first == range->last)
        fprintf(out, "\"%u\"", range->first);
    else
        fprintf(out, "\"%u-%u\"", range->first, range->last);
}
