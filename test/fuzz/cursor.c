/*
 * The cursor of a page: any text is read or refused; values made of the input come back as they
 * were, for their own query and types alone, and not when a character has been changed or lost.
 */
#include "fuzz.h"

#include "api/mark.h"

enum { QUERY = 77 };

static struct arena keep;

static void read_any(struct str text)
{
	static const enum column_type types[] = {COLUMN_INT, COLUMN_TEXT, COLUMN_REAL, COLUMN_TIME};
	struct value out[4];
	mark_read(text, QUERY, types, 4, out, &keep);
	mark_read(text, QUERY, types, 1, out, &keep);
}

/* As many values as the first byte says, of types and contents that the others say. */
static size_t make_values(
	const uint8_t *data, size_t size, struct value *values, enum column_type *types)
{
	size_t count = 1 + *data % 3, at = 1;
	for (size_t i = 0; i < count; i++) {
		uint8_t kind = at < size ? data[at++] : 0;
		size_t n = size - at < 9 ? size - at : 9;
		types[i] = (enum column_type)(kind % (COLUMN_TIME + 1));
		values[i] = (struct value){.known = kind < 200, .type = types[i]};
		for (size_t k = 0; values[i].known && types[i] != COLUMN_TEXT && k < n && k < 4;
			k++)
			values[i].integer = values[i].integer << 8 | data[at + k];
		if (values[i].known && types[i] == COLUMN_BOOL)
			values[i].integer &= 1;
		if (values[i].known && types[i] == COLUMN_REAL) {
			values[i].real = (double)values[i].integer / 16;
			values[i].integer = 0;
		}
		if (values[i].known && types[i] == COLUMN_TEXT)
			values[i].text = (struct str){(const char *)data + at, n};
		at += n;
	}
	return count;
}

static void check_there_and_back(const uint8_t *data, size_t size)
{
	struct value values[3], out[3];
	enum column_type types[3];
	size_t count = make_values(data, size, values, types);
	struct str text = mark_write(QUERY, values, count, &keep);
	fuzz_check(mark_read(text, QUERY, types, count, out, &keep));
	for (size_t i = 0; i < count; i++)
		fuzz_check(value_equal(values[i], out[i]));
	fuzz_check(!mark_read(text, QUERY + 1, types, count, out, &keep));
	fuzz_check(!mark_read(str_first(text, text.n - 1), QUERY, types, count, out, &keep));
	char *changed = str_z(&keep, text);
	changed[data[0] % text.n] ^= 1;
	fuzz_check(!mark_read((struct str){changed, text.n}, QUERY, types, count, out, &keep));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size || size > 4096)
		return 0;
	if (!keep.base)
		keep = arena_reserve(1 << 24);
	arena_reset(&keep);
	char *copy = fuzz_copy(data, size);
	read_any((struct str){copy, size});
	free(copy);
	check_there_and_back(data, size);
	return 0;
}
