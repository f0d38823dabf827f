/* A shared object, but no plugin. */
extern __attribute__((visibility("default"))) const int confab_not_the_entry;
const int confab_not_the_entry = 1;
