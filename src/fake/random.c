#include "fake/random.h"

uint64_t random_next(struct random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

struct random random_from(uint64_t seed, uint64_t what)
{
	struct random r = {seed};
	r.state = random_next(&r) ^ what * 0xd6e8feb86659fd93u;
	random_next(&r);
	return r;
}

int random_below(struct random *r, int n)
{
	return n > 0 ? (int)(random_next(r) % (uint64_t)n) : 0;
}

int random_between(struct random *r, int a, int b)
{
	return a + random_below(r, b - a + 1);
}

double random_unit(struct random *r)
{
	return (double)(random_next(r) >> 11) * 0x1p-53;
}

bool random_chance(struct random *r, double p)
{
	return random_unit(r) < p;
}

void random_shuffle(struct random *r, int *list, int n)
{
	for (int i = n - 1; i > 0; i--) {
		int k = random_below(r, i + 1), t = list[i];
		list[i] = list[k];
		list[k] = t;
	}
}
