/* By hiredis. Its context only packs and unpacks here: when to connect, write, read and give up is decided in
 * this file, so nothing in it waits. */
#include "link.h"
#include <errno.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX 160
#define READ_SIZE ((size_t)128 << 10)
#define READS_MAX 8 /* at one turn */
#define LOGIN_TAG UINT64_MAX

struct store_link {
    char path[TEXT_MAX], user[TEXT_MAX], password[TEXT_MAX];
    struct link_hears hears;
    redisContext *redis; /* owned; NULL: not connected */
    bool up;             /* we are let in */
    bool failed;         /* the last attempt did */
    bool more;           /* to be written */
    uint64_t tags[LINK_WINDOW];
    unsigned first, waiting;
    unsigned logins; /* replies that tell whether we are let in */
    struct qw_time moved, next;
    uint64_t pause_ns;
    char error[LINK_ERROR_MAX];
    char *command; /* owned; room for one */
    size_t room;
    char input[READ_SIZE];
};

bool link_available(void)
{
    return true;
}

struct store_link *link_new(const char *path, const char *user, const char *password,
                            const struct link_hears *hears)
{
    struct store_link *link = calloc(1, sizeof *link);
    if (!link)
        return NULL;
    snprintf(link->path, sizeof link->path, "%s", path);
    snprintf(link->user, sizeof link->user, "%s", user);
    snprintf(link->password, sizeof link->password, "%s", password);
    link->hears = *hears;
    link->pause_ns = LINK_PAUSE_NS;
    return link;
}

void link_free(struct store_link *link)
{
    if (!link)
        return;
    if (link->redis)
        redisFree(link->redis);
    explicit_bzero(link->password, sizeof link->password);
    if (link->command)
        explicit_bzero(link->command, link->room);
    free(link->command);
    free(link);
}

int link_fd(const struct store_link *link)
{
    return link->redis ? link->redis->fd : -1;
}

short link_events(const struct store_link *link)
{
    return (short)(POLLIN | (link->more ? POLLOUT : 0));
}

bool link_is_up(const struct store_link *link)
{
    return link->up;
}

bool link_is_down(const struct store_link *link)
{
    return link->failed;
}

unsigned link_waiting(const struct store_link *link)
{
    return link->waiting;
}

const char *link_error(const struct store_link *link)
{
    return link->error;
}

/* ---- ends ---- */

/* Each failure doubles the pause; being let in makes it short again. */
static void give_up(struct store_link *link, const char *why, size_t len, struct qw_time now)
{
    bool was_up = link->up;
    int shown = (int)(len < LINK_ERROR_MAX ? len : LINK_ERROR_MAX - 1);
    snprintf(link->error, sizeof link->error, "%.*s", shown, why);
    if (link->redis)
        redisFree(link->redis);
    link->redis = NULL;
    link->up = link->more = false;
    link->failed = true;
    link->waiting = link->logins = 0;
    link->next = qw_time_add(now, link->pause_ns);
    link->pause_ns = link->pause_ns * 2 < LINK_PAUSE_MAX_NS ? link->pause_ns * 2 : LINK_PAUSE_MAX_NS;
    if (was_up)
        link->hears.down(link->hears.context);
}

static void give_up_text(struct store_link *link, const char *why, struct qw_time now)
{
    give_up(link, why, strlen(why), now);
}

/* ---- commands ---- */

static char *put_number(char *out, char kind, size_t number)
{
    char digits[24];
    unsigned count = 0;
    *out++ = kind;
    do
        digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (count > 0)
        *out++ = digits[--count];
    *out++ = '\r';
    *out++ = '\n';
    return out;
}

static char *put_word(char *out, const char *word, size_t len)
{
    out = put_number(out, '$', len);
    memcpy(out, word, len);
    out += len;
    *out++ = '\r';
    *out++ = '\n';
    return out;
}

static bool make_room(struct store_link *link, size_t size)
{
    if (size <= link->room)
        return true;
    char *larger = realloc(link->command, size);
    if (!larger)
        return false;
    link->command = larger;
    link->room = size;
    return true;
}

/* As redisAppendCommandArgv, which takes memory three times for each command: there may be 27,000 a second.
 */
static bool append_words(struct store_link *link, int count, const char **words, const size_t *lens)
{
    size_t size = 32;
    for (int i = 0; i < count; i++)
        size += 32 + (lens ? lens[i] : strlen(words[i]));
    if (!make_room(link, size))
        return false;
    char *end = put_number(link->command, '*', (size_t)count);
    for (int i = 0; i < count; i++)
        end = put_word(end, words[i], lens ? lens[i] : strlen(words[i]));
    return redisAppendFormattedCommand(link->redis, link->command, (size_t)(end - link->command)) == REDIS_OK;
}

static bool append(struct store_link *link, uint64_t tag, int count, const char **words, const size_t *lens,
                   struct qw_time now)
{
    if (link->waiting == LINK_WINDOW || !append_words(link, count, words, lens))
        return false;
    if (link->waiting == 0)
        link->moved = now;
    link->tags[(link->first + link->waiting++) % LINK_WINDOW] = tag;
    link->more = true;
    return true;
}

bool link_send(struct store_link *link, uint64_t tag, int count, const char **words, const size_t *lens,
               struct qw_time now)
{
    return link->up && append(link, tag, count, words, lens, now);
}

/* A password is sent even to a Redis that wants none: it says so then, which is a mistake worth a line. PING
 * tells whether one is wanted. */
static void log_in(struct store_link *link, struct qw_time now)
{
    const char *auth[3] = {"AUTH", link->user, link->password}, *ping[1] = {"PING"};
    if (link->password[0] && !link->user[0])
        auth[1] = link->password;
    if (link->password[0])
        link->logins += append(link, LOGIN_TAG, link->user[0] ? 3 : 2, auth, NULL, now);
    link->logins += append(link, LOGIN_TAG, 1, ping, NULL, now);
}

static void connect_now(struct store_link *link, struct qw_time now)
{
    link->redis = redisConnectUnixNonBlock(link->path);
    if (!link->redis || link->redis->err) {
        give_up_text(link, link->redis ? link->redis->errstr : "out of memory", now);
        return;
    }
    link->redis->reader->maxbuf = 0; /* it keeps its memory from one reply to the next */
    link->moved = now;
    link->first = 0;
    log_in(link, now);
}

/* ---- replies ---- */

static struct link_reply read_reply(const redisReply *reply)
{
    static const struct link_reply FINE = {LINK_FINE, NULL, 0}, NOTHING = {LINK_NOTHING, NULL, 0};
    switch (reply->type) {
    case REDIS_REPLY_STRING:
        return (struct link_reply){LINK_BYTES, reply->str, (size_t)reply->len};
    case REDIS_REPLY_ERROR:
        return (struct link_reply){LINK_REFUSED, reply->str, (size_t)reply->len};
    case REDIS_REPLY_NIL:
        return NOTHING;
    default:
        return FINE;
    }
}

/* False when the connection was given up. */
static bool take_reply(struct store_link *link, struct link_reply reply, struct qw_time now)
{
    if (link->waiting == 0) {
        give_up_text(link, "Redis sent what nobody asked for", now);
        return false;
    }
    uint64_t tag = link->tags[link->first];
    link->first = (link->first + 1) % LINK_WINDOW;
    link->waiting--;
    link->moved = now;
    if (link->logins == 0) {
        link->hears.reply(link->hears.context, tag, &reply);
        return true;
    }
    if (reply.kind == LINK_REFUSED) {
        give_up(link, reply.bytes, reply.len, now);
        return false;
    }
    if (--link->logins == 0) {
        link->up = true;
        link->failed = false;
        link->pause_ns = LINK_PAUSE_NS;
        link->error[0] = '\0';
        link->hears.up(link->hears.context);
    }
    return true;
}

/* Where a number stands whole, its length with the end of the line; 0: something else does. */
static size_t number_at(const char *at, size_t len)
{
    size_t digits = 1;
    if (len == 0 || at[0] != ':')
        return 0;
    while (digits < len && at[digits] >= '0' && at[digits] <= '9')
        digits++;
    return digits > 1 && len - digits >= 2 && at[digits] == '\r' && at[digits + 1] == '\n' ? digits + 2 : 0;
}

/* SETRANGE is answered by a number that nobody wants to know: hiredis would take memory for each. Moves *at
 * behind those that stand there. False when the connection was given up. */
static bool take_numbers(struct store_link *link, const char **at, size_t *len, struct qw_time now)
{
    const redisReader *reader = link->redis->reader;
    bool between = reader->pos == reader->len && reader->ridx == -1; /* two replies */
    for (size_t number; between && (number = number_at(*at, *len)) > 0; *at += number, *len -= number)
        if (!take_reply(link, (struct link_reply){.kind = LINK_FINE}, now))
            return false;
    return true;
}

static bool take_replies(struct store_link *link, struct qw_time now)
{
    void *raw;
    for (;;) {
        if (redisGetReplyFromReader(link->redis, &raw) != REDIS_OK) {
            give_up_text(link, link->redis->errstr, now);
            return false;
        }
        if (!raw)
            return true;
        bool goes_on = take_reply(link, read_reply(raw), now);
        freeReplyObject(raw);
        if (!goes_on)
            return false;
    }
}

static bool take_input(struct store_link *link, size_t len, struct qw_time now)
{
    const char *at = link->input;
    if (!take_numbers(link, &at, &len, now))
        return false;
    if (len > 0 && redisReaderFeed(link->redis->reader, at, len) != REDIS_OK) {
        give_up_text(link, link->redis->reader->errstr, now);
        return false;
    }
    return take_replies(link, now);
}

/* As redisBufferRead, which takes 16 KiB at a time: in a takeover there are 32 MiB to be read. False: there
 * is nothing more now, or the connection was given up. */
static bool read_some(struct store_link *link, struct qw_time now)
{
    ssize_t len = read(link->redis->fd, link->input, READ_SIZE);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (len <= 0) {
        give_up_text(link, len == 0 ? "Server closed the connection" : strerror(errno), now);
        return false;
    }
    return take_input(link, (size_t)len, now) && len == READ_SIZE;
}

static void read_all(struct store_link *link, struct qw_time now)
{
    for (unsigned i = 0; i < READS_MAX && read_some(link, now); i++)
        ;
}

static void write_all(struct store_link *link, struct qw_time now)
{
    int done = 0;
    if (link->more && redisBufferWrite(link->redis, &done) != REDIS_OK)
        give_up_text(link, link->redis->errstr, now);
    else if (done)
        link->more = false;
}

void link_step(struct store_link *link, bool ready, struct qw_time now)
{
    if (!link->redis && now.ns >= link->next.ns)
        connect_now(link, now);
    if (link->redis && ready)
        read_all(link, now);
    if (link->redis)
        write_all(link, now);
    if (link->redis && link->waiting > 0 && qw_time_since(now, link->moved) >= LINK_STALL_NS)
        give_up_text(link, "Redis does not answer", now);
}
