/* What is wrong with the router that runs, and what to do about it. Nothing is changed. */
#include "doctor_ask.h"
#include "doctor_text.h"
#include "loaded.h"
#include <poll.h>
#include <quicward/io.h>
#include <stdlib.h>

#define PAUSE_MS 1000 /* between two looks at what moves */

static void look_once(const struct config *config, const char *socket, struct survey_moment *out)
{
    io_survey_moment(config, out);
    doctor_ask(socket, &out->daemon);
}

static void look(const struct config *config, const char *socket, struct survey *survey)
{
    look_once(config, socket, &survey->first);
    io_survey_of(config, true, survey);
    poll(NULL, 0, PAUSE_MS);
    look_once(config, socket, &survey->second);
    survey->twice = true;
}

static enum command_status report(const struct config *config, const struct options *options,
                                  const struct survey *survey)
{
    struct survey_findings *found = calloc(1, sizeof(*found));
    if (!found) {
        fprintf(stderr, "quicward: %s\n", qw_error_text(QW_ERR_NO_MEMORY));
        return COMMAND_UNSEEN;
    }
    survey_judge(config, options_path(options), survey, found);
    bool written = options->json ? doctor_print_json(found, survey->root, stdout)
                                 : doctor_print_text(found, survey->root, stdout);
    enum command_status status = written ? command_finish_output() : COMMAND_UNSEEN;
    if (status != COMMAND_DONE)
        status = COMMAND_UNSEEN;
    else if (!survey->root)
        status = COMMAND_UNSEEN;
    else if (found->faults > 0)
        status = COMMAND_FAILED;
    free(found);
    return status;
}

static enum command_status examine(const struct config *config, const struct options *options)
{
    struct survey *survey;
    struct io_error error;
    if (io_survey_make(&survey, &error) != QW_OK) {
        fprintf(stderr, "quicward: %s\n", error.text);
        return COMMAND_UNSEEN;
    }
    look(config, config->control, survey);
    enum command_status status = report(config, options, survey);
    io_survey_free(survey);
    return status;
}

enum command_status command_doctor(const struct command *self, int argc, char **argv)
{
    struct options options;
    struct loaded loaded;
    enum options_result result = options_read(self, argc, argv, NULL, &options);
    if (result != OPTIONS_OK)
        return options_status(result);
    if (!loaded_read(&options, false, &loaded))
        return loaded.status == COMMAND_CONFIG ? COMMAND_CONFIG : COMMAND_UNSEEN;
    enum command_status status = examine(loaded.config, &options);
    loaded_free(&loaded);
    return status;
}
