/*
 * Pairs of threads that wake each other all the time, each in one of two functions: what is called from
 * one() never returns to two(). usage: switching PAIRS
 */
#include "ready.h"
#include <pthread.h>

#define FUNCTION __attribute__((noinline, noclone))

struct end {
	int in, out;
};

volatile int sink;

FUNCTION int wait_one(struct end *end)
{
	volatile char local[40] = { 1 };
	char c;

	if (write(end->out, "1", 1) != 1 || read(end->in, &c, 1) != 1)
		err(1, "pipe");
	return local[0] + ++sink;
}

FUNCTION int wait_two(struct end *end)
{
	volatile char local[400] = { 2 };
	char c;

	if (write(end->out, "2", 1) != 1 || read(end->in, &c, 1) != 1)
		err(1, "pipe");
	return local[0] + ++sink;
}

FUNCTION int one(struct end *end)
{
	volatile char local[1000] = { 1 };

	return wait_one(end) + local[0];
}

FUNCTION int two(struct end *end)
{
	volatile char local[72] = { 1 };

	return wait_two(end) + local[0];
}

FUNCTION void *worker(void *end)
{
	for (;;)
		sink += one(end) + two(end);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	for (int pairs = atoi(argv[1]); pairs > 0; pairs--) {
		struct end *ends = malloc(2 * sizeof(*ends));
		int a[2], b[2];

		if (pipe(a) || pipe(b))
			err(1, "pipe");
		ends[0] = (struct end){ a[0], b[1] };
		ends[1] = (struct end){ b[0], a[1] };
		pthread_create(&thread, NULL, worker, &ends[0]);
		pthread_create(&thread, NULL, worker, &ends[1]);
	}
	ready_and_wait();
	return 0;
}
