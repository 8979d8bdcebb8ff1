/*
 * spawn - runs commands one after the other and says what each took.
 *
 * Each line of the input is a command, its words parted by the byte 31. For each a line:
 * wall and CPU milliseconds, its children included, largest resident KiB, exit code. A process
 * started from here begins small: the largest resident size that wait4 tells counts from the
 * fork on, and would be Python's own if Python started it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double ms(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

static void run(char *line)
{
	char *words[64];
	int count = 0, status;
	struct rusage used;
	for (char *w = strtok(line, "\x1f\n"); w && count < 63; w = strtok(NULL, "\x1f\n"))
		words[count++] = w;
	words[count] = NULL;
	double begin = now_ms();
	pid_t child = fork();
	if (child < 0) {
		perror("spawn: fork");
		exit(1);
	}
	if (!child) {
		int null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execv(words[0], words);
		perror(words[0]);
		_exit(127);
	}
	if (wait4(child, &status, 0, &used) < 0) {
		perror("spawn: wait4");
		exit(1);
	}
	printf("%.3f %.3f %ld %d\n", now_ms() - begin, ms(used.ru_utime) + ms(used.ru_stime), used.ru_maxrss,
		WIFEXITED(status) ? WEXITSTATUS(status) : 128);
	fflush(stdout);
}

int main(void)
{
	static char line[65536];
	while (fgets(line, sizeof(line), stdin))
		run(line);
	return 0;
}
