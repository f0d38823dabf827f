/* support.h: what the tests share.  Every test that needs a reactor takes the
 * backend that CONFAB_BACKEND names, so that the suite runs once for each.
 * Nothing here sleeps to synchronise: run_until turns the loop until a
 * condition holds, and fails the test after a bounded time. */
#ifndef CONFAB_TESTS_SUPPORT_H
#define CONFAB_TESTS_SUPPORT_H

#include <confab/host.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A reactor with default options; fails the test where there is none. */
confab_reactor *test_reactor(void);

/* confab_reactor_new, in the test's own network where that is simulated. */
int test_reactor_new(confab_reactor **reactor, const struct confab_reactor_options *options);

/* Whether the backend under test is the simulated network: what test_pair and the like
 * make are handles of it, which only the functions here (and the reactor) know. */
bool test_simulated(void);

/* Skips a test of what there is only where a descriptor is behind a connection: its options, out-of-band data, a
 * full kernel. */
void test_needs_descriptors(void);

/* Skips a test whose jobs wait for the loop, which is who runs them in the simulated network. */
void test_needs_threads(void);

/* The monotonic clock of the reactors under test: in the simulated network its own. */
int64_t test_clock(void);

/* Lets time go by, for what is due afterwards (not to wait for anything). */
void test_let_pass(int64_t ns);

/* Whether a backend tells of out-of-band data: kqueue has nothing for it that all systems know, and the simulated
 * network has none.  And whether that of the reactors under test does. */
bool test_backend_tells_except(const char *name);
bool test_tells_except(void);

/* Frees it and fails the test if that fails. */
void test_reactor_free(confab_reactor *reactor);

/* Turns the loop until done(data); fails the test after about 20 s. */
void run_until(confab_reactor *reactor, bool (*done)(void *data), void *data);

/* Turns the loop until *flag is not 0. */
void run_until_set(confab_reactor *reactor, const int *flag);

/* Turns the loop while anything happens without waiting: until a turn with time-out 0 handles nothing, a few
 * times. */
void run_quiet(confab_reactor *reactor);

/* A connected pair of non-blocking unix stream sockets: [0] for confab, [1] for the test. */
void test_pair(int pair[2]);

/* The same, but descriptors whatever the backend under test is: for a test that brings its own. */
void test_descriptor_pair(int pair[2]);

/* Likewise over TCP on 127.0.0.1; both ends are connected. */
void test_tcp_pair(int pair[2]);

/* Sends all of it; fails the test where the socket takes no more (`test_send_some` returns how much it took). */
void test_send(int fd, const void *bytes, size_t len);
ssize_t test_send_once(int fd, const void *bytes, size_t len); /* as send(2), but -errno */
size_t test_send_some(int fd, const void *bytes, size_t len);

/* Receives what is there now, up to room: bytes, 0 for none yet, -1 at the end of the stream, -2 after a reset. */
ssize_t test_recv(int fd, void *bytes, size_t room);

/* Sets SO_SNDBUF or SO_RCVBUF. */
void test_buffer_size(int fd, int option, int bytes);

/* Ends the sending side; closes as close(2) does; resets the connection. */
void test_shutdown(int fd);
void test_close(int fd);
void test_reset(int fd);

/* len bytes of no pattern, the same each time; to be freed. */
char *test_pattern(size_t len);

/* A new file that holds these bytes, open for reading and writing; its name does not matter. */
int test_file(const void *bytes, size_t len);

/* Exactly this text is there to be received now. */
void test_expect(int fd, const char *text);

/* Turns the loop until these bytes have been received, and nothing after them. */
void test_expect_bytes(confab_reactor *reactor, int fd, const char *bytes, size_t len);

/* Connects to an address as confab_listener_address gives it (TCP or unix); non-blocking afterwards. */
int test_connect(const char *address);

/* A new folder under TMPDIR for this test, removed with all in it when the test ends. */
const char *test_folder(void);

/* The number of threads of this process, 0 where the system does not tell; and waits until there are no more than n
 * (which a detached thread that ends cannot tell otherwise), failing the test after about 20 s. */
int test_threads(void);
void test_threads_until(int n);

/* How often to try what is tried at random or at length: as often as told, an eighth of that under valgrind. */
int test_rounds(int rounds);

/* The number of open descriptors of this process. */
int test_open_fds(void);

#endif
