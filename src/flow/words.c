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
