/* Runs until it is to end, and does nothing else. */
#include "ready.h"
#include <poll.h>

int main(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	puts("ready");
	fflush(stdout);
	while (poll(&input, 1, 0) == 0)
		;
	return 0;
}
