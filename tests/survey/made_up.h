/* Routers that nobody has. */
#ifndef TEST_SURVEY_MADE_UP_H
#define TEST_SURVEY_MADE_UP_H

#include <quicward/survey.h>

/* A router without interfaces but lo, where all is as it should be: root, tools, settings, clock. The same
 * one each time, made anew. */
struct survey *made_up(void);

/* Adds an interface that is up, with `addresses` ("10.0.0.1/24 2001:db8::1/64", or "") of global scope. */
struct survey_interface *made_up_add(struct survey *survey, const char *name, const char *kind,
                                     const char *addresses);

/* A default route of IPv4, and of IPv6 with `v6`. */
void made_up_default(struct survey_interface *one, bool v4, bool v6, uint32_t metric);

/* lan0 10.0.0.1, wan0 198.51.100.7 with the default routes, both with IPv6; a daemon in mode nat that
 * answers, with its two queues; nothing wrong. */
struct survey *made_up_well(void);

/* Its configuration. */
struct config made_up_config(enum config_mode mode);

#endif
