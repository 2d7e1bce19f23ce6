/* Threads that end as soon as they have started, without end. */
#include "ready.h"
#include <pthread.h>

static void *brief(void *arg)
{
	return arg;
}

static void *starts(void *arg)
{
	pthread_t thread;

	for (;;) {
		if (pthread_create(&thread, NULL, brief, NULL) == 0)
			pthread_join(thread, NULL);
	}
	return NULL;
}

int main(void)
{
	pthread_t thread;

	for (int i = 0; i < 4; i++)
		pthread_create(&thread, NULL, starts, NULL);
	ready_and_wait();
	return 0;
}
