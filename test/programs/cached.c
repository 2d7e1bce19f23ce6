/*
 * Reads parts of a file, file 3, so that they are in the page cache, and prints the numbers of the
 * pages that are. usage: cached FILE [FIRST COUNT]...
 */
#include "ready.h"
#include <sys/mman.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
	int file = open(argv[1], O_RDWR);
	char page[4096];
	unsigned char *resident;
	struct stat stat;
	size_t pages;
	void *map;

	if (file != 3 || fstat(file, &stat) || fsync(file))
		err(1, "%s", argv[1]);
	pages = (stat.st_size + 4095) / 4096;
	posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
	posix_fadvise(file, 0, 0, POSIX_FADV_RANDOM);
	for (int arg = 2; arg + 1 < argc; arg += 2) {
		long first = atol(argv[arg]), count = atol(argv[arg + 1]);

		if (count > 1000)
			posix_fadvise(file, 0, 0, POSIX_FADV_SEQUENTIAL);
		for (long i = first; i < first + count; i++)
			if (pread(file, page, sizeof(page), i * 4096) < 0)
				err(1, "pread");
	}
	map = mmap(NULL, stat.st_size, PROT_READ, MAP_SHARED, file, 0);
	resident = malloc(pages);
	if (map == MAP_FAILED || mincore(map, stat.st_size, resident))
		err(1, "mincore");
	for (size_t i = 0; i < pages; i++)
		if (resident[i] & 1)
			printf("%zu\n", i);
	ready_and_wait();
	return 0;
}
