/*
 * A thread maps, protects and unmaps pages within a region all the time. Prints where the region starts
 * and ends. usage: moving_vmas PAGES
 */
#include "ready.h"
#include <pthread.h>
#include <sys/mman.h>

static char *region;
static size_t pages;

static void *move(void *unused)
{
	for (unsigned int state = 1;; state = state * 1664525 + 1013904223) {
		size_t i = (state >> 8) % pages;
		char *page = region + i * 4096;
		int protection = i % 3 ? PROT_READ : PROT_READ | PROT_WRITE;

		munmap(page, 4096);
		mmap(page, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		mprotect(region + i / 2 * 4096, 4096, PROT_READ | PROT_WRITE | (i % 2 ? PROT_EXEC : 0));
	}
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	pages = atol(argv[1]);
	/* Inaccessible pages around it: nothing else is merged with what moves. */
	region = mmap(NULL, (pages + 2) * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (region == MAP_FAILED)
		err(1, "mmap");
	region += 4096;
	for (size_t i = 0; i < pages; i++)
		mprotect(region + i * 4096, 4096, i % 2 ? PROT_READ : PROT_READ | PROT_WRITE);
	pthread_create(&thread, NULL, move, NULL);
	printf("%lx\n%lx\n", (long)region, (long)(region + pages * 4096));
	ready_and_wait();
	return 0;
}
