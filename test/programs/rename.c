/* Renames something to and fro until it is to end. usage: rename ONE OTHER */
#include "ready.h"
#include <poll.h>

int main(int argc, char **argv)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	puts("ready");
	fflush(stdout);
	while (poll(&input, 1, 0) == 0)
		if (rename(argv[1], argv[2]) || rename(argv[2], argv[1]))
			err(1, "rename");
	return 0;
}
