/*
 * pages COUNT TIMES: maps the same COUNT pages of 4 KiB so many times, all present; prints "ready" when they
 * are, and ends when its standard input does, so that it never outlives who started it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned long size = argc == 3 ? strtoul(argv[1], NULL, 10) * 4096 : 0;
	unsigned long times = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	int file = memfd_create("pages", 0);
	ssize_t got;
	char byte;

	if (size == 0 || times == 0) {
		fprintf(stderr, "usage: pages COUNT TIMES\n");
		return 2;
	}
	if (file < 0 || ftruncate(file, size)) {
		perror("memfd");
		return 1;
	}
	for (unsigned long i = 0; i < times; i++) {
		if (mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0) == MAP_FAILED) {
			perror("mmap");
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
