/* The call sites of a sensor, as in July 2024: the array for IPC has 20 inputs. */
#define CCHECK_BUILD "7.11"
#include "ccheck_contract.h"

int evaluate(const char *const *inputs, unsigned long count);

int on_named_pipe(const char *name, const char *user)
{
    const char *inputs[] = {
        name, user, "", "", "", "", "", "", "", "",
        "",   "",   "", "", "", "", "", "", "", "",
    };
    CCHECK_SUPPLIES(IPC, CCHECK_ARRAY_SIZE(inputs));

    return evaluate(inputs, CCHECK_ARRAY_SIZE(inputs));
}

int on_process(const char *image, const char *user)
{
    const char *inputs[] = {image, user, "", "", "", ""};
    CCHECK_SUPPLIES(PROCESS, CCHECK_ARRAY_SIZE(inputs));

    return evaluate(inputs, CCHECK_ARRAY_SIZE(inputs));
}

/* What the interpreter understands, beside its table of comparisons. */
CCHECK_UNDERSTANDS_format_versions(1);
CCHECK_UNDERSTANDS_criterion_kinds(wildcard);
CCHECK_UNDERSTANDS_criterion_kinds(equals);
CCHECK_UNDERSTANDS_criterion_kinds(prefix);
CCHECK_UNDERSTANDS_criterion_kinds(contains);
CCHECK_UNDERSTANDS_criterion_kinds(regex);
CCHECK_SWITCH_bounds_check(0);

int evaluate(const char *const *inputs, unsigned long count)
{
    return inputs[count - 1] != 0;
}
