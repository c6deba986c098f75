#include "setup_host.h"
#include "router_links.h"
#include "wan_link.h"
#include <stdlib.h>

static void look(const struct config *config, struct survey *survey, struct survey_findings *found)
{
    if (!router_links_ask(survey))
        return;
    setup_host_external(config, survey);
    survey_judge_host(config, survey, found);
}

void setup_host_external(const struct config *config, struct survey *survey)
{
    struct wan_link link;
    if (config->mode != CONFIG_NAT || !config->external_auto)
        return;
    survey->external_asked = wan_link_ask(config->outside.names[0], &link);
    survey->external = link.address;
}

void setup_host_look(const struct config *config, struct findings *out)
{
    struct survey *survey = calloc(1, sizeof(*survey));
    struct survey_findings *found = calloc(1, sizeof(*found));
    if (survey && found)
        look(config, survey, found);
    for (unsigned i = 0; found && i < found->count; i++)
        findings_add(out, "%s: %s", found->list[i].what, found->list[i].remedy);
    free(found);
    free(survey);
}
