#include "sides.h"
#include <string.h>

static bool names(const struct config_interfaces *interfaces, const char *word)
{
    int found = config_interface_find(interfaces, word);
    return found >= 0 && strcmp(interfaces->names[found], word) == 0;
}

/* A pattern may match "inside" and "outside", which are no names then. */
bool side_read(const struct config *config, const char *word, struct side *out)
{
    bool inside = config_interface_find(&config->inside, word) >= 0;
    bool outside = config_interface_find(&config->outside, word) >= 0;
    bool named = names(&config->inside, word) || names(&config->outside, word);
    *out = (struct side){SIDE_OPEN, NULL};
    if (!named && strcmp(word, "inside") == 0)
        out->where = SIDE_INSIDE;
    else if (!named && strcmp(word, "outside") == 0)
        out->where = SIDE_OUTSIDE;
    else if (inside || outside)
        *out = (struct side){inside ? SIDE_INSIDE : SIDE_OUTSIDE, word};
    return out->where != SIDE_OPEN;
}

static void say_names(const struct config_interfaces *interfaces, FILE *out)
{
    for (unsigned i = 0; i < interfaces->count; i++)
        fprintf(out, ", %s", interfaces->names[i]);
}

void side_say_allowed(const struct config *config, FILE *out)
{
    fputs("inside, outside", out);
    say_names(&config->inside, out);
    say_names(&config->outside, out);
}

static void complete(const struct config *config, struct side *side)
{
    const struct config_interfaces *interfaces =
        side->where == SIDE_INSIDE ? &config->inside : &config->outside;
    if (!side->interface && interfaces->count == 1)
        side->interface = interfaces->names[0];
}

bool sides_complete(const struct config *config, struct side *from, struct side *to)
{
    if (from->where == SIDE_OPEN)
        from->where = to->where == SIDE_INSIDE ? SIDE_OUTSIDE : SIDE_INSIDE;
    if (to->where == SIDE_OPEN)
        to->where = from->where == SIDE_INSIDE ? SIDE_OUTSIDE : SIDE_INSIDE;
    complete(config, from);
    complete(config, to);
    return from->where != to->where;
}
