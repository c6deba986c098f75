/* Any bytes as a configuration. What is understood is printed, and read back means the same. */
#include "engine_input.h"
#include <string.h>
#include <unistd.h>

static char *printed(const struct config *config, size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);
    NEED(out);
    config_print(config, out);
    NEED(fclose(out) == 0);
    return text;
}

static void check_print(const struct config *config)
{
    size_t len, len_again;
    struct config *again;
    int fd;
    char *text = printed(config, &len);
    NEED(config_load(fuzz_file((const uint8_t *)text, len, &fd), stderr, &again) == QW_OK);
    close(fd);
    NEED(config_fixed_differences(config, again, "again", NULL) == 0);
    char *text_again = printed(again, &len_again);
    NEED(strcmp(text, text_again) == 0);
    free(text);
    free(text_again);
    config_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *nowhere;
    struct config *config;
    unsigned warnings;
    int fd;
    if (!nowhere)
        nowhere = fopen("/dev/null", "w");
    NEED(nowhere);
    const char *path = fuzz_file(data, size, &fd);
    enum qw_error code = config_check(path, nowhere, &warnings, &config);
    NEED(code == QW_OK || code == QW_ERR_INVALID || code == QW_ERR_SYSTEM);
    NEED((code == QW_OK) == (config != NULL));
    if (config)
        check_print(config);
    config_free(config);
    if (code != QW_OK && config_load_known(path, &config) == QW_OK)
        config_free(config);
    close(fd);
    return 0;
}
