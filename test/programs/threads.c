/*
 * Threads that live, some of which spin, and threads that have ended after they used CPU time; each
 * thread has a name and a child of its own. usage: threads LIVING SPINNING ENDED
 */
#include "ready.h"
#include <pthread.h>
#include <time.h>

static pthread_barrier_t all;

static void burn(double seconds)
{
	struct timespec now;

	do {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
		getppid();
	} while (now.tv_sec + now.tv_nsec / 1e9 < seconds);
}

static void *live(void *arg)
{
	char name[16];

	snprintf(name, sizeof(name), "live (%ld) \n\\", (long)arg);
	prctl(PR_SET_NAME, name);
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	pthread_barrier_wait(&all);
	pause();
	return NULL;
}

static void *spin(void *arg)
{
	pthread_barrier_wait(&all);
	for (;;)
		burn(1e9);
	return NULL;
}

static void *end(void *arg)
{
	burn(0.05);
	return NULL;
}

int main(int argc, char **argv)
{
	long living = atol(argv[1]), spinning = atol(argv[2]), ended = atol(argv[3]);
	pthread_t thread;

	pthread_barrier_init(&all, NULL, living + spinning + 1);
	for (long i = 0; i < ended; i++) {
		pthread_create(&thread, NULL, end, NULL);
		pthread_join(thread, NULL);
	}
	for (long i = 0; i < living; i++)
		pthread_create(&thread, NULL, live, (void *)i);
	for (long i = 0; i < spinning; i++)
		pthread_create(&thread, NULL, spin, NULL);
	pthread_barrier_wait(&all);
	ready_and_wait();
	return 0;
}
