/*
 * Sleeps with stacks of a certain kind. usage: stacks KIND
 * Functions are not inlined, and use what they called, so that no call is a jump.
 */
#include "ready.h"
#include <alloca.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>

#define FUNCTION __attribute__((noinline, noclone))

volatile int sink;

FUNCTION int wait_here(void)
{
	ready_and_wait();
	return ++sink;
}

FUNCTION int recurse(int depth)
{
	volatile long local[3] = { depth };

	if (depth == 0)
		return wait_here() + local[0];
	return recurse(depth - 1) + local[0];
}

FUNCTION int with_alloca(int size)
{
	char *bytes = alloca(size);

	memset(bytes, size, size);
	return wait_here() + bytes[size / 2];
}

FUNCTION int aligned(int value)
{
	_Alignas(64) volatile char bytes[128];

	bytes[value] = value;
	return with_alloca(value + 1000) + bytes[value];
}

static int compare(const void *a, const void *b)
{
	wait_here();
	return *(const int *)a - *(const int *)b;
}

FUNCTION int callback(void)
{
	int numbers[] = { 3, 1, 2 };

	qsort(numbers, 3, sizeof(int), compare);
	return numbers[0] + sink;
}

static void handler(int signal)
{
	sink += signal + wait_here();
	_exit(0);
}

static void handle(int signal, int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
	stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 };

	sigaltstack(&stack, NULL);
	sigaction(signal, &action, NULL);
}

/* Its first instruction faults, so that its pc is where the function starts. */
FUNCTION int first_instruction(int *p)
{
	return *p;
}

FUNCTION int fault(void)
{
	return first_instruction((int *)(uintptr_t)(sink + 8)) + 1;
}

FUNCTION int call_nowhere(void (*nowhere)(void))
{
	nowhere();
	return ++sink;
}

FUNCTION int raise_here(void)
{
	raise(SIGUSR1);
	return ++sink;
}

__attribute__((noreturn)) FUNCTION void never_returns(void)
{
	wait_here();
	_exit(0);
}

/* Ends with a call: what it returns to belongs to the function behind. */
FUNCTION int last_call(int yes)
{
	if (yes)
		never_returns();
	return ++sink;
}

FUNCTION int forks(void)
{
	pid_t child = vfork();

	if (child == 0) {
		char c;

		if (write(STDOUT_FILENO, "ready\n", 6) != 6 || read(STDIN_FILENO, &c, 1) < 0)
			_exit(1);
		_exit(0);
	}
	return child + ++sink;
}

static ucontext_t back, forth;

static void on_context(void)
{
	recurse(3);
	swapcontext(&forth, &back);
}

FUNCTION int contexts(void)
{
	getcontext(&forth);
	forth.uc_stack.ss_size = 65536;
	forth.uc_stack.ss_sp = malloc(65536);
	forth.uc_link = &back;
	makecontext(&forth, on_context, 0);
	swapcontext(&back, &forth);
	return ++sink;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static sem_t started;

FUNCTION int asleep(int how)
{
	sem_post(&started);
	switch (how) {
	case 0:
		pause();
		break;
	case 1:
		poll(NULL, 0, -1);
		break;
	case 2:
		sleep(1000);
		break;
	default:
		pthread_mutex_lock(&mutex);
		for (;;)
			pthread_cond_wait(&never, &mutex);
	}
	return ++sink;
}

FUNCTION int descend(int depth, int how)
{
	volatile char local[depth + 1];

	local[depth] = 1;
	if (depth == 0)
		return asleep(how) + local[0];
	return descend(depth - 1, how) + local[depth];
}

static void *thread(void *arg)
{
	long number = (long)arg;

	return (void *)(long)descend(number % 7, number % 4);
}

FUNCTION int threads(int count)
{
	pthread_t id;

	sem_init(&started, 0, 0);
	for (long i = 0; i < count; i++)
		pthread_create(&id, NULL, thread, (void *)i);
	for (int i = 0; i < count; i++)
		sem_wait(&started);
	usleep(100000);
	return wait_here();
}

int main(int argc, char **argv)
{
	const char *kind = argv[1];

	if (!strcmp(kind, "recursion"))
		return recurse(100);
	if (!strcmp(kind, "alloca"))
		return aligned(50);
	if (!strcmp(kind, "callback"))
		return callback();
	if (!strcmp(kind, "raise")) {
		handle(SIGUSR1, SA_ONSTACK);
		return raise_here();
	}
	if (!strcmp(kind, "fault")) {
		handle(SIGSEGV, SA_ONSTACK);
		return fault();
	}
	if (!strcmp(kind, "same-stack")) {
		handle(SIGSEGV, 0);
		return fault();
	}
	if (!strcmp(kind, "nowhere")) {
		handle(SIGSEGV, SA_ONSTACK);
		return call_nowhere((void (*)(void))(uintptr_t)sink);
	}
	if (!strcmp(kind, "noreturn"))
		return last_call(argc);
	if (!strcmp(kind, "vfork"))
		return forks();
	if (!strcmp(kind, "context"))
		return contexts();
	if (!strcmp(kind, "threads"))
		return threads(50);
	errx(2, "no such kind: %s", kind);
}
