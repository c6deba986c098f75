/* Finding what is ours, whichever tool, mode and queue it was made with: by the name of the instance, which
 * is part of every name in the kernel. Rules of releases that had the queue's number in its place belong to
 * the instance that is not named. */
#include "kernel_rules.h"
#include "rules_fragments.h"
#include <string.h>

static bool is_default(const struct config *config)
{
    return strcmp(rules_instance(config), CONFIG_INSTANCE_DEFAULT) == 0;
}

/* What stands there is asked, so that nothing stays of rules that another configuration has made. The two
 * lists that sed makes are one transaction a table: chains are emptied, and go last. */
static void print_remove(const char *n, const char *names, FILE *out)
{
    fprintf(out,
            "# Takes away our chains and what leads there, but for those whose ends are KEPT.\n"
            "remove() { # TOOL KEPT\n"
            "    saved=$(\"$1-save\") || { echo \"$1-save failed\" >&2; return 1; }\n"
            "    list=$(printf '%%s\\n' \"$saved\" | grep -Ev -- \"[: ]quicward-%s($2)( |\\$)\" | sed -nE '\n"
            "        /^\\*/p\n"
            "        /^:quicward-(%s)[- ]/{ p; s/^:([^ ]*).*/-X \\1/; H; }\n"
            "        /^-A quicward-(%s)[- ]/d\n"
            "        s/^-A (.* -j quicward-(%s)(-[a-z]*)?)$/-D \\1/p\n"
            "        /^COMMIT/{ x; s/^\\n//; p; s/.*//; x; p; }')\n"
            "    case $list in *quicward-*) printf '%%s\\n' \"$list\" | \"$1-restore\" -w --noflush ;; esac\n"
            "}\n\n",
            n, names, names, names);
}

static void print_tables(const char *n, const char *names, FILE *out)
{
    fprintf(out,
            "# Takes away our tables of nft, but for those whose ends are KEPT.\n"
            "remove_tables() { # KEPT\n"
            "    tables=$(nft list tables inet 2>/dev/null) || return 0\n"
            "    list=$(printf '%%s\\n' \"$tables\" | grep -vxE \"table inet quicward_%s($1)\" |\n"
            "        sed -nE 's/^table inet quicward_(%s)(" FRAGMENT_TABLE_END ")?$/delete &/p')\n"
            "    case $list in *quicward_*) printf '%%s\\n' \"$list\" | nft -f - ;; esac\n"
            "}\n\n",
            n, names);
}

void rules_remove_functions(const struct config *config, FILE *out)
{
    char names[CONFIG_INSTANCE_MAX + sizeof("|[0-9]+")];
    const char *n = rules_instance(config);
    snprintf(names, sizeof(names), "%s%s", n, is_default(config) ? "|[0-9]+" : "");
    print_remove(n, names, out);
    print_tables(n, names, out);
    rules_guard_remove(config, out);
    fputs("# Takes away all that these have, if they are there.\n"
          "remove_all() { # TOOL...\n"
          "    for tool; do\n"
          "        if command -v \"$tool-save\" >/dev/null; then remove \"$tool\" -; fi\n"
          "    done\n"
          "}\n\n"
          "# The same of the kinds that a tool is not: \"iptables\" is either iptables-nft or "
          "iptables-legacy.\n"
          "remove_other_kind() { # TOOL...\n"
          "    for own; do\n"
          "        case $(\"$own\" -V 2>/dev/null) in\n"
          "        *legacy*) remove_all \"$own-nft\" ;;\n"
          "        *nf_tables*) remove_all \"$own-legacy\" ;;\n"
          "        esac\n"
          "    done\n"
          "}\n\n",
          out);
}

void rules_remove_print(FILE *out)
{
    fputs("unguard -4 -6\n"
          "remove_all iptables ip6tables\n"
          "remove_other_kind iptables ip6tables\n"
          "remove_tables -\n",
          out);
}
