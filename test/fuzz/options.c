/* options_parse: words and variables in any number and of any bytes are taken, or refused with a sentence. */
#include "fuzz.h"

#include "base/options.h"

struct values {
	struct str text;
	int64_t number, duration;
	double real;
	bool flag;
	int choice;
};

static const struct str choices[] = {STR_INIT("low"), STR_INIT("high")};
static const struct option rows[] = {
	{"text", OPTION_TEXT, offsetof(struct values, text), .argument = "TEXT"},
	{"number", OPTION_INTEGER, offsetof(struct values, number), "3", 1, 64, .argument = "N"},
	{"duration", OPTION_DURATION, offsetof(struct values, duration), "1s", 100, 60000,
		.argument = "TIME"},
	{"real", OPTION_REAL, offsetof(struct values, real), .argument = "R"},
	{"flag", OPTION_FLAG, offsetof(struct values, flag), .help = ""},
	{"choice", OPTION_CHOICE, offsetof(struct values, choice), "low", .choices = choices,
		.choice_count = 2, .argument = "WHICH"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]), WORDS = 64 };

/* "RINKSIDE_NUMBER=7" is the environment's. */
static bool set_variable(char *line)
{
	static const char *const names[ROWS] = {"RINKSIDE_TEXT", "RINKSIDE_NUMBER",
		"RINKSIDE_DURATION", "RINKSIDE_REAL", "RINKSIDE_FLAG", "RINKSIDE_CHOICE"};
	for (size_t i = 0; i < ROWS; i++) {
		size_t n = strlen(names[i]);
		if (!line)
			unsetenv(names[i]);
		else if (!strncmp(line, names[i], n) && line[n] == '=')
			return putenv(line) == 0; /* which setenv would keep for ever */
	}
	return false;
}

/* The input's lines are the words, and what is set. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct option *list[ROWS];
	struct values v = {0};
	struct err err = {0};
	char *copy = malloc(size + 1), *argv[WORDS];
	int argc = 0;
	if (!copy)
		abort();
	if (size)
		memcpy(copy, data, size);
	copy[size] = 0;
	for (size_t i = 0; i < ROWS; i++)
		list[i] = &rows[i];
	for (char *at = copy, *line; at && argc < WORDS;) {
		line = at;
		at = strchr(at, '\n');
		if (at)
			*at++ = 0;
		if (!set_variable(line))
			argv[argc++] = line;
	}
	int given = argc;
	if (options_parse(list, ROWS, &v, &argc, argv, &err)) {
		fuzz_check(argc <= given);
		fuzz_check(v.number >= 1 && v.number <= 64);
		fuzz_check(v.duration >= 100 && v.duration <= 60000);
		fuzz_check(v.choice == 0 || v.choice == 1);
		fuzz_check(v.real >= 0);
	} else {
		fuzz_check(err.kind == ERR_USAGE && err.text[0]);
	}
	set_variable(NULL);
	free(copy);
	return 0;
}
