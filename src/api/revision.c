#include "api/revision.h"

#include "base/time.h"

size_t revision_rows(const struct recorded *rows, size_t count)
{
	size_t n = 0;
	while (n < count && rows[n].revision == rows[0].revision)
		n++;
	return n;
}

static void write_time(int64_t ms, struct json *j)
{
	json_key(j, STR("observed_at"));
	json_text(j, str_from(time_format(ms).text));
}

static void write_number(struct str name, int64_t value, struct json *j)
{
	json_key(j, name);
	json_i64(j, value);
}

static void write_changed(const struct recorded *r, struct json *j)
{
	write_number(STR("game_id"), r->game_id, j);
	if (r->player_id)
		write_number(STR("player_id"), r->player_id, j);
	json_key(j, STR("kind"));
	json_text(j, r->kind);
	json_key(j, STR("phase"));
	json_text(j, r->phase);
	if (r->player_id) {
		json_key(j, STR("correction"));
		json_bool(j, r->is_correction);
	}
	json_key(j, STR("before"));
	json_raw(j, r->before);
	json_key(j, STR("after"));
	json_raw(j, r->after);
}

static void write_list(
	struct str name, bool of_games, const struct recorded *rows, size_t count, struct json *j)
{
	json_key(j, name);
	json_open(j, '[');
	for (size_t i = 0; i < count; i++) {
		if (of_games != !rows[i].player_id)
			continue;
		json_open(j, '{');
		write_changed(&rows[i], j);
		json_close(j, '}');
	}
	json_close(j, ']');
}

void revision_write_json(const struct recorded *rows, size_t count, struct json *j)
{
	json_open(j, '{');
	write_number(STR("revision"), rows[0].revision, j);
	write_time(rows[0].observed_at, j);
	write_list(STR("games"), true, rows, count, j);
	write_list(STR("lines"), false, rows, count, j);
	json_close(j, '}');
}

void recorded_write_json(const struct recorded *r, struct json *j)
{
	json_open(j, '{');
	write_number(STR("revision"), r->revision, j);
	write_time(r->observed_at, j);
	write_changed(r, j);
	json_close(j, '}');
}
