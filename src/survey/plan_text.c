/* The plan as a file for people. */
#include <ctype.h>
#include <quicward/survey.h>
#include <stdarg.h>
#include <string.h>

#define LINE_WIDTH 118

/* ---- comments ---- */

/* Names of interfaces and rules of others may hold any bytes; a comment has none that end it. */
static void put_plain(const char *text, size_t len, FILE *out)
{
    for (size_t i = 0; i < len; i++)
        fputc(isprint((unsigned char)text[i]) ? text[i] : '?', out);
}

/* `text` behind `first`, and behind `rest` on further lines, broken at blanks. */
static void put_wrapped(const char *first, const char *rest, const char *text, FILE *out)
{
    size_t at = strlen(first);
    fputs(first, out);
    for (bool begun = false; *text; begun = true) {
        size_t len = strcspn(text, " ");
        if (begun && at + 1 + len > LINE_WIDTH) {
            fprintf(out, "\n%s", rest);
            at = strlen(rest);
        } else if (begun) {
            fputc(' ', out);
            at++;
        }
        put_plain(text, len, out);
        at += len;
        text += len;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

__attribute__((format(printf, 2, 3))) static void advise(FILE *out, const char *format, ...)
{
    char text[2 * SURVEY_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    put_wrapped("#   - ", "#     ", text, out);
}

/* ---- what was found ---- */

static const char *role_text(enum survey_role role, enum config_mode mode)
{
    static const char *const TEXTS[] = {
        [SURVEY_INSIDE] = "inside",
        [SURVEY_OUTSIDE] = "outside",
        [SURVEY_SPARE_OUTSIDE] = "left out: another way out",
        [SURVEY_LOOPBACK] = "left out: the router itself",
        [SURVEY_DOWN] = "left out: it is down",
        [SURVEY_PORT] = "left out: part of a bridge or bond; name the bridge or bond instead",
        [SURVEY_CONTAINER] = "left out: containers or virtual machines",
        [SURVEY_TUNNEL] = "left out: a tunnel",
        [SURVEY_NO_ADDRESS] = "left out: it has no address",
        [SURVEY_ODD_NAME] = "left out: its name is not allowed in a configuration",
    };
    if (mode == CONFIG_NAT && role == SURVEY_CONTAINER)
        return "inside: containers or virtual machines";
    return mode == CONFIG_NAT && role == SURVEY_TUNNEL ? "inside: a tunnel" : TEXTS[role];
}

static void add_text(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void add_text(char *text, size_t size, const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
}

static void print_interface(const struct survey_interface *one, enum survey_role role,
                            const struct survey_plan *plan, FILE *out)
{
    char text[SURVEY_TEXT_MAX] = "", address[QW_ADDR_TEXT_MAX];
    add_text(text, sizeof(text), "%s:", one->name);
    if (one->kind[0])
        add_text(text, sizeof(text), " %s,", one->kind);
    for (unsigned i = 0; i < one->address_count; i++)
        if (one->addresses[i].global)
            add_text(text, sizeof(text), " %s/%u,",
                     qw_addr_text(&one->addresses[i].addr, one->addresses[i].family, address),
                     (unsigned)one->addresses[i].bits);
    add_text(text, sizeof(text), " MTU %u", (unsigned)one->mtu);
    if (one->default4.there || one->default6.there)
        add_text(text, sizeof(text), ", default route of %s",
                 !one->default6.there   ? "IPv4"
                 : !one->default4.there ? "IPv6"
                                        : "IPv4 and IPv6");
    if (!one->carrier && one->up && role <= SURVEY_SPARE_OUTSIDE)
        add_text(text, sizeof(text), ", no carrier");
    add_text(text, sizeof(text), ": %s",
             !plan->outside_found && role == SURVEY_INSIDE ? "not decided" : role_text(role, plan->mode));
    put_wrapped("#   ", "#     ", text, out);
}

static void print_queues(const struct survey_queues *queues, FILE *out)
{
    char text[96];
    for (unsigned i = 0; i < queues->count; i++) {
        snprintf(text, sizeof(text), "netfilter queue %u: in use by process %u (%s)",
                 (unsigned)queues->list[i].number, queues->list[i].pid, queues->list[i].process);
        put_wrapped("#   ", "#     ", text, out);
    }
    if (queues->count == 0)
        fputs("#   netfilter queues: none in use\n", out);
}

static const char *yes_no(bool yes)
{
    return yes ? "yes" : "no";
}

static void print_tools(const struct survey *survey, FILE *out)
{
    if (!survey->root)
        fputs("#   kernel rules: not looked at, which needs root\n", out);
    else
        fprintf(out, "#   kernel rules: nft with the queue statement: %s; iptables: %s\n",
                yes_no(survey->nft_queue), yes_no(survey->iptables));
}

static void print_found(const struct survey *survey, const struct survey_plan *plan, FILE *out)
{
    fputs("# Found:\n", out);
    for (unsigned i = 0; i < survey->interface_count; i++)
        if (plan->roles[i] != SURVEY_LOOPBACK)
            print_interface(&survey->interfaces[i], plan->roles[i], plan, out);
    if (survey->interfaces_left > 0)
        fprintf(out, "#   %u more interfaces, which were not looked at\n", survey->interfaces_left);
    print_tools(survey, out);
    print_queues(&survey->first.queues, out);
    if (plan->others.docker)
        fputs("#   rules of Docker\n", out);
    if (plan->others.firewalld)
        fputs("#   rules of firewalld\n", out);
    if (plan->others.ufw)
        fputs("#   rules of ufw\n", out);
    if (plan->others.flowtable)
        fputs("#   a flowtable\n", out);
    if (plan->others.translates) {
        char text[160];
        snprintf(text, sizeof(text), "NAT of the kernel: %s", plan->others.translator);
        put_wrapped("#   ", "#     ", text, out);
    }
}

/* ---- advice ---- */

static void advise_sides(const struct survey *survey, const struct survey_plan *plan, FILE *out)
{
    if (!plan->outside_found)
        advise(out,
               "No interface has a default route, so nobody knows which is outside: write the names of the "
               "interfaces in the place of \"%s\" and \"%s\". Until then nothing goes through quicward.",
               plan->inside.names[0], plan->outside.names[0]);
    else if (!plan->inside_found)
        advise(
            out,
            "No interface but %s has an address: set up the inside and run this again, or write its name in "
            "the place of \"%s\". Until then nothing goes through quicward.",
            plan->outside.names[0], plan->inside.names[0]);
    if (plan->guessed)
        advise(out,
               "There is no default route. %s was taken for the outside because of its address or its name: "
               "check this.",
               plan->outside.names[0]);
    for (unsigned i = 0; i < survey->interface_count; i++)
        if (plan->roles[i] == SURVEY_SPARE_OUTSIDE)
            advise(
                out,
                "%s has a default route, too. external = \"auto\" follows one interface, so UDP that leaves "
                "by %s passes untranslated and unseen. To serve both: outside = [\"%s\", \"%s\"] and "
                "nat.external = [\"ADDRESS\", \"ADDRESS\"].",
                survey->interfaces[i].name, survey->interfaces[i].name, plan->outside.names[0],
                survey->interfaces[i].name);
}

static const struct survey_interface *way_out(const struct survey *survey, const struct survey_plan *plan)
{
    return plan->outside_found ? survey_find(survey, plan->outside.names[0]) : NULL;
}

static void advise_addresses(const struct survey *survey, const struct survey_plan *plan, FILE *out)
{
    const struct survey_interface *outside = way_out(survey, plan);
    const struct survey_address *v4 = outside ? survey_address_of(outside, QW_IPV4) : NULL;
    if (outside && !v4 && plan->mode == CONFIG_NAT)
        advise(out,
               "%s has no IPv4 address, and mode nat translates IPv4 alone: until it gets one, IPv4 hosts "
               "inside reach nobody by UDP. A router of IPv6 alone needs \"quicward init --mode firewall\".",
               outside->name);
    if (v4 && !survey_is_private(&v4->addr) && plan->mode == CONFIG_FIREWALL && plan->others.translates)
        advise(
            out,
            "The kernel translates packets that leave by %s. In mode firewall the kernel goes on doing so, "
            "with its own ports and timers. In mode nat quicward translates UDP itself.",
            outside->name);
}

/* In mode nat the answers to whoever is not inside are dropped, so they were taken inside. */
static void advise_beside(const struct survey_plan *plan, const char *name, bool container, FILE *out)
{
    if (plan->mode == CONFIG_NAT && container)
        advise(out,
               "%s is inside, because in mode nat answers to UDP from all other interfaces are dropped. UDP "
               "ports that "
               "its own "
               "program publishes need nat.forwards.",
               name);
    else if (plan->mode == CONFIG_NAT)
        advise(out, "%s is inside, because in mode nat answers to UDP from all other interfaces are dropped.",
               name);
    else
        advise(out, "%s is left out: its UDP does not go through quicward. To change this, add it to inside.",
               name);
}

static void advise_containers(const struct survey *survey, const struct survey_plan *plan, FILE *out)
{
    for (unsigned i = 0; i < survey->interface_count && plan->inside_found; i++)
        if (plan->roles[i] == SURVEY_CONTAINER || plan->roles[i] == SURVEY_TUNNEL)
            advise_beside(plan, survey->interfaces[i].name, plan->roles[i] == SURVEY_CONTAINER, out);
}

static void advise_others(const struct survey_plan *plan, FILE *out)
{
    if (plan->others.docker)
        advise(out, "Docker sets the policy of FORWARD to DROP. To forward packets of hosts inside, "
                    "add rules to the chain DOCKER-USER that accept them: see docs/guide.md.");
    if (plan->others.firewalld)
        advise(out,
               "firewalld also decides about forwarded packets, after quicward. A packet passes only if both "
               "let it. See docs/guide.md.");
    if (plan->others.ufw)
        advise(out,
               "ufw drops forwarded packets unless DEFAULT_FORWARD_POLICY or \"ufw route allow\" accepts "
               "them. See docs/guide.md.");
    if (plan->mode == CONFIG_NAT && plan->others.translates)
        advise(out, "The kernel's NAT goes on translating all protocols other than UDP, so nat.masquerade is "
                    "false. Only quicward translates UDP of the hosts inside.");
}

static void advise_mtu(const struct survey *survey, const struct survey_plan *plan, FILE *out)
{
    const struct survey_interface *outside = way_out(survey, plan);
    if (outside && outside->mtu < 1280)
        advise(out, "%s has an MTU of %u. QUIC needs packets of 1280 bytes to begin, and so does IPv6.",
               outside->name, (unsigned)outside->mtu);
    else if (outside && outside->mtu < 1500)
        advise(out, "%s has an MTU of %u. Senders learn this from ICMP errors, so do not filter these.",
               outside->name, (unsigned)outside->mtu);
}

static void print_advice(const struct survey *survey, const struct survey_plan *plan, FILE *out)
{
    fputs("#\n# Advice:\n", out);
    advise_sides(survey, plan, out);
    advise_addresses(survey, plan, out);
    advise_others(plan, out);
    advise_containers(survey, plan, out);
    advise_mtu(survey, plan, out);
    for (unsigned i = 0; i < survey->advice.count; i++)
        advise(out, "%s", survey->advice.list[i]);
    if (survey->root && !survey->nft_queue && !survey->iptables)
        advise(out, "Neither nft nor iptables can be used: install one of them (nftables, iptables).");
    if (plan->mode != CONFIG_MONITOR)
        advise(out,
               "Begin with mode \"monitor\" if people use this router now: it drops nothing, and its "
               "counters say what mode \"%s\" would have dropped.",
               config_mode_text(plan->mode));
    advise(out,
           "Save this as /etc/quicward/quicward.conf, run \"quicward check\", start the daemon, and then run "
           "\"quicward doctor\".");
}

/* ---- keys ---- */

static void print_side(const char *key, const struct config_interfaces *side, bool found, FILE *out)
{
    fprintf(out, "%s = [", key);
    for (unsigned i = 0; i < side->count; i++)
        fprintf(out, "%s\"%s\"", i > 0 ? ", " : "", side->names[i]);
    fprintf(out, "];%s\n", found ? "" : " # CHANGE THIS: there is no such interface");
}

static void print_mode(const struct survey_plan *plan, FILE *out)
{
    static const char *const TEXTS[] = {
        [CONFIG_FIREWALL] =
            "UDP from outside passes only if it answers a flow that began inside, or a rule lets "
            "it in. Nothing is translated.",
        [CONFIG_MONITOR] = "Flows are followed and reported. Every packet passes.",
        [CONFIG_NAT] =
            "UDP from outside passes only if it answers a flow that began inside, or a forward lets it "
            "in. IPv4 hosts inside share the address of the outside interface; IPv6 is not translated.",
    };
    put_wrapped("# ", "# ", TEXTS[plan->mode], out);
    fprintf(out, "mode = \"%s\";\n\n", config_mode_text(plan->mode));
}

static void print_queue_group(const struct survey_plan *plan, FILE *out)
{
    fputs("# The netfilter queues, a thread each. No other program may use these numbers.\nqueue = {\n", out);
    fprintf(out, "    first = %u;\n    workers = %u;\n", (unsigned)plan->queue_first,
            (unsigned)plan->workers);
    if (plan->mode == CONFIG_FIREWALL)
        fputs("\n    # While no daemon runs nothing passes. \"pass\" lets everything pass then.\n"
              "    when_down = \"drop\";\n",
              out);
    fputs("};\n", out);
}

static void print_forwards(const struct survey_plan *plan, FILE *out)
{
    char to[QW_ADDR_TEXT_MAX];
    if (plan->forward_count == 0) {
        fputs("\n    # Port forwards: external ports that always lead to one host inside.\n"
              "    # forwards = ( { port = 443; to = \"ADDRESS:443\"; } );\n",
              out);
        return;
    }
    fputs(
        "\n    # The kernel's rules that hand UDP inside do nothing beside mode nat. These would take their "
        "place:\n    # forwards = (\n",
        out);
    for (unsigned i = 0; i < plan->forward_count; i++)
        fprintf(out, "    #     { port = %u; to = \"%s:%u\"; }%s\n", (unsigned)plan->forwards[i].port,
                qw_addr_text(&plan->forwards[i].to, QW_IPV4, to), (unsigned)plan->forwards[i].to_port,
                i + 1 < plan->forward_count ? "," : "");
    fputs("    # );\n", out);
}

static void print_nat(const struct survey_plan *plan, FILE *out)
{
    fputs("\nnat = {\n"
          "    # The address of the outside interface, also when it changes.\n"
          "    external = \"auto\";\n\n",
          out);
    put_wrapped("    # ", "    # ",
                plan->masquerade
                    ? "TCP, ICMP and the rest are translated by the kernel, by a rule that quicward "
                      "installs."
                    : "A rule of the kernel translates TCP, ICMP and the rest already.",
                out);
    fprintf(out, "    masquerade = %s;\n", plan->masquerade ? "true" : "false");
    print_forwards(plan, out);
    fputs("};\n", out);
}

static void print_policy(const struct survey_plan *plan, FILE *out)
{
    if (plan->mode == CONFIG_FIREWALL)
        fputs("\n# Flows that no rule matches. To let UDP in to a server: rules = ( { name = \"web\"; "
              "direction = "
              "\"in\";\n# to = \"ADDRESS\"; to_port = 443; action = \"accept\"; } );\n"
              "default_out = \"accept\";\ndefault_in = \"drop\";\n",
              out);
}

void survey_plan_print(const struct survey *survey, const struct survey_plan *plan, FILE *out)
{
    fprintf(
        out,
        "# A configuration for this router, written by \"quicward init --mode %s\". Nothing was changed.\n"
        "# All other keys have their defaults: see quicward.conf(5).\n#\n",
        config_mode_text(plan->mode));
    print_found(survey, plan, out);
    print_advice(survey, plan, out);
    fputc('\n', out);
    print_mode(plan, out);
    fputs("# The interfaces towards the hosts that are protected, and towards the internet.\n", out);
    print_side("inside", &plan->inside, plan->inside_found, out);
    print_side("outside", &plan->outside, plan->outside_found, out);
    fputc('\n', out);
    print_queue_group(plan, out);
    print_policy(plan, out);
    if (plan->mode == CONFIG_NAT)
        print_nat(plan, out);
}
