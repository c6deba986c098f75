#include "test_command.h"
#include "suite.h"

struct engine *command_engine(struct qw_time now)
{
    struct config config;
    struct engine *engine;
    config_defaults(&config);
    config.mode = CONFIG_MONITOR;
    config.flows_max = 1024;
    config.handshakes_max = 16;
    const struct engine_options options = {.config = &config, .shards = 1, .secret = {1, 2}, .now = now};
    CU_ASSERT_EQUAL_FATAL(engine_new(&options, &engine), QW_OK);
    return engine;
}

int main(void)
{
    suite_troubles();
    suite_feed();
    suite_doctor();
    return test_main();
}
