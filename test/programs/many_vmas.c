/*
 * Very many mappings: pages of an anonymous mapping and of a file, every other one of which may not be
 * written. usage: many_vmas ANONYMOUS FILE-PAGES FILE
 */
#include "ready.h"
#include <sys/mman.h>

static void split(char *pages, long count)
{
	if (pages == MAP_FAILED)
		err(1, "mmap");
	for (long i = 0; i < count; i += 2)
		if (mprotect(pages + i * 4096, 4096, PROT_READ))
			err(1, "mprotect");
}

int main(int argc, char **argv)
{
	long anonymous = atol(argv[1]), pages = atol(argv[2]);
	int file = open(argv[3], O_RDWR);

	if (file < 0)
		err(1, "%s", argv[3]);
	split(mmap(NULL, anonymous * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), anonymous);
	split(mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), pages);
	ready_and_wait();
	return 0;
}
