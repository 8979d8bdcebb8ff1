/*
 * lambda/queue - the client of one queue of Amazon SQS: a message, delivered after a while.
 *
 * libcurl signs the requests with the credentials that the function's environment holds. They are
 * read anew for each, and are told to nobody: neither the log nor an error has them, nor anything
 * that the queue's answer says beside its status and the name of the error.
 */
#ifndef LAMBDA_QUEUE_H
#define LAMBDA_QUEUE_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

enum { QUEUE_MAX_DELAY_S = 900 }; /* SQS keeps no message back for longer */

struct queue;

/* "https://sqs.REGION.amazonaws.com/ACCOUNT/NAME"; AWS_REGION says the region. */
struct queue *queue_open(struct str url, struct err *err);
void queue_close(struct queue *q); /* NULL is fine */

bool queue_send(
	struct queue *q, struct str message, int64_t delay_s, int64_t timeout_ms, struct err *err);

#endif
