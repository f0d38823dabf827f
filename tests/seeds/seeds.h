/* seeds.h: runs of the real plugins in a simulated network, each drawn from a seed.
 *
 *     fault_seeds.c  the program: which seeds, and what it says of one that fails
 *     plan.c         what is drawn: faults, options, far ends
 *     speech.c       what is said, and what is to be answered: a model of line and of echo
 *     far.c          the far ends: what they do, and what they have got
 *     run.c          one run: its service, its steps, its end
 *     account.c      what has to be so: every byte, every chat, every reason
 *     overdue.c      and nothing stays longer than it may
 *
 * A run stops at the first thing that is not so: run_fail has written down what. */
#ifndef CONFAB_TESTS_SEEDS_H
#define CONFAB_TESTS_SEEDS_H

#include <confab/host.h>
#include <confab/sim.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FARS_MAX = 12, FAILURE_TEXT = 4096 };

/* -- Chance, which is not the simulation's ------------------------------------ */

struct dice {
    uint64_t state;
};

uint64_t dice_throw(struct dice *dice, uint64_t n); /* 0 to n - 1 */
bool dice_one_in(struct dice *dice, unsigned n);

/* -- plan.c ------------------------------------------------------------------- */

enum protocol { LINE, ECHO };

enum ending {
    ENDING_STOP,    /* once all is over the service is stopped */
    ENDING_DRAIN,   /* it is stopped in the midst */
    ENDING_AT_ONCE, /* likewise, without waiting for anybody */
    ENDING_FREED    /* the simulation is freed in the midst */
};

/* Times in nanoseconds; 0: off, or none. */
struct plan {
    enum protocol protocol;
    struct confab_sim_faults faults;
    struct confab_reactor_options reactor;
    unsigned short_of_memory; /* of allocations: fail, so many of a thousand */

    /* The service's. */
    int64_t connect, idle, message, write, lifetime, drain;
    uint64_t in_buffer, low, high, output_limit, max_message, rate_in, rate_out, max_connections;
    bool default_marks;  /* low and high are not given */
    uint64_t max_length; /* echo's */
    bool once;

    unsigned fars, outbound; /* of these, chats that the service connects */
    unsigned messages;       /* that each says at the most */
    size_t longest;          /* of their lengths */
    unsigned burst;          /* that are said in one breath at the most */
    unsigned steps;
    int64_t pause; /* that is made between two steps at the most */
    enum ending ending;
    unsigned ending_step; /* when, of one in the midst */
};

void plan_draw(struct plan *plan, enum protocol protocol, struct dice *dice);

/* Sets the service's options; 0, or -errno with the words in error. */
int plan_configure(const struct plan *plan, confab_service *service, char *error, size_t room);

/* One line for a person, without its end. */
void plan_tell(const struct plan *plan, char *text, size_t room);

/* -- speech.c ------------------------------------------------------------------ */

struct bytes {
    char *at;
    size_t len, room;
};

void bytes_add(struct bytes *bytes, const char *more, size_t n);

/* One side's words, and what the plugin answers to as much of them as was sent. */
struct speech {
    const struct plan *plan;
    struct bytes words; /* that are being said; `said` of them were sent */
    size_t said;

    /* The model: it hears what was sent. */
    struct bytes line;         /* the present one, without a CR that may be part of its end */
    bool held;                 /* there is such a CR */
    uint64_t body;             /* bytes that are to come of echo's body */
    bool over;                 /* nothing more is answered ... */
    bool too_long;             /* ... because a message was too long */
    uint64_t messages;         /* that end before that */
    uint64_t replies, refused; /* echo's counters */
    struct bytes answer;       /* all of it */
};

/* Makes up a message, which is to be said behind what is being said. */
void speech_compose(struct speech *speech, struct dice *dice);
void speech_hear(struct speech *speech, const char *bytes, size_t n);
bool speech_midst(const struct speech *speech); /* of a message, as far as it was heard */
void speech_free(struct speech *speech);

/* -- far.c ---------------------------------------------------------------------- */

struct run;

struct far {
    struct run *run;
    unsigned number;
    bool outbound;    /* the service connects to it */
    char address[64]; /* as a chat's peer */
    confab_sim_listener *listener;
    confab_sim_end *end; /* NULL: none yet, or none any more */
    struct speech speech;
    unsigned messages; /* that are still to be said */
    unsigned appetite; /* reads when it could, so many of a hundred */
    size_t mouthful;

    bool begun, connected; /* somebody connects; it has had its end */
    bool shut;             /* has ended its side */
    bool left;             /* has closed or reset it before its end came */
    bool ended, was_reset; /* has found the end, or a reset */
    uint64_t sent, received;
    int64_t begun_at, read_at, acted_at, message_at; /* when the present message began */

    /* Of its chat. */
    confab_id chat;
    int opened, closed; /* calls of handle_connect and handle_close */
    int64_t opened_at, closed_at;
    enum confab_reason reason;
    int error;
    struct confab_chat_stats stats;
};

void far_init(struct far *far, struct run *run, unsigned number);

/* Does something. */
void far_act(struct far *far);

/* Says what there is to be said, ends its side, and reads all there is; whether its end has come. */
bool far_finish(struct far *far);

/* Lets go of its end. */
void far_close(struct far *far);
void far_free(struct far *far);

/* -- run.c ------------------------------------------------------------------------ */

/* Counts memory; may have some of it fail. */
struct meter {
    size_t blocks, bytes, most;
    unsigned fails; /* so many of a thousand */
    struct dice dice;
};

struct run {
    uint64_t seed;
    bool verbose;
    struct plan plan;
    struct dice dice;
    struct meter meter;
    confab_sim *sim;
    confab_service *service;
    confab_listener *listener;
    bool paused;
    int64_t stopped_at; /* -1: it is not */
    bool freed;         /* the simulation was freed while ends were open */
    bool forked;        /* the reactor was told that this is the child of a fork */
    struct far far[FARS_MAX];
    unsigned fars;
    int turns;
    uint64_t digest, bytes; /* bytes that were sent either way */
    bool failed;
    char failure[FAILURE_TEXT];
};

/* Runs it.  trace: where its trace goes, to be freed; NULL: none is kept.  Returns whether all was as it has to be. */
bool run_seed(struct run *run, confab_module *module, enum protocol protocol, uint64_t seed, char **trace);

/* Has the service connect a chat to a far end; whether it has begun to. */
bool run_connect(struct run *run, struct far *far, const char *address);

void run_fail(struct run *run, const char *format, ...) CONFAB_PRINTF(2, 3);
int64_t run_now(const struct run *run);

/* -- account.c -------------------------------------------------------------------- */

/* Some bytes have come to a far end: they are what was to be answered next. */
void account_received(struct far *far, const char *bytes, size_t n);

/* A far end found a reset. */
void account_reset(struct far *far);

/* A chat has closed: whether its reason can be. */
void account_closed(struct far *far);

/* All is over. */
void account_run(struct run *run);

/* -- overdue.c ---------------------------------------------------------------------- */

/* To be called after time has passed: nothing is there that should have ended. */
void overdue_check(struct run *run);

#endif
