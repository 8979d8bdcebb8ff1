/* decode: the first byte chooses the decoder, the rest is the body. */
#include "fuzz.h"

#include "decode/decode.h"

static void check_snapshot(bool ok, const struct snapshot *s, const struct err *err)
{
	fuzz_check(ok || (err->kind == ERR_DECODE && err->text[0]));
	for (size_t i = 0; ok && i < s->count; i++)
		fuzz_check(KNOWS(&s->lines[i], STAT, player_id));
}

static void box_score(struct str body, struct arena *keep, struct err *err)
{
	struct snapshot s = {0};
	check_snapshot(decode_box_score(body, 0, keep, &s, err), &s, err);
}

static void play_by_play(struct str body, struct arena *keep, struct err *err)
{
	struct snapshot s = {0};
	check_snapshot(decode_play_by_play(body, 0, keep, &s, err), &s, err);
}

static void schedule(struct str body, struct arena *keep, struct err *err)
{
	struct schedule s;
	fuzz_check(decode_schedule(body, keep, &s, err) || err->kind == ERR_DECODE);
}

static void roster(struct str body, struct arena *keep, struct err *err)
{
	struct people all;
	fuzz_check(decode_roster(body, keep, &all, err) || err->kind == ERR_DECODE);
}

static void player(struct str body, struct arena *keep, struct err *err)
{
	struct people one;
	fuzz_check(decode_player(body, 0, keep, &one, err) || err->kind == ERR_DECODE);
}

static void teams(struct str body, struct arena *keep, struct err *err)
{
	struct clubs all;
	fuzz_check(decode_teams(body, keep, &all, err) || err->kind == ERR_DECODE);
}

static void kind(struct str body, struct arena *keep, struct err *err)
{
	enum body_kind found;
	(void)keep;
	fuzz_check(decode_kind(body, &found, err) || err->kind == ERR_DECODE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const decoders[])(struct str, struct arena *, struct err *) = {
		box_score, play_by_play, schedule, roster, player, teams, kind};
	struct err err = {0};
	if (!size || size > 1 << 20)
		return 0;
	struct arena *keep = fuzz_arena((size_t)1 << 32);
	size_t which = (size_t)(*data - '0') % (sizeof(decoders) / sizeof(decoders[0]));
	char *copy = fuzz_copy(data + 1, size - 1);
	decoders[which]((struct str){copy, size - 1}, keep, &err);
	free(copy);
	return 0;
}
