/*
 * lambda - the program as a function: one event after the other, until the interface ends it.
 */
#ifndef LAMBDA_LAMBDA_H
#define LAMBDA_LAMBDA_H

#include "lambda/function.h"

/* address: AWS_LAMBDA_RUNTIME_API. Returns only when something is wrong: always false. */
bool lambda_run(const struct function_settings *s, const char *address, struct err *err);

#endif
