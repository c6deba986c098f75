#include <quicward/base/error.h>

const char *qw_error_text(enum qw_error error)
{
    static const char *const TEXT[QW_ERROR_COUNT] = {
#define X(name, text) [QW_ERR_##name] = text,
        QW_ERRORS(X)
#undef X
    };
    return (unsigned)error < QW_ERROR_COUNT ? TEXT[error] : "unknown error";
}
