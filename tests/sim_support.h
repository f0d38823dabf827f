/* sim_support.h: a simulation whose listener's chats answer each line with the
 * same line, and what their hooks were called with. */
#ifndef CONFAB_TESTS_SIM_SUPPORT_H
#define CONFAB_TESTS_SIM_SUPPORT_H

#include <confab/chat.h>
#include <confab/sim.h>
#include <stdbool.h>
#include <stddef.h>

enum { SIM_TRACE = 1 << 22 };

/* The test's simulation: made by simulate. */
extern struct simulated {
    confab_sim *sim;
    confab_reactor *reactor;
    confab_listener *listener;
    const char *address; /* the listener's */
    int connects, lines, eofs, closes;
    enum confab_reason reason; /* of the last handle_close */
    int error;                 /* what confab_chat_error said there */
    confab_chat *chat;         /* the last one that connected, until it closes */

    /* What the hooks do instead of setting the terminator, and of answering; NULL: that. */
    struct {
        int (*connect)(confab_chat *chat);
        int (*line)(confab_chat *chat);
    } plan;
} simulated;

/* The hooks, for what the test connects by itself. */
extern const struct confab_chat_ops simulated_ops;

/* Makes it; all of its trace is kept.  The listener is there before the faults begin.  Either may be NULL. */
void simulate(uint64_t seed, const struct confab_sim_faults *faults,
              const struct confab_chat_options *options);

/* The same with options of the reactor, and without a listener. */
void simulate_with(uint64_t seed, const struct confab_reactor_options *options);

/* Serves an address with these hooks; fails the test where that fails. */
void simulate_listen(const char *address, const struct confab_chat_options *options);

/* Frees it, which must succeed, and counts that each chat that connected was closed. */
void simulate_end(void);

/* A far end that is connected to the listener; settles. */
confab_sim_end *far_end(void);

/* Sends all of a text, which must fit; and settles. */
void far_send(confab_sim_end *end, const char *text);
void far_say(confab_sim_end *end, const char *text);

/* Exactly this text is there to be received now. */
void far_expect(confab_sim_end *end, const char *text);

/* Receiving says this and nothing else: 0, -EAGAIN, -ECONNRESET. */
void far_expect_result(confab_sim_end *end, ssize_t result);

/* Reads what there is until the stream ends, settling; how many bytes. */
size_t far_read_all(confab_sim_end *end);

/* Turns until nothing is left to do, which must be reached; how many turns that took. */
int settle(void);

/* confab_sim_advance, which must not fail. */
void advance(int64_t ns);

/* Fails unless what happened so often of so many times is about its share of a thousand. */
void expect_share(int happened, int of, unsigned share);

/* How often the trace says this. */
int traced(const char *text);

#endif
