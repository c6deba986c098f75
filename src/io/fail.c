#include "fail.h"
#include <stdarg.h>

enum qw_error io_fail(struct io_error *error, enum qw_error code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    return code;
}
