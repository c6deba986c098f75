/* What can go wrong, once for the whole program. */
#ifndef QUICWARD_BASE_ERROR_H
#define QUICWARD_BASE_ERROR_H

#define QW_ERRORS(X)                                                                                         \
    X(OK, "success")                                                                                         \
    X(TRUNCATED, "the data ends too early")                                                                  \
    X(MALFORMED, "a field contradicts another or its RFC")                                                   \
    X(UNSUPPORTED, "a version, type or mode that is not handled")                                            \
    X(AUTH, "authentication failed")                                                                         \
    X(CRYPTO, "the crypto library refused")                                                                  \
    X(FULL, "a bounded table or buffer is full")                                                             \
    X(NOT_FOUND, "no such entry")                                                                            \
    X(INVALID, "an argument or a configured value is not allowed")                                           \
    X(NO_MEMORY, "out of memory")                                                                            \
    X(SYSTEM, "the operating system refused")

enum qw_error {
#define X(name, text) QW_ERR_##name,
    QW_ERRORS(X)
#undef X
        QW_ERROR_COUNT,
    QW_OK = QW_ERR_OK
};

/* The sentence for `error`, a static string; "unknown error" for a value outside the enum. */
const char *qw_error_text(enum qw_error error);

#endif
