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
		for (size_t i = 0; i < f.count; i++)
			fuzz_check(f.list[i].chance >= 0 && f.list[i].chance <= 1);
		int status;
		faults_draw(&f, 7, 3, &status);
	} else {
		fuzz_check(err.kind == ERR_USAGE && err.text[0]);
	}
	free(copy);
	return 0;
}
