/* What a survey (quicward/survey.h) says of interfaces for the fast path's sake. */
#include "fast_survey.h"
#include "fast_choice.h"
#include "link_features.h"
#include "router_links.h"
#include <stdlib.h>
#include <string.h>

static void fill(struct survey_interface *one)
{
    struct fast_facts facts;
    if (!fast_ask(one->name, &facts))
        return;
    one->takes_frames = facts.features ? facts.redirects : SURVEY_UNKNOWN;
    memcpy(one->qdisc, facts.qdisc, sizeof(one->qdisc));
    if (facts.tag == 0)
        return;
    memcpy(one->below, facts.carrier, sizeof(one->below));
    memcpy(one->below_kind, facts.carrier_kind, sizeof(one->below_kind));
    memcpy(one->below_qdisc, facts.carrier_qdisc, sizeof(one->below_qdisc));
    one->tags_hidden = facts.stripped;
}

static bool is_ours(const struct config_interfaces *side, const char *name)
{
    for (unsigned i = 0; i < side->count; i++)
        if (strcmp(side->names[i], name) == 0)
            return true;
    return false;
}

void fast_survey_fill(const struct config *config, struct survey *survey)
{
    for (unsigned i = 0; config->offload != CONFIG_OFFLOAD_OFF && i < survey->interface_count; i++) {
        struct survey_interface *one = &survey->interfaces[i];
        if (is_ours(&config->inside, one->name) || is_ours(&config->outside, one->name))
            fill(one);
    }
}

struct survey *fast_survey_make(const struct config *config)
{
    struct survey *survey = calloc(1, sizeof(*survey));
    if (!survey || !router_links_ask(survey)) {
        free(survey);
        return NULL;
    }
    link_features_ask(survey);
    fast_survey_fill(config, survey);
    return survey;
}
