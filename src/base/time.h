/*
 * time - instants, days, and the league's wall clock.
 *
 * An instant is an int64_t of milliseconds since 1970, UTC (`*_ms`). A day is an
 * int32_t of days since 1970-01-01 in the proleptic Gregorian calendar. The
 * league's days are Eastern days: games that end past midnight belong to the day
 * on which they began.
 */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include "base/str.h"

/* How far two clocks that are well may be apart; what is later than that is yet to come. */
enum { CLOCKS_APART_MS = 60000 };

int64_t time_now_ms(void);
int64_t time_monotonic_ms(void); /* only ever forward; from an unknown start */
int64_t time_until_ms(
	int64_t instant_ms); /* what a timer must wait for it, real ms; 0: it is past */

/*
 * For rehearsals (RINKSIDE_CLOCK): "REAL/SHOWN/SPEED" makes time_now_ms() say SHOWN at the
 * real instant REAL, both Unix ms, and run SPEED times as fast from there. Processes that are told
 * the same have the same time. Timers and the monotonic clock stay real. False: not of that form.
 * Before any thread is started.
 */
bool time_rehearse(struct str spec);

/* "2026-11-24T01:02:03.004Z"; without the fraction when it is zero. */
struct time_text {
	char text[32];
};
struct time_text time_format(int64_t ms);

/* RFC 3339 with "Z" or an offset, seconds and a fraction optional; only years 1900 to 2200. */
bool time_parse(struct str s, int64_t *out_ms);

/* The last whole multiple of step at or before at, of instants as of days: before 1970 they are
 * negative. */
int64_t time_floor(int64_t at, int64_t step);

/* "1.5s"-like durations: a whole number and ms, s, m, h or d. */
bool time_parse_duration(struct str s, int64_t *out_ms);
struct time_text time_format_duration(int64_t ms);

struct time_text day_format(int32_t day);   /* "2026-11-24" */
bool day_parse(struct str s, int32_t *out); /* exactly YYYY-MM-DD, a day that exists */
int32_t day_from_civil(int year, int month, int day);
void day_to_civil(int32_t day, int *year, int *month, int *out_day);
int64_t day_start_ms(int32_t day); /* its midnight, UTC */
int day_age(
	int32_t birth, int32_t on); /* completed years; born 29 February: a year older on 1 March */

/* US rules since 2007: from the second Sunday of March to the first of November, at 2 o'clock. */
int eastern_offset_minutes(int64_t ms); /* -300 or -240 */
int32_t eastern_day(int64_t ms);

#endif
