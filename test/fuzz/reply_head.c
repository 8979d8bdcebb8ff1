/* reply_head_add: whatever a head says, what comes of it is in range, and orders and waits can be made of it. */
#include "fuzz.h"

#include "source/reply_head.h"

enum { MAX_S = 366 * 86400 };

/* The input's lines are the head's. */
static void add_lines(struct reply_head *h, struct str head)
{
	while (head.n) {
		struct str_cut cut = str_cut(head, '\n');
		char *copy = fuzz_copy((const uint8_t *)cut.head.p, cut.head.n);
		reply_head_add(h, (struct str){copy, cut.head.n});
		free(copy);
		head = cut.tail;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t arrival_s = 1700000000;
	struct reply_head h;
	if (!size)
		return 0;
	reply_head_init(&h);
	add_lines(&h, (struct str){(const char *)data, size});
	fuzz_check(memchr(h.etag, 0, sizeof(h.etag)));
	fuzz_check(h.age_s >= 0 && h.age_s <= MAX_S);
	fuzz_check(h.max_age_s >= -1 && h.max_age_s <= MAX_S);
	fuzz_check(h.date_s >= 0 && h.retry_at_s >= 0);
	fuzz_check(h.retry_after_s >= 0 && h.retry_after_s <= MAX_S);
	fuzz_check(reply_head_order_time(&h, arrival_s) <= arrival_s + 60 + MAX_S);
	fuzz_check(reply_head_retry_after_s(&h, arrival_s) >= 0);
	return 0;
}
