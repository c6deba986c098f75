/* Offloads of an interface, as ethtool tells them. */
#ifndef QUICWARD_IO_LINK_FEATURES_H
#define QUICWARD_IO_LINK_FEATURES_H

#include <quicward/survey.h>

/* Fills the offloads of every interface. What the kernel does not tell stays SURVEY_UNKNOWN. */
void link_features_ask(struct survey *survey);

#endif
