/* A fuzz target over the files of its corpus, as TAP; so it needs neither clang nor libFuzzer. */
#include "fuzz/fuzz.h"

#include <dirent.h>

/* Corpora are small; one that is larger is none of ours. */
enum { LARGEST = 1 << 20 };

static size_t read_file(const char *path, uint8_t *out)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		return 0;
	size_t n = fread(out, 1, LARGEST, f);
	fclose(f);
	return n;
}

int main(void)
{
	static uint8_t data[LARGEST];
	struct dirent **files;
	int count = 0, found = scandir(CORPUS, &files, NULL, alphasort);
	for (int i = 0; i < found; i++) {
		char path[1024];
		snprintf(path, sizeof(path), "%s/%s", CORPUS, files[i]->d_name);
		if (files[i]->d_name[0] != '.') {
			LLVMFuzzerTestOneInput(data, read_file(path, data));
			printf("ok %d - %s\n", ++count, files[i]->d_name);
			fflush(stdout);
		}
		free(files[i]);
	}
	if (found >= 0)
		free(files);
	printf("1..%d\n", count);
	return count ? 0 : 1;
}
