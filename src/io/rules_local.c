/* Mode nat: what inside hosts send to each other's external endpoints is routed from an inside interface with
 * an address of the router as its source, which the kernel refuses unless told otherwise. The rules drop what
 * comes with such an address to begin with: they must stand while it is accepted. That a setting cannot be
 * written (no such interface, settings that may only be read) is no reason to be without rules. */
#include "rules.h"

static void print_call(const struct config *config, unsigned value, FILE *out)
{
    fprintf(out, "accept_local %u", value);
    for (unsigned i = 0; i < config->inside.count; i++)
        fprintf(out, " %s", config->inside.names[i]);
}

void rules_local_begin(const struct config *config, bool remove, FILE *out)
{
    fputs("# What inside hosts send to each other's external endpoints is routed with the router's own "
          "address\n"
          "# as source.\n"
          "accept_local() { # VALUE INTERFACE...\n"
          "    value=$1\n"
          "    shift\n"
          "    for interface; do\n"
          "        setting=/proc/sys/net/ipv4/conf/$interface/accept_local\n"
          "        { [ \"$(cat \"$setting\")\" = \"$value\" ] || echo \"$value\" >\"$setting\"; } "
          "2>/dev/null ||\n"
          "            echo \"$setting cannot be set to $value: inside hosts reach no external endpoints of "
          "each other\""
          " >&2\n"
          "    done\n"
          "}\n\n",
          out);
    if (remove)
        rules_local_end(config, out);
}

void rules_local_accept(const struct config *config, FILE *out)
{
    print_call(config, 1, out);
    fputs("\n", out);
}

void rules_local_end(const struct config *config, FILE *out)
{
    print_call(config, 0, out);
    fputs(" 2>/dev/null\n", out);
}
