/* Interfaces in rules, by the wildcard of each tool, and in scripts. */
#include "kernel_rules.h"
#include <string.h>

struct rules_name rules_iptables_name(const char *named)
{
    struct rules_name name = {""};
    snprintf(name.text, sizeof(name.text), "%s", named);
    if (config_interface_is_pattern(named))
        name.text[strlen(name.text) - 1] = '+';
    return name;
}

void rules_nft_set(const char *keyword, const struct config_interfaces *named, FILE *out)
{
    fprintf(out, "%s { ", keyword);
    for (unsigned i = 0; i < named->count; i++)
        fprintf(out, "%s\"%s\"", i > 0 ? ", " : "", named->names[i]);
    fputs(" } ", out);
}

void rules_words_print(const struct config_interfaces *named, FILE *out)
{
    for (unsigned i = 0; i < named->count; i++)
        fprintf(out, config_interface_is_pattern(named->names[i]) ? " $(present '%s')" : " %s",
                named->names[i]);
}

static bool has_patterns(const struct config_interfaces *named)
{
    bool found = false;
    for (unsigned i = 0; i < named->count; i++)
        found |= config_interface_is_pattern(named->names[i]);
    return found;
}

bool rules_has_patterns(const struct config *config)
{
    return has_patterns(&config->inside) || has_patterns(&config->outside);
}

/* A name that is no word of a shell is left out: only what is done beside the rules is not done for it. */
void rules_present_print(const struct config *config, FILE *out)
{
    if (rules_has_patterns(config))
        fputs("# The interfaces of now that match: routing rules and settings know no patterns.\n"
              "present() { # PATTERN\n"
              "    for interface in /proc/sys/net/ipv4/conf/$1; do\n"
              "        interface=${interface##*/}\n"
              "        case $interface in all | default | *[!A-Za-z0-9._-]*) ;; *) echo \"$interface\" ;; "
              "esac\n"
              "    done\n"
              "}\n\n",
              out);
}
