#include <quicward/base/reason.h>

const char *qw_reason_word(enum qw_reason reason)
{
    static const char *const WORD[QW_REASON_COUNT] = {
#define X(name, word, meaning) [QW_REASON_##name] = word,
        QW_REASONS(X)
#undef X
    };
    return (unsigned)reason < QW_REASON_COUNT ? WORD[reason] : "unknown";
}

const char *qw_reason_meaning(enum qw_reason reason)
{
    static const char *const MEANING[QW_REASON_COUNT] = {
#define X(name, word, meaning) [QW_REASON_##name] = meaning,
        QW_REASONS(X)
#undef X
    };
    return (unsigned)reason < QW_REASON_COUNT ? MEANING[reason] : "unknown";
}
