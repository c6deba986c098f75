#include "utf8.h"

struct range {
    unsigned char low, high;
};

/* RFC 3629, section 4: the first byte says how many follow, and what the second may be, so that there are no
 * overlong forms, no surrogates and nothing beyond U+10FFFF. */
static size_t sequence(unsigned char first, struct range *second)
{
    *second = (struct range){0x80, 0xbf};
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef) {
        if (first == 0xe0)
            second->low = 0xa0;
        if (first == 0xed)
            second->high = 0x9f;
        return 3;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        if (first == 0xf0)
            second->low = 0x90;
        if (first == 0xf4)
            second->high = 0x8f;
        return 4;
    }
    return 0;
}

size_t utf8_length(const char *at, size_t left)
{
    if (left == 0)
        return 0;
    struct range range;
    size_t len = sequence((unsigned char)at[0], &range);
    if (len > left)
        return 0;
    for (size_t i = 1; i < len; i++) {
        unsigned char byte = (unsigned char)at[i];
        if (byte < range.low || byte > range.high)
            return 0;
        range = (struct range){0x80, 0xbf};
    }
    return len;
}

bool utf8_is_control(const char *at, size_t len)
{
    unsigned char first = (unsigned char)at[0];
    if (len == 1)
        return first < 0x20 || first == 0x7f;
    return len == 2 && first == 0xc2 && (unsigned char)at[1] < 0xa0;
}
