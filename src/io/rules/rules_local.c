/* Mode nat: what inside hosts send to each other's external endpoints is routed from an inside interface with
 * an address of the router as its source, which the kernel refuses unless told otherwise. The rules drop what
 * comes with such an address to begin with: they must stand while it is accepted. That a setting cannot be
 * written (settings that may only be read) is no reason to be without rules. An interface that is not there
 * gets its setting when it comes. */
#include "kernel_rules.h"

static void print_call(const struct config *config, const char *values, FILE *out)
{
    fprintf(out, "accept_local %s", values);
    rules_words_print(&config->inside, out);
}

/* The kernel takes any value but 0 for yes. 2 says that it was 0 before us: so it is put back as it was,
 * without a note of it anywhere else. */
static void print_function(FILE *out)
{
    fputs("# What inside hosts send to each other's external endpoints is routed with the router's own "
          "address\n"
          "# as source. 2 is as good as 1, and says that it was 0 before.\n"
          "accept_local() { # FROM TO INTERFACE...\n"
          "    from=$1 to=$2\n"
          "    shift 2\n"
          "    for interface; do\n"
          "        [ -e \"/proc/sys/net/ipv4/conf/$interface\" ] || continue\n"
          "        setting=/proc/sys/net/ipv4/conf/$interface/accept_local\n"
          "        [ \"$(cat \"$setting\" 2>/dev/null)\" = \"$from\" ] || continue\n"
          "        { echo \"$to\" >\"$setting\"; } 2>/dev/null ||\n"
          "            echo \"$setting cannot be set to $to: inside hosts cannot reach each other's external "
          "endpoints\""
          " >&2\n"
          "    done\n"
          "}\n\n",
          out);
}

void rules_local_begin(const struct config *config, bool remove, FILE *out)
{
    print_function(out);
    if (remove || config->mode != CONFIG_NAT)
        rules_local_end(config, out);
}

void rules_local_accept(const struct config *config, FILE *out)
{
    print_call(config, "0 2", out);
    fputs("\n", out);
}

void rules_local_end(const struct config *config, FILE *out)
{
    print_call(config, "2 0", out);
    fputs(" 2>/dev/null\n", out);
}

void rules_refresh_print(const struct config *config, FILE *out)
{
    const char *n = rules_instance(config);
    fprintf(out,
            "stands=$(iptables-save -t raw 2>/dev/null | grep '^:" RULES_CHAIN "-stay ') || :\n"
            "[ -n \"$stands\" ] || nft list table inet quicward_%s >/dev/null 2>&1 || exit 0\n",
            n, n);
    rules_present_print(config, out);
    print_function(out);
    rules_local_accept(config, out);
    fputs("[ -n \"$stands\" ] || exit 0\n", out);
    rules_iptables_stay_print(config, out);
}
