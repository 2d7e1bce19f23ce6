/*
 * threads COUNT: keeps so many threads alive, itself included, all asleep; prints "ready" when they
 * are, and ends when its standard input does, so that it never outlives who started it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define STACK_SIZE (32 * 1024UL)

static void *sleep_forever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

int main(int argc, char **argv)
{
	unsigned long count = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	pthread_attr_t attr;
	char *stacks;
	char byte;
	ssize_t got;

	if (count < 1) {
		fprintf(stderr, "usage: threads COUNT\n");
		return 2;
	}
	/* One mapping for all stacks: vm.max_map_count limits how many there may be. */
	stacks = mmap(NULL, count * STACK_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (stacks == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	pthread_attr_init(&attr);
	for (unsigned long i = 1; i < count; i++) {
		pthread_t thread;
		int error;

		pthread_attr_setstack(&attr, stacks + i * STACK_SIZE, STACK_SIZE);
		error = pthread_create(&thread, &attr, sleep_forever, NULL);
		if (error) {
			fprintf(stderr, "cannot create thread %lu of %lu: %s\n", i + 1, count,
				strerror(error));
			return 1;
		}
	}
	puts("ready");
	fflush(stdout);
	do
		got = read(0, &byte, 1);
	while (got > 0 || (got < 0 && errno == EINTR));
	return 0;
}
