#include "setup_rules.h"
#include "setup_lines.h"
#include <string.h>

void setup_rules_look(const struct config *config, char *text, struct findings *out)
{
    struct setup_lines lines = {.config = config, .out = out};
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        while (*line == ' ' || *line == '\t')
            line++;
        if (strncmp(line, "#tool ", 6) == 0) {
            lines.tool = line + 6;
            setup_lines_begin(&lines);
        } else if (lines.tool && strcmp(lines.tool, "nft") == 0)
            setup_nft_line(&lines, line);
        else if (lines.tool)
            setup_iptables_line(&lines, line);
    }
}
