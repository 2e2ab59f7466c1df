/* A reader of channel files with the fault of July 2024, to try `ccheck fuzz --exec './reader @@'` on.
 *
 * Build: cc -g -O1 -fsanitize=address -o reader reader.c
 *
 * It checks every number of the file but one: the index of a criterion's input. Exit status: 0 the file was
 * read, 1 it was refused; the read past the array of inputs is what the address sanitizer tells of.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER = 32, INSTANCES = 3, CRITERIA = 4, INSTANCE_SIZE = 24, CRITERION_SIZE = 16, WILDCARD = 1 };
enum { INPUTS = 20 }; /* what the call site supplies; the definitions say 21 */

static uint16_t u16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }
static uint32_t u32(const uint8_t *p) { return u16(p) | (uint32_t)u16(p + 2) << 16; }

static void refuse(const char *why) {
    fprintf(stderr, "refused: %s\n", why);
    exit(1);
}

struct table {
    const uint8_t *records;
    uint32_t count;
};

/* The driver of 2024: the index comes from content and goes into the array as it is. */
static const char *read_input(const char **inputs, uint16_t index) { return inputs[index]; }

static int evaluate(struct table instances, struct table criteria, const char **inputs) {
    int matched = 0;
    for (uint32_t i = 0; i < instances.count; i++) {
        const uint8_t *instance = instances.records + (size_t)i * INSTANCE_SIZE;
        uint32_t first = u32(instance + 12), count = u16(instance + 16);
        if (first > criteria.count || count > criteria.count - first) refuse("criteria outside of their table");
        for (uint32_t c = first; c < first + count; c++) {
            const uint8_t *criterion = criteria.records + (size_t)c * CRITERION_SIZE;
            if (u16(criterion + 2) == WILDCARD) continue;
            const char *input = read_input(inputs, u16(criterion));
            matched += input != NULL && input[0] != '\0';
        }
    }
    return matched;
}

int main(int argc, char **argv) {
    static uint8_t data[1 << 20];
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL) {
        fprintf(stderr, "usage: reader FILE\n");
        return 2;
    }
    size_t size = fread(data, 1, sizeof data, file);
    fclose(file);
    if (size < HEADER || memcmp(data, "\xaa\xaa\xaa\xaa", 4) != 0 || u32(data + 20) != size) refuse("header");
    struct table instances = {NULL, 0}, criteria = {NULL, 0};
    size_t at = HEADER;
    for (int blocks = 0; blocks < 16; blocks++) {
        if (at % 8 != 0 || at > size - 8) refuse("block outside of the file");
        uint32_t next = u32(data + at), length = u32(data + at + 4);
        if (length == 0) break;
        if (length < 8 || length > size - at - 8) refuse("block longer than the file");
        uint16_t kind = u16(data + at + 8), stride = u16(data + at + 10);
        uint32_t count = u32(data + at + 12);
        struct table *table = kind == INSTANCES ? &instances : kind == CRITERIA ? &criteria : NULL;
        if (table != NULL) {
            if (stride != (kind == INSTANCES ? INSTANCE_SIZE : CRITERION_SIZE)) refuse("record size");
            if (count > (length - 8) / stride) refuse("more records than bytes");
            table->records = data + at + 16;
            table->count = count;
        }
        if (next <= at || next >= size) break;
        at = next;
    }
    if (size < 8) refuse("too short");
    const char **inputs = malloc(INPUTS * sizeof *inputs);
    if (inputs == NULL) return 2;
    for (int i = 0; i < INPUTS; i++) inputs[i] = "pipe";
    int matched = evaluate(instances, criteria, inputs);
    free(inputs);
    printf("%d criteria matched\n", matched);
    return 0;
}
