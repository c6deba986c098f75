/* What the parts of the grammar share. */
#ifndef CONFIG_SYNTAX_STATE_H
#define CONFIG_SYNTAX_STATE_H

#include "syntax.h"

/* An open group, array or list; the first one is the file itself. */
struct syntax_level {
    char open;         /* '{', '[' or '('; 0: the file */
    char close;        /* what ends it in the text that is made */
    unsigned line;     /* of the opening bracket */
    unsigned scope;    /* its own number, for names that stand twice */
    size_t made_open;  /* where its bracket stands in the text that is made */
    size_t made_comma; /* the last comma of a list */
    bool wants_value;  /* a list: behind its bracket or a comma */
    unsigned values;   /* of a list */
    char type;         /* of an array's first value */
    /* Of the setting being read in a group: */
    const char *name;
    size_t name_len, made_name;
    bool twice; /* it is left out at its end */
};

struct syntax_name {
    const char *text; /* NULL: free */
    size_t len;
    unsigned scope, line;
};

struct syntax {
    struct source *source;
    struct report *report;
    struct syntax_lost *lost;
    const char *at, *end;
    unsigned line;
    char *made; /* the text that replaces the source's */
    size_t made_len, made_room;
    struct syntax_level levels[SYNTAX_DEPTH];
    unsigned depth; /* of levels in use, 1 or more */
    unsigned scopes;
    struct syntax_name *names;
    size_t names_mask;
    unsigned said;
    bool too_deep;
};

/* A piece of the text as messages quote it. */
#define SYNTAX_QUOTED 40
static inline int syntax_cut(size_t len)
{
    return len < SYNTAX_QUOTED ? (int)len : SYNTAX_QUOTED;
}

/* Adds to the text that is made. */
void syntax_put(struct syntax *syntax, const char *text, size_t len);
/* Adds the next `len` bytes of the source, or skips them; lines are counted. */
void syntax_take(struct syntax *syntax, size_t len);
void syntax_skip(struct syntax *syntax, size_t len);
/* Takes blanks and comments. */
void syntax_blanks(struct syntax *syntax);

struct syntax_level *syntax_top(struct syntax *syntax);

/* Reports what is wrong on `line`. */
void syntax_say(struct syntax *syntax, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The setting being read: "mode", "timers.attempt", "rules: action". Returns `out`. */
char *syntax_path(const struct syntax *syntax, char out[static SYNTAX_PATH_SIZE]);

/* The line of another setting of that name in the same group, or 0; remembers this one then. */
unsigned syntax_name_line(struct syntax *syntax, const char *name, size_t len);

/* A value that is neither group nor list: takes it, or reports it and puts in its place what was meant. The
 * letter of its type: 's'tring, 'i'nteger, 'f'loat, 'b'oolean; 0 when it was left out. */
char syntax_scalar(struct syntax *syntax);

/* Leaves out the setting being read. */
void syntax_lose(struct syntax *syntax);

#endif
