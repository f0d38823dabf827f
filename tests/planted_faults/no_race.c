/* Two threads write one number, each in its turn. */
#include <pthread.h>
#include <stddef.h>

static int number;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *count(void *data)
{
    pthread_mutex_lock(&lock);
    number++;
    pthread_mutex_unlock(&lock);
    return data;
}

int main(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, count, NULL) != 0)
        return 1;
    count(NULL);
    return pthread_join(thread, NULL);
}
