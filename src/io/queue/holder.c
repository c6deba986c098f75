#include "holder.h"
#include "fail.h"
#include "queue_stats.h"
#include <ctype.h>
#include <dirent.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_LEN 256
#define SOCKET_NAME_MAX 40 /* "socket:[INODE]" */
#define COMM_MAX 16        /* TASK_COMM_LEN, NUL included */

bool holder_inode(const char *line, uint32_t portid, unsigned long *inode)
{
    unsigned protocol, pid;
    /* Address Protocol Portid Groups Rmem Wmem Dump Locks Drops Inode */
    return sscanf(line, "%*s %u %u %*s %*s %*s %*s %*s %*s %lu", &protocol, &pid, inode) == 3 &&
           protocol == NETLINK_NETFILTER && pid == portid;
}

static bool find_inode(uint32_t portid, unsigned long *inode)
{
    char line[LINE_MAX_LEN];
    FILE *sockets = fopen("/proc/self/net/netlink", "re");
    bool found = false;
    while (sockets && !found && fgets(line, sizeof(line), sockets))
        found = holder_inode(line, portid, inode);
    if (sockets)
        fclose(sockets);
    return found;
}

/* True when one of the open files in `folder` (/proc/PID/fd) is `socket`. */
static bool has_file(const char *folder, const char *socket)
{
    DIR *files = opendir(folder);
    const struct dirent *file;
    bool found = false;
    while (files && !found && (file = readdir(files))) {
        char target[SOCKET_NAME_MAX];
        ssize_t len = readlinkat(dirfd(files), file->d_name, target, sizeof(target) - 1);
        target[len < 0 ? 0 : len] = '\0';
        found = strcmp(target, socket) == 0;
    }
    if (files)
        closedir(files);
    return found;
}

/* The process that has the socket with this inode open; 0 when it cannot be seen from here. */
static unsigned find_process(unsigned long inode)
{
    char socket[SOCKET_NAME_MAX];
    snprintf(socket, sizeof(socket), "socket:[%lu]", inode);
    DIR *processes = opendir("/proc");
    const struct dirent *process;
    unsigned found = 0;
    while (processes && !found && (process = readdir(processes))) {
        char folder[sizeof("/proc//fd") + sizeof(process->d_name)];
        if (!isdigit((unsigned char)process->d_name[0]))
            continue;
        snprintf(folder, sizeof(folder), "/proc/%s/fd", process->d_name);
        if (has_file(folder, socket))
            found = (unsigned)strtoul(process->d_name, NULL, 10);
    }
    if (processes)
        closedir(processes);
    return found;
}

static void process_name(unsigned pid, char name[static COMM_MAX])
{
    char path[sizeof("/proc//comm") + 16];
    snprintf(path, sizeof(path), "/proc/%u/comm", pid);
    FILE *comm = fopen(path, "re");
    if (!comm || !fgets(name, COMM_MAX, comm))
        strcpy(name, "?");
    name[strcspn(name, "\n")] = '\0';
    if (comm)
        fclose(comm);
}

unsigned holder_find(uint32_t portid, char *name, size_t size)
{
    char text[COMM_MAX] = "?";
    unsigned long inode;
    unsigned pid = find_inode(portid, &inode) ? find_process(inode) : 0;
    if (pid != 0)
        process_name(pid, text);
    snprintf(name, size, "%s", text);
    return pid;
}

bool holder_describe(uint16_t number, struct io_error *error)
{
    struct queue_line queue;
    if (!queue_stats_find(number, &queue))
        return false;
    char name[COMM_MAX];
    unsigned pid = holder_find(queue.portid, name, sizeof(name));
    if (pid == 0) {
        io_fail(error, QW_ERR_SYSTEM,
                "queue %u is held by a process that cannot be seen from here (netlink port %u); "
                "stop it or set queue.first",
                number, queue.portid);
        return true;
    }
    io_fail(error, QW_ERR_SYSTEM, "queue %u is held by process %u (%s); stop it or set queue.first", number,
            pid, name);
    return true;
}
