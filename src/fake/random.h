/*
 * random - numbers from a seed, the same on every machine (splitmix64).
 */
#ifndef FAKE_RANDOM_H
#define FAKE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

struct random random_from(uint64_t seed, uint64_t what); /* a stream of its own for each `what` */
uint64_t random_next(struct random *r);
int random_below(struct random *r, int n);          /* 0 … n-1 */
int random_between(struct random *r, int a, int b); /* a … b */
double random_unit(struct random *r);               /* [0, 1) */
bool random_chance(struct random *r, double p);
void random_shuffle(struct random *r, int *list, int n);

#endif
