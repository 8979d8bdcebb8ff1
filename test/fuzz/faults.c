/* faults_parse: what it takes has chances from 0 to 1, and what it refuses it says. */
#include "fuzz.h"

#include "fake/faults.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct faults f;
	struct err err = {0};
	char *copy = fuzz_copy(data, size);
	if (faults_parse((struct str){copy, size}, 1, &f, &err)) {
		fuzz_check(f.count <= FAULTS_MAX);
		for (size_t i = 0; i < f.count; i++) {
			const struct fault_rule *r = &f.rules[i];
			fuzz_check(r->chance >= 0 && r->chance <= 1);
			fuzz_check(r->fault > FAULT_NONE && r->fault < FAULT_COUNT);
			fuzz_check(!r->every_ms == !r->for_ms);
		}
		faults_draw(&f, STR("/v1/gamecenter/2025020001/boxscore"), 7, 3, 1760000000000);
	} else {
		fuzz_check(err.kind == ERR_USAGE && err.text[0]);
	}
	free(copy);
	return 0;
}
