/* base/time: what is taken can be shown, and what is shown is taken for the same. */
#include "fuzz.h"

#include "base/time.h"

static void check_instant(struct str s)
{
	static const int64_t first_ms = -2209075200000,
			     last_ms = 7289740800000; /* 1900 to 2200, and a day */
	int64_t ms, again;
	if (!time_parse(s, &ms))
		return;
	fuzz_check(ms >= first_ms && ms <= last_ms);
	int offset = eastern_offset_minutes(ms);
	fuzz_check(offset == -300 || offset == -240);
	int32_t day = eastern_day(ms);
	fuzz_check(day_start_ms(day) <= ms + offset * 60000 &&
		   ms + offset * 60000 < day_start_ms(day + 1));
	/* An offset may have shifted it beyond the years that are taken. */
	if (time_parse(str_from(time_format(ms).text), &again))
		fuzz_check(again == ms);
}

static void check_day(struct str s)
{
	int year, month, of_month;
	int32_t day;
	if (!day_parse(s, &day))
		return;
	fuzz_check(str_equal(s, str_from(day_format(day).text)));
	day_to_civil(day, &year, &month, &of_month);
	fuzz_check(day_from_civil(year, month, of_month) == day);
	fuzz_check(day_age(day, day) == 0 && day_age(day, day + 366) == 1);
}

static void check_duration(struct str s)
{
	int64_t ms, again;
	if (!time_parse_duration(s, &ms))
		return;
	fuzz_check(ms >= 0);
	fuzz_check(time_parse_duration(str_from(time_format_duration(ms).text), &again) &&
		   again == ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = fuzz_copy(data, size);
	struct str s = {copy, size};
	check_instant(s);
	check_day(s);
	check_duration(s);
	if (time_rehearse(s))
		time_now_ms();
	free(copy);
	return 0;
}
