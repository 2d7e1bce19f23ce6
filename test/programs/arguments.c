/*
 * What a program may do to its own arguments. usage: arguments MODE [ARGUMENT...]
 *   keep   nothing
 *   short  overwrite them with a text that is shorter
 *   title  overwrite them all, up to their last byte, and go on into the environment
 *   endless  the same, without any NUL in arguments and environment
 *   hole   make a page in their middle unreadable
 */
#include "ready.h"
#include <sys/mman.h>

extern char **environ;

int main(int argc, char **argv)
{
	const char *mode = argv[1];
	char *start = argv[0], *end = argv[argc - 1] + strlen(argv[argc - 1]) + 1;
	char *environment_end = end;

	for (char **variable = environ; *variable; variable++)
		environment_end = *variable + strlen(*variable) + 1;
	if (!strcmp(mode, "short")) {
		memset(start, 0, end - start);
		strcpy(start, "short: a title");
	} else if (!strcmp(mode, "title")) {
		memset(start, 't', end - start + 20);
		end[20] = 0;
	} else if (!strcmp(mode, "endless")) {
		memset(start, 'e', environment_end - start);
	} else if (!strcmp(mode, "hole")) {
		char *middle = (char *)(((long)start + (end - start) / 2) & ~4095L);

		if (mprotect(middle, 4096, PROT_NONE))
			err(1, "mprotect");
	}
	ready_and_wait();
	return 0;
}
