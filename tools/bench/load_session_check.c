/* load_session_check.c: whether a load can play a session: again and again, on many connections that know nothing of
 * each other, as fast as it is answered. */
#include "tools/bench/load.h"
#include "tools/session/pattern.h"
#include "tools/session/session.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct check {
    const struct session *session;
    char *why;
};

static int refuse(const struct check *check, unsigned line, const char *format, ...) CONFAB_PRINTF(3, 4);

static int refuse(const struct check *check, unsigned line, const char *format, ...)
{
    int n = snprintf(check->why, BENCH_WHY, "%s:%u: ", check->session->name, line);
    va_list list;

    if (n < 0 || n >= BENCH_WHY)
        return -EINVAL;
    va_start(list, format);
    vsnprintf(check->why + n, BENCH_WHY - (size_t)n, format, list);
    va_end(list);
    return -EINVAL;
}

static bool expects(const struct session_step *step)
{
    return step->kind == STEP_EXPECT || step->kind == STEP_OPTIONAL || step->kind == STEP_UNTIL ||
           step->kind == STEP_MATCH || step->kind == STEP_CLOSED;
}

/* -- Names ----------------------------------------------------------------------------- */

/* Whether a step up to this one captures it. */
static bool is_captured(const struct session *session, const char *name, size_t before)
{
    for (size_t i = 0; i < before; i++) {
        const struct pattern *pattern = session->steps[i].pattern;
        for (size_t k = 0; pattern && k < pattern->name_count; k++)
            if (!strcmp(pattern->names[k].name, name))
                return true;
    }
    return false;
}

static int check_names(const struct check *check, size_t at)
{
    const struct session_step *step = &check->session->steps[at];

    for (size_t i = 0; i < step->text.count; i++) {
        const char *name = step->text.parts[i].name;
        if (name && strcmp(name, "ADDRESS") && !is_captured(check->session, name, at))
            return refuse(
                check, step->line,
                "${%s}, which has no value in a load, expected ${ADDRESS}, or what a <~ has captured before",
                name);
    }
    return 0;
}

/* The server gets them before anybody knows where it will listen. */
static int check_option(const struct check *check, const struct session_pair *option)
{
    for (size_t i = 0; i < option->value.count; i++)
        if (option->value.parts[i].name)
            return refuse(check, option->line,
                          "${%s} in an option, which has no value in a load, expected text",
                          option->value.parts[i].name);
    return 0;
}

/* -- Steps ------------------------------------------------------------------------------ */

/* Whether it is there shows in what comes next: so something has to. */
static int check_optional(const struct check *check, size_t at)
{
    const struct session *session = check->session;

    if (at + 1 < session->step_count && expects(&session->steps[at + 1]))
        return 0;
    return refuse(
        check, session->steps[at].line,
        "<? with nothing that is expected behind it, expected that: a load does not wait to see that "
        "nothing comes");
}

static int check_step(const struct check *check, size_t at)
{
    const struct session_step *step = &check->session->steps[at];

    if (step->group)
        return refuse(check, step->line,
                      "together, expected steps one after the other: a load knows no other");
    switch (step->kind) {
    case STEP_WAIT:
        return refuse(check, step->line, "wait, expected a session without it: a load lets no time pass");
    case STEP_STALL:
    case STEP_GO:
        return refuse(check, step->line, "%s, expected a session without it: a load always reads",
                      step_sign(step->kind));
    case STEP_ACCEPT:
        return refuse(check, step->line, "accept, expected a session without it: a load has no servers");
    case STEP_CONNECT:
        if (step->text.count > 0)
            return refuse(check, step->line,
                          "an address to connect to, expected none: a load connects to the server alone");
        return 0;
    case STEP_OPTIONAL:
        if (check_optional(check, at))
            return -EINVAL;
        break;
    case STEP_SEND:
    case STEP_EXPECT:
    case STEP_UNTIL:
    case STEP_MATCH:
    case STEP_EOF:
    case STEP_RESET:
    case STEP_CLOSED:
        break;
    }
    return check_names(check, at);
}

/* A play that nothing has to come in for would be over before it has begun. */
static bool is_answered(const struct session *session)
{
    for (size_t i = 0; i < session->step_count; i++) {
        const struct session_step *step = &session->steps[i];
        if (step->kind == STEP_MATCH || step->kind == STEP_CLOSED ||
            ((step->kind == STEP_EXPECT || step->kind == STEP_UNTIL) && step->text.count > 0))
            return true;
    }
    return false;
}

int load_session_check(const struct session *session, char why[BENCH_WHY])
{
    const struct check check = { session, why };

    if (session->file_count > 0)
        return refuse(&check, session->files[0].line,
                      "a file, expected a session without: a load has no folder");
    if (session->server_count > 0)
        return refuse(&check, session->servers[0].line,
                      "a server, expected a session without: a load has no servers");
    for (size_t i = 0; i < session->option_count; i++)
        if (check_option(&check, &session->options[i]))
            return -EINVAL;
    for (size_t i = 0; i < session->step_count; i++)
        if (session->steps[i].connection > 0)
            return refuse(&check, session->steps[i].line,
                          "a second connection, expected one: each of a load plays the session by itself");
        else if (check_step(&check, i))
            return -EINVAL;
    if (!is_answered(session)) {
        snprintf(why, BENCH_WHY, "%s: nothing is expected in it, expected a session with answers",
                 session->name);
        return -EINVAL;
    }
    return 0;
}
