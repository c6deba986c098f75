#include <ctype.h>
#include <quicward/survey.h>
#include <string.h>

#define QUEUE_FIRST 7400
#define QUEUE_STEP 100 /* to the next number that is tried */
#define QUEUE_TRIES 100
#define WORKERS_MAX 4 /* what one router with a link of a few gigabit needs */

/* ---- what an interface is for ---- */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* What a configuration takes (inside, outside). */
static bool has_plain_name(const char *name)
{
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr("._-", *name))
            return false;
    return true;
}

/* Docker calls its bridges "docker0" and "br-" with twelve digits of its own. */
static bool is_docker_bridge(const char *name)
{
    return begins(name, "docker") || (begins(name, "br-") && strspn(name + 3, "0123456789abcdef") == 12);
}

static bool is_container(const struct survey_interface *one)
{
    static const char *const BRIDGES[] = {"virbr",  "lxcbr", "lxdbr",   "incusbr",
                                          "podman", "cni",   "flannel", "cali"};
    if (is_docker_bridge(one->name))
        return true;
    for (unsigned i = 0; i < sizeof(BRIDGES) / sizeof(BRIDGES[0]); i++)
        if (begins(one->name, BRIDGES[i]))
            return true;
    return false;
}

static bool is_tunnel(const struct survey_interface *one)
{
    static const char *const KINDS[] = {"wireguard", "tun", "vti",    "vti6",  "xfrm",   "gre",
                                        "ipip",      "sit", "ip6tnl", "vxlan", "geneve", "ipvlan"};
    for (unsigned i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++)
        if (strcmp(one->kind, KINDS[i]) == 0)
            return true;
    return false;
}

/* A port of a bridge or bond has no traffic of its own. That of a vrf has. */
static bool is_port(const struct survey *survey, const struct survey_interface *one)
{
    const struct survey_interface *master = survey_find_index(survey, one->master);
    return one->master != 0 && (!master || strcmp(master->kind, "vrf") != 0);
}

static bool has_default(const struct survey_interface *one)
{
    return one->default4.there || one->default6.there;
}

static bool has_address(const struct survey_interface *one)
{
    return survey_address_of(one, QW_IPV4) || survey_address_of(one, QW_IPV6);
}

/* SURVEY_INSIDE for whoever may be on either side. A default route by a tunnel or a container makes it a way
 * out like others. */
static enum survey_role role_of(const struct survey *survey, const struct survey_interface *one)
{
    if (one->loopback)
        return SURVEY_LOOPBACK;
    if (!has_plain_name(one->name))
        return SURVEY_ODD_NAME;
    if (is_port(survey, one))
        return SURVEY_PORT;
    if (has_default(one))
        return SURVEY_INSIDE;
    if (!one->up)
        return SURVEY_DOWN;
    if (!has_address(one))
        return SURVEY_NO_ADDRESS;
    if (is_container(one))
        return SURVEY_CONTAINER;
    return is_tunnel(one) ? SURVEY_TUNNEL : SURVEY_INSIDE;
}

/* ---- which is outside ---- */

/* Smaller is better: of IPv4 first, for mode nat is about that. */
static uint64_t rank(const struct survey_interface *one)
{
    if (one->default4.there)
        return one->default4.metric;
    return one->default6.there ? (UINT64_C(1) << 32) + one->default6.metric : UINT64_MAX;
}

#define NONE SURVEY_INTERFACES_MAX

static unsigned best_route(const struct survey *survey, const struct survey_plan *plan)
{
    unsigned best = NONE;
    for (unsigned i = 0; i < survey->interface_count; i++)
        if (plan->roles[i] == SURVEY_INSIDE && has_default(&survey->interfaces[i]) &&
            (best == NONE || rank(&survey->interfaces[i]) < rank(&survey->interfaces[best])))
            best = i;
    return best;
}

static bool has_public(const struct survey_interface *one)
{
    const struct survey_address *v4 = survey_address_of(one, QW_IPV4);
    return v4 && !survey_is_private(&v4->addr);
}

static bool is_called_outside(const struct survey_interface *one)
{
    return begins(one->name, "wan") || begins(one->name, "ppp") || begins(one->name, "wwan") ||
           begins(one->name, "pppoe") || begins(one->name, "internet");
}

/* The only one that `is_so` holds for; NONE when there are none or several. */
static unsigned only(const struct survey *survey, const struct survey_plan *plan,
                     bool (*is_so)(const struct survey_interface *one))
{
    unsigned found = NONE;
    for (unsigned i = 0; i < survey->interface_count; i++) {
        if (plan->roles[i] != SURVEY_INSIDE || !is_so(&survey->interfaces[i]))
            continue;
        if (found != NONE)
            return NONE;
        found = i;
    }
    return found;
}

static void add(struct config_interfaces *side, const char *name)
{
    if (side->count < CONFIG_INTERFACES_MAX)
        snprintf(side->names[side->count++], CONFIG_INTERFACE_NAME_MAX, "%s", name);
}

static void choose_outside(const struct survey *survey, struct survey_plan *out)
{
    unsigned best = best_route(survey, out);
    if (best == NONE) {
        best = only(survey, out, has_public);
        if (best == NONE)
            best = only(survey, out, is_called_outside);
        out->guessed = best != NONE;
    }
    if (best == NONE)
        return;
    out->outside_found = true;
    out->roles[best] = SURVEY_OUTSIDE;
    add(&out->outside, survey->interfaces[best].name);
    for (unsigned i = 0; i < survey->interface_count; i++) {
        if (out->roles[i] != SURVEY_INSIDE || !has_default(&survey->interfaces[i]))
            continue;
        out->roles[i] = out->mode == CONFIG_NAT ? SURVEY_SPARE_OUTSIDE : SURVEY_OUTSIDE;
        if (out->mode != CONFIG_NAT)
            add(&out->outside, survey->interfaces[i].name);
    }
}

static void add_inside(const struct survey *survey, enum survey_role role, struct survey_plan *out)
{
    for (unsigned i = 0; i < survey->interface_count; i++)
        if (out->roles[i] == role)
            add(&out->inside, survey->interfaces[i].name);
}

/* Without a way out nobody is inside. In mode nat everybody is who wants answers from outside: those of
 * others are dropped. */
static void choose_inside(const struct survey *survey, struct survey_plan *out)
{
    if (!out->outside_found)
        return;
    add_inside(survey, SURVEY_INSIDE, out);
    out->inside_found = out->inside.count > 0;
    if (out->mode != CONFIG_NAT || !out->inside_found)
        return;
    add_inside(survey, SURVEY_CONTAINER, out);
    add_inside(survey, SURVEY_TUNNEL, out);
}

/* A name that no interface has, so that nothing is taken for a side by accident. */
static void invent(const struct survey *survey, struct config_interfaces *side, const char *base)
{
    char name[CONFIG_INTERFACE_NAME_MAX];
    snprintf(name, sizeof(name), "%s", base);
    for (unsigned i = 0; survey_find(survey, name); i++)
        snprintf(name, sizeof(name), "%s%u", base, i);
    add(side, name);
}

/* ---- queues ---- */

/* The numbers behind a word of a rule: "7400", "7400:7403" or "7400-7403". */
static bool names_queue(const char *numbers, unsigned first, unsigned last)
{
    unsigned from = 0, to = 0;
    char between = 0;
    int read = sscanf(numbers, "%u%c%u", &from, &between, &to);
    if (read < 1)
        return false;
    if (read < 3 || (between != ':' && between != '-'))
        to = from;
    return from <= last && to >= first;
}

static bool rules_name_queue(const char *rules, unsigned first, unsigned last)
{
    static const char *const WORDS[] = {"--queue-num ", "--queue-balance ",       "queue num ",
                                        "queue to ",    "queue flags bypass to ", "queue flags fanout to "};
    for (unsigned i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
        for (const char *at = rules; at && (at = strstr(at, WORDS[i]));) {
            at += strlen(WORDS[i]);
            if (names_queue(at, first, last))
                return true;
        }
    return false;
}

/* Queues of an earlier run of quicward are no others. */
static bool is_taken(const struct survey *survey, unsigned first, unsigned last)
{
    for (unsigned i = 0; i < survey->first.queues.count; i++) {
        const struct survey_queue *queue = &survey->first.queues.list[i];
        bool ours = begins(queue->process, "quicward") || begins(queue->process, "qw-");
        if (queue->number >= first && queue->number <= last && !ours)
            return true;
    }
    return false;
}

/* Rules of quicward itself name its queues. */
static bool others_name_queue(const struct survey *survey, unsigned first, unsigned last)
{
    const char *rest = survey->rules;
    while (rest && *rest) {
        char line[512];
        size_t len = strcspn(rest, "\n");
        snprintf(line, sizeof(line), "%.*s", (int)len, rest);
        rest += len + (rest[len] == '\n');
        if (!strstr(line, "quicward") && rules_name_queue(line, first, last))
            return true;
    }
    return false;
}

/* nft shows rules of ours without our name in each line, so a table of ours hides its numbers. */
static void choose_queues(const struct survey *survey, struct survey_plan *out)
{
    out->workers = (uint16_t)(survey->processors < 1             ? 1
                              : survey->processors > WORKERS_MAX ? WORKERS_MAX
                                                                 : survey->processors);
    out->queue_first = QUEUE_FIRST;
    bool ours = survey->rules && strstr(survey->rules, "quicward");
    for (unsigned i = 0; i < QUEUE_TRIES; i++) {
        unsigned first = QUEUE_FIRST + i * QUEUE_STEP, last = first + out->workers - 1u;
        if (is_taken(survey, first, last) || (!ours && others_name_queue(survey, first, last)))
            continue;
        out->queue_first = (uint16_t)first;
        return;
    }
}

/* ---- all of it ---- */

void survey_plan_make(const struct survey *survey, enum config_mode mode, struct survey_plan *out)
{
    *out = (struct survey_plan){.mode = mode};
    for (unsigned i = 0; i < survey->interface_count; i++)
        out->roles[i] = role_of(survey, &survey->interfaces[i]);
    choose_outside(survey, out);
    choose_inside(survey, out);
    if (!out->outside_found)
        invent(survey, &out->outside, "OUTSIDE");
    if (!out->inside_found)
        invent(survey, &out->inside, "INSIDE");
    choose_queues(survey, out);
    survey_read_others(survey->rules, out->outside_found ? out->outside.names[0] : NULL, &out->others);
    out->masquerade = mode == CONFIG_NAT && !out->others.translates;
    out->forward_count = survey_read_forwards(survey->rules, out->forwards);
}

void survey_plan_config(const struct survey_plan *plan, struct config *out)
{
    config_defaults(out);
    out->mode = plan->mode;
    out->inside = plan->inside;
    out->outside = plan->outside;
    out->queue_first = plan->queue_first;
    out->workers = plan->workers;
    if (plan->mode != CONFIG_NAT)
        return;
    out->external_auto = true;
    out->external_count = 1;
    out->nat_masquerade = plan->masquerade;
}
