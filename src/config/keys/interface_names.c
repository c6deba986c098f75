/* What names and patterns of interfaces stand for. A name is a pattern without a "*". */
#include <quicward/config.h>
#include <string.h>

/* How many bytes of `named` a name must begin with. */
static size_t length_of(const char *named, bool *pattern)
{
    size_t len = strlen(named);
    *pattern = len > 1 && named[len - 1] == '*';
    return *pattern ? len - 1 : len;
}

bool config_interface_is_pattern(const char *named)
{
    bool pattern;
    length_of(named, &pattern);
    return pattern;
}

/* "ppp1*" begins with "ppp", so all that it matches is matched by "ppp*". */
bool config_interface_covers(const char *named, const char *name)
{
    bool pattern;
    size_t len = length_of(named, &pattern);
    return strncmp(named, name, len) == 0 && (pattern || name[len] == '\0');
}

int config_interface_find(const struct config_interfaces *interfaces, const char *name)
{
    for (unsigned i = 0; i < interfaces->count; i++)
        if (config_interface_covers(interfaces->names[i], name))
            return (int)i;
    return -1;
}
