/* play.h: one run of `confab check`: what its parts share.
 *
 *     play.c             the run: by kind, from its beginning to what is left behind
 *     play_world.c       the service, the network, servers
 *     play_folder.c      ${TMP}
 *     play_far.c         the far ends: bytes each way, and the loop's rest
 *     play_send.c        what is sent, cut as the schedule says; where a run is broken off
 *     play_step.c        the steps of a session
 *     play_together.c    those that have no order
 *     play_tell.c        what did not hold, in words
 *     play_end.c         everybody comes to an end
 *     invariant.c        runs of which only the invariants are asked: random bytes, growth
 *     invariant_flood.c  and those in which one side is too much for the other */
#ifndef CONFAB_TOOLS_PLAY_H
#define CONFAB_TOOLS_PLAY_H

#include "tools/check/check.h"

enum {
    PLAY_CAME_MAX =
        64 << 20, /* bytes that far ends take in before a rest; a plugin that says more does not end */
    PLAY_SAID_MAX = 64 << 10, /* of what is sent, bytes that are kept for messages */
    PLAY_ADDRESS_BYTES = 256
};

#define PLAY_ADDRESS "10.9.9.9:7"
#define PLAY_DRAIN   (5 * CONFAB_SECOND) /* that a stop is given */

/* Random numbers of a case. */
struct dice {
    uint64_t state;
};
uint64_t dice_next(struct dice *dice);
uint64_t dice_throw(struct dice *dice, uint64_t n); /* below n; 0 where n is 0 */

/* The far end of a connection. */
struct far {
    confab_sim_end *end; /* NULL: not connected yet, or gone */
    struct bytes came;
    size_t seen;         /* of came: what steps have expected */
    struct bytes unsent; /* what the network had no room for */
    bool opened, stalled;
    bool shut;         /* is to end its side, behind what is unsent */
    bool shut_done;    /* has */
    bool ended, reset; /* the plugin's side has */
};

/* What the plugin may connect to. */
struct server {
    confab_sim_listener *listener;
    char address[PLAY_ADDRESS_BYTES]; /* as the plugin is to know it */
};

/* One that plays the session: there are several where copies of it run side by side. */
struct player {
    struct variables variables;
    struct far *fars;
    size_t next; /* step */
};

struct run {
    struct checker *checker;
    const struct schedule *schedule;
    struct finding *finding;
    const struct session *session;
    const struct session *world; /* whose options, files and servers there are: of the empty session those of
                                    another one */
    struct dice dice;

    confab_sim *sim;
    confab_service *service;
    confab_listener *listener;
    struct server *servers; /* of world */
    bool started, stopped;
    char folder[SCRATCH_PATH]; /* ${TMP}; "": there is none */

    struct player *players;
    size_t player_count;

    bool lenient; /* what comes is not judged */
    bool deaf;    /* nor kept */
    bool over;    /* no further step is played */
    bool failed;
    bool restless; /* the loop does not come to rest: it is not to be turned again */
    bool broken;   /* out of memory: nothing was found out */
    bool mangles;  /* what is sent is changed first */
    bool told;     /* the failure says itself what the run was like */
    unsigned line; /* of the step */
    size_t sent, cut, sends;
    size_t heard;      /* since the last rest */
    struct bytes said; /* the first of what was sent */
    size_t broken_connection;
};

/* What the measuring of a session wants to know besides. */
struct shown {
    size_t sent, came;
    bool works; /* there were jobs */
    uint64_t digest;
};
bool play_shown(struct checker *checker, const struct schedule *schedule, struct finding *finding,
                struct shown *shown);

/* play_world.c: false with the failure noted, or where memory is short that was to be.  close takes apart what
 * there is, in any state. */
bool world_open(struct run *run);
void world_close(struct run *run);
int world_variables(const struct run *run, struct variables *variables);

/* play_folder.c */
bool folder_wanted(const struct session *session);
int folder_make(struct run *run);
void folder_remove(struct run *run);

/* play_far.c */
int far_open(struct run *run, struct far *far, const char *address);
int far_put(struct far *far, const void *bytes, size_t n);
void far_free(struct far *far);
size_t far_waits(const struct far *far); /* bytes that came and that no step has expected */

/* Everything comes to rest, and far ends have read what there is. */
void rest(struct run *run);
void pass(struct run *run, int64_t ns); /* so much time */

/* Lets time pass until the service has no chat, or none that was accepted; whether it came to that. */
bool pass_until_gone(struct run *run, bool accepted, int64_t ns);

/* play_send.c */
void run_send(struct run *run, size_t player, unsigned connection, const char *bytes, size_t len);
bool run_breaks_off(const struct run *run);
void run_break_off(struct run *run, size_t player, unsigned connection);
bool run_stops_at_once(const struct run *run); /* of a STOP: no time is given */

/* play_step.c: plays the next step, or group, of a player. */
void play_step(struct run *run, size_t player);
bool play_begin_connection(struct run *run, size_t player, const struct session_step *step);
int play_expand(struct run *run, size_t player, const struct session_step *step, struct bytes *to);
void play_sends(struct run *run, size_t player, const struct session_step *step);
void play_all(struct run *run);
void play_left_over(struct run *run); /* fails where something came that nothing expected */

/* Whether what has come is a beginning of what the rest of the session expects of that connection. */
void play_prefix(struct run *run, size_t player, unsigned connection);

/* play_together.c */
size_t group_length(const struct session *session, size_t first);
size_t group_expects(const struct session *session, size_t first, size_t length, unsigned connection,
                     const struct session_step *steps[SESSION_GROUP_MAX]);
void play_group(struct run *run, size_t player);

/* play.c: one that plays comes, and goes. */
bool play_enter(struct run *run, size_t player);
void play_leave(struct run *run, size_t player);

/* play_end.c */
void play_end(struct run *run);

/* play_tell.c: the first failure stays. */
void run_fail(struct run *run, const char *format, ...) CONFAB_PRINTF(2, 3);
void run_fail_match(struct run *run, size_t player, const struct session_step *const *steps, size_t count,
                    bool prefix);
void run_look(struct run *run); /* whether the watch complains */
void run_no_memory(struct run *run);
const char *run_who(const struct run *run, size_t connection, char name[64]);

/* The last of what, expected and got is told by what the run was like: "when ...". */
void run_tell(struct run *run);

/* invariant*.c */
size_t run_holds(const struct run *run);
void invariant_bytes(struct run *run);
void invariant_growth(struct run *run);
void invariant_no_terminator(struct run *run);
void invariant_never_reads(struct run *run);
void invariant_mangle(struct run *run, struct bytes *bytes);
const char *told_size(uint64_t bytes, char text[32]); /* "4,194,304" */

/* A size or a time-out that the service was configured with, or its default. */
uint64_t world_option(const struct run *run, const char *key, uint64_t fallback);

#endif
