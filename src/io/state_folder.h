/* The folder of the state file. */
#ifndef QUICWARD_IO_STATE_FOLDER_H
#define QUICWARD_IO_STATE_FOLDER_H

#include <limits.h>
#include <quicward/io.h>

/* Makes the last folder of `path` if it is missing (mode 0755), and writes the path without links into `out`.
 * Whoever may write it, or a folder that it stands in, could put other files in the place of ours. QW_OK;
 * QW_ERR_INVALID when somebody but root and this process's user may; QW_ERR_SYSTEM when it is none, or cannot
 * be made. With one clear line in `error`. */
enum qw_error state_folder(const char *path, char out[static PATH_MAX], struct io_error *error);

#endif
