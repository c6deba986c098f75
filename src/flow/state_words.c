#include <quicward/flow.h>

const char *flow_state_word(enum flow_state state)
{
    switch (state) {
    case FLOW_ONE_WAY:
        return "one-way";
    case FLOW_TWO_WAY:
        return "two-way";
    case FLOW_INITIAL:
        return "initial";
    case FLOW_REPLIED:
        return "replied";
    case FLOW_CONFIRMED:
        return "confirmed";
    }
    return "unknown";
}

const char *flow_adopted_word(enum flow_adopted result)
{
    static const char *const WORDS[FLOW_ADOPT_RESULTS] = {
        [FLOW_ADOPTED] = "adopted",           [FLOW_ADOPT_IMPOSSIBLE] = "impossible",
        [FLOW_ADOPT_UNDECIDED] = "undecided", [FLOW_ADOPT_AHEAD] = "ahead",
        [FLOW_ADOPT_EXPIRED] = "expired",     [FLOW_ADOPT_TWIN] = "twin",
        [FLOW_ADOPT_FULL] = "full",
    };
    return result < FLOW_ADOPT_RESULTS ? WORDS[result] : "unknown";
}
