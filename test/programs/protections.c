/*
 * Runs, and does nothing else, once it has large pages, and 64 pages that it may not touch any more;
 * prints the address of these.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define LARGE (2UL << 20)
#define PAGES 64

static char *map(size_t length)
{
	char *pages = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		err(1, "mmap");
	return pages;
}

int main(void)
{
	char *large = map(5 * LARGE), *closed = map(PAGES * 4096);

	large += -(uintptr_t)large % LARGE;
	madvise(large, 4 * LARGE, MADV_HUGEPAGE);
	memset(large, 1, 4 * LARGE);
	madvise(closed, PAGES * 4096, MADV_NOHUGEPAGE);
	for (int i = 0; i < PAGES; i++) {
		closed[i * 4096] = i;
		closed[i * 4096 + 1] = 0xa5;
	}
	if (mprotect(closed, PAGES * 4096, PROT_NONE))
		err(1, "mprotect");
	printf("%p\n", (void *)closed);
	fflush(stdout);
	for (;;)
		;
}
