/*
 * A process with very many mappings: every other page of an anonymous mapping and of a file may not be
 * written; a quarter of the anonymous ones is in memory. usage: mappings ANONYMOUS FILE-PAGES FILE
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

static void split(char *pages, long count)
{
	if (pages == MAP_FAILED)
		err(1, "mmap");
	for (long i = 0; i < count; i += 4)
		pages[(i + 1) * 4096] = 1;
	for (long i = 0; i < count; i += 2)
		if (mprotect(pages + i * 4096, 4096, PROT_READ))
			err(1, "mprotect");
}

int main(int argc, char **argv)
{
	long anonymous = atol(argv[1]), pages = atol(argv[2]);
	int file = open(argv[3], O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (file < 0)
		err(1, "%s", argv[3]);
	split(mmap(NULL, anonymous * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), anonymous);
	split(mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), pages);
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
