/* Processes and threads that come and go as quickly as they can, until it is to end. */
#include "ready.h"
#include <poll.h>
#include <pthread.h>

static void *nothing(void *arg)
{
	return NULL;
}

static void threads(void)
{
	pthread_t thread[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, nothing, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
}

static void processes(void)
{
	for (int i = 0; i < 8; i++) {
		if (fork() == 0) {
			if (i % 2)
				threads();
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
}

int main(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	puts("ready");
	fflush(stdout);
	while (poll(&input, 1, 0) == 0) {
		processes();
		threads();
	}
	return 0;
}
