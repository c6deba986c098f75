#include <quicward/survey.h>
#include <string.h>

const struct survey_interface *survey_find(const struct survey *survey, const char *name)
{
    for (unsigned i = 0; i < survey->interface_count; i++)
        if (strcmp(survey->interfaces[i].name, name) == 0)
            return &survey->interfaces[i];
    return NULL;
}

const struct survey_interface *survey_find_index(const struct survey *survey, unsigned index)
{
    for (unsigned i = 0; i < survey->interface_count; i++)
        if (survey->interfaces[i].index == index && index != 0)
            return &survey->interfaces[i];
    return NULL;
}

const struct survey_address *survey_address_of(const struct survey_interface *interface,
                                               enum qw_family family)
{
    for (unsigned i = 0; i < interface->address_count; i++)
        if (interface->addresses[i].global && interface->addresses[i].family == family)
            return &interface->addresses[i];
    return NULL;
}

bool survey_is_private(const struct qw_addr *addr)
{
    const uint8_t *b = addr->bytes + 12;
    return b[0] == 10 || (b[0] == 172 && b[1] >> 4 == 1) || (b[0] == 192 && b[1] == 168) ||
           (b[0] == 100 && b[1] >> 6 == 1) || (b[0] == 169 && b[1] == 254);
}
