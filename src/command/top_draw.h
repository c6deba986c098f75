/* The screen of `top`. Needs ncurses. */
#ifndef COMMAND_TOP_DRAW_H
#define COMMAND_TOP_DRAW_H

#include "top_feed.h"

struct top_screen {
    enum top_view view;
    const char *sort;
    bool reverse, paused, helps;
    unsigned first;      /* row that stands uppermost */
    unsigned interval_s; /* between two looks */
    const char *filter;  /* words, "" for none */
    const char *prompt;  /* what is being typed, NULL: nothing */
};

/* Draws all of it, whatever size the terminal has now. Returns how many rows of the list have room. */
unsigned top_draw(const struct top_screen *screen, const struct top_feed *feed);

#endif
