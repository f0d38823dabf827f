/* post.c: calls that other threads hand to the loop. */
#include "core/pool.h"
#include "core/reactor.h"
#include <errno.h>
#include <stdlib.h>

int confab_reactor_post(confab_reactor *reactor, confab_call *call, void *data)
{
    /* Not of the reactor's memory: that belongs to its thread. */
    struct post *post = malloc(sizeof *post);

    if (!post)
        return -ENOMEM;
    *post = (struct post){ .call = call, .data = data };
    pthread_mutex_lock(&reactor->post_lock);
    if (reactor->posts_refused) {
        pthread_mutex_unlock(&reactor->post_lock);
        free(post);
        return -ESHUTDOWN;
    }
    *reactor->posts_end = post;
    reactor->posts_end = &post->next;
    /* Inside the lock: once it is let go the reactor may see this post and, in the end, be freed. */
    if (!atomic_exchange(&reactor->posted, true))
        reactor_wake(reactor);
    pthread_mutex_unlock(&reactor->post_lock);
    return 0;
}

static struct post *take_all(confab_reactor *reactor)
{
    pthread_mutex_lock(&reactor->post_lock);
    /* An exchange, so that what a pool did before it set this is seen by those who look next. */
    atomic_exchange(&reactor->posted, false);
    struct post *posts = reactor->posts;
    reactor->posts = NULL;
    reactor->posts_end = &reactor->posts;
    pthread_mutex_unlock(&reactor->post_lock);
    return posts;
}

static int run(struct post *posts, confab_reactor *reactor)
{
    int n = 0;

    for (struct post *next; posts; posts = next, n++) {
        next = posts->next;
        posts->call(reactor, posts->data);
        free(posts);
    }
    return n;
}

int posts_run(confab_reactor *reactor)
{
    int n = run(take_all(reactor), reactor);
    return n + pool_turn(reactor->work_pool) + pool_turn(reactor->names_pool);
}

void posts_refuse(confab_reactor *reactor)
{
    pthread_mutex_lock(&reactor->post_lock);
    reactor->posts_refused = true;
    pthread_mutex_unlock(&reactor->post_lock);
}

void posts_cancel(confab_reactor *reactor)
{
    run(take_all(reactor), NULL);
}
