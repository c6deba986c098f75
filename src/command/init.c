/* A configuration that fits the router. Nothing is changed. */
#include "options.h"
#include <quicward/io.h>
#include <quicward/survey.h>
#include <stdlib.h>

/* What kernel and rules of others need, in the words that the daemon has for it, is advice here. */
static void add_settings(const struct config *config, struct survey *survey)
{
    struct survey_findings *found = calloc(1, sizeof(*found));
    if (found)
        survey_judge_host(config, survey, found);
    for (unsigned i = 0; found && i < found->count && survey->advice.count < SURVEY_TEXTS_MAX; i++)
        snprintf(survey->advice.list[survey->advice.count++], SURVEY_TEXT_MAX, "%.300s: %.300s",
                 found->list[i].what, found->list[i].remedy);
    free(found);
}

static enum command_status print(struct survey *survey, enum config_mode mode)
{
    struct config config;
    struct survey_plan *plan = calloc(1, sizeof(*plan));
    if (!plan) {
        fprintf(stderr, "quicward: %s\n", qw_error_text(QW_ERR_NO_MEMORY));
        return COMMAND_FAILED;
    }
    survey_plan_make(survey, mode, plan);
    survey_plan_config(plan, &config);
    io_survey_of(&config, false, survey);
    add_settings(&config, survey);
    survey_plan_print(survey, plan, stdout);
    enum command_status status = command_finish_output();
    if (!plan->outside_found || !plan->inside_found) {
        fprintf(stderr, "quicward: cannot tell which interface is %s: write its name in place of \"%s\"\n",
                plan->outside_found ? "inside" : "outside",
                plan->outside_found ? plan->inside.names[0] : plan->outside.names[0]);
        status = COMMAND_FAILED;
    }
    free(plan);
    return status;
}

enum command_status command_init(const struct command *self, int argc, char **argv)
{
    struct options options;
    struct survey *survey;
    struct io_error error;
    enum options_result result = options_read(self, argc, argv, NULL, &options);
    if (result != OPTIONS_OK)
        return options_status(result);
    if (io_survey_make(&survey, &error) != QW_OK) {
        fprintf(stderr, "quicward: %s\n", error.text);
        return COMMAND_UNSEEN;
    }
    enum command_status status = print(survey, options.mode);
    io_survey_free(survey);
    return status;
}
