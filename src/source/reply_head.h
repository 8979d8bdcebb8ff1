/*
 * reply_head - what the head of a reply says about its age and order.
 */
#ifndef SOURCE_REPLY_HEAD_H
#define SOURCE_REPLY_HEAD_H

#include "base/str.h"

/* Of one reply; an absent field is 0, but max_age_s is then -1. */
struct reply_head {
	char etag[64];     /* as it came; empty: none, or longer */
	int64_t etag_time; /* Unix seconds */
	int64_t date_s;    /* Unix seconds */
	int64_t age_s;
	int64_t max_age_s;
	int64_t retry_after_s; /* as a number */
	int64_t retry_at_s;    /* as a date, Unix seconds */
};

void reply_head_init(struct reply_head *h);
/* One line, "Name: value" with or without its end; what is not understood changes nothing. */
void reply_head_add(struct reply_head *h, struct str line);

/* Seconds since 1970 of what orders it: the ETag's time, else Date less Age, else the given
 * arrival. A Date later than that is none. */
int64_t reply_head_order_time(const struct reply_head *h, int64_t arrival_s);
/* 0: it asked for nothing. A date is measured from the reply's own Date, where it has one. */
int64_t reply_head_retry_after_s(const struct reply_head *h, int64_t arrival_s);

#endif
