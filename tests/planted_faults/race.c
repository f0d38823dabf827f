/* Two threads write one number. */
#include <pthread.h>
#include <stddef.h>

static int number;

static void *count(void *data)
{
    number++;
    return data;
}

int main(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, count, NULL) != 0)
        return 1;
    number++;
    return pthread_join(thread, NULL);
}
