#include "load_text.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void need(bool condition, const char *what)
{
    if (condition)
        return;
    perror(what);
    exit(1);
}

struct loaded load_path(const char *path)
{
    struct loaded loaded = {0};
    size_t size;
    FILE *errors = open_memstream(&loaded.messages, &size);
    need(errors, "open_memstream");
    loaded.error = config_load(path, errors, &loaded.config);
    need(fclose(errors) == 0, "fclose");
    return loaded;
}

struct loaded load_bytes(const char *bytes, size_t len)
{
    char folder[] = "/tmp/quicward-config-XXXXXX", before[4096];
    need(getcwd(before, sizeof(before)), "getcwd");
    need(mkdtemp(folder), "mkdtemp");
    need(chdir(folder) == 0, "chdir");
    FILE *file = fopen("x.conf", "w");
    need(file, "x.conf");
    need(fwrite(bytes, 1, len, file) == len && fclose(file) == 0, "x.conf");
    struct loaded loaded = load_path("x.conf");
    need(unlink("x.conf") == 0 && chdir(before) == 0 && rmdir(folder) == 0, folder);
    return loaded;
}

struct loaded load_text(const char *text)
{
    return load_bytes(text, strlen(text));
}

__attribute__((format(printf, 2, 0))) static struct loaded load_after(const char *begin, const char *format,
                                                                      va_list args)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    need(out, "open_memstream");
    fputs(begin, out);
    vfprintf(out, format, args);
    need(fclose(out) == 0, "fclose");
    struct loaded loaded = load_bytes(text, size);
    free(text);
    return loaded;
}

struct loaded load_more(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct loaded loaded = load_after(REQUIRED_KEYS, format, args);
    va_end(args);
    return loaded;
}

struct loaded load_nat(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct loaded loaded = load_after(NAT_KEYS, format, args);
    va_end(args);
    return loaded;
}

void loaded_free(struct loaded *loaded)
{
    config_free(loaded->config);
    free(loaded->messages);
}

char *printed(const struct config *config)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    need(out, "open_memstream");
    config_print(config, out);
    need(fclose(out) == 0, "fclose");
    return text;
}

char *file_text(const char *path)
{
    char *text, buffer[4096];
    size_t size, len;
    FILE *file = fopen(path, "r"), *out = open_memstream(&text, &size);
    need(file && out, path);
    while ((len = fread(buffer, 1, sizeof(buffer), file)) > 0)
        fwrite(buffer, 1, len, out);
    need(fclose(out) == 0 && fclose(file) == 0, path);
    return text;
}
