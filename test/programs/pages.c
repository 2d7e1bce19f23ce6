/* A process with pages of each kind. usage: pages ANONYMOUS SHARED FILE (an existing file) */
#include "ready.h"
#include <sys/mman.h>
#include <sys/stat.h>

static char sum;

static void touch(char *pages, size_t length, int write)
{
	for (size_t i = 0; i < length; i += 4096) {
		if (write)
			pages[i] = 1;
		else
			sum += pages[i];
	}
}

static char *map(size_t length, int protection, int flags, int fd)
{
	char *pages = mmap(NULL, length, protection, flags, fd, 0);

	if (pages == MAP_FAILED)
		err(1, "mmap");
	return pages;
}

int main(int argc, char **argv)
{
	size_t anonymous = atol(argv[1]) * 4096, shared = atol(argv[2]) * 4096;
	int file = open(argv[3], O_RDONLY);
	struct stat stat;

	if (file < 0 || fstat(file, &stat))
		err(1, "%s", argv[3]);
	touch(map(anonymous, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1), anonymous, 1);
	touch(map(shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1), shared, 1);
	touch(map(stat.st_size, PROT_READ, MAP_PRIVATE, file), stat.st_size, 0);
	ready_and_wait();
	return 0;
}
