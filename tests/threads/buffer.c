/* buffer.c: a buffer that threads share lives until the last of them has let go of it, and is freed then. */
#include "check.h"
#include <confab/buffer.h>
#include <string.h>

enum { THREADS = 4, BUFFERS = 64, ROUNDS = 200, SIZE = 100 };

/* What a thread has: an owner's share in each buffer. */
struct owner {
    confab_buffer *buffer[BUFFERS];
};

static void check_bytes(confab_buffer *buffer, int mark)
{
    const char *bytes = confab_buffer_data(buffer);

    check(confab_buffer_size(buffer) == SIZE, "the buffer's size");
    check(bytes[0] == mark && bytes[SIZE - 1] == mark && bytes[SIZE] == '\0', "the buffer's bytes");
}

static void *use(void *data)
{
    struct owner *owner = data;

    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < BUFFERS; i++)
            confab_buffer_unref(confab_buffer_ref(owner->buffer[i]));
    for (int i = 0; i < BUFFERS; i++) {
        check_bytes(owner->buffer[i], i + 1);
        confab_buffer_unref(owner->buffer[i]);
    }
    return NULL;
}

int main(void)
{
    struct owner owner[THREADS];
    pthread_t thread[THREADS];

    for (int i = 0; i < BUFFERS; i++) {
        char bytes[SIZE];
        memset(bytes, i + 1, SIZE);
        confab_buffer *buffer = confab_buffer_new(bytes, SIZE);
        check(buffer != NULL, "a buffer");
        for (int k = 0; k < THREADS; k++)
            owner[k].buffer[i] = k == 0 ? buffer : confab_buffer_ref(buffer);
    }
    for (int k = 0; k < THREADS; k++)
        thread[k] = thread_start(use, &owner[k]);
    for (int k = 0; k < THREADS; k++)
        thread_join(thread[k]);
    return 0;
}
