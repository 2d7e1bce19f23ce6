/*
 * measure OUTPUT COMMAND [ARGUMENT...]: runs a command with its output in a file, and prints what
 * it cost: wall time, user and system CPU time in microseconds, peak memory in KiB, exit status.
 *
 * The clock runs from before fork() to after wait4(), so nothing of the caller is measured, and
 * the peak is the command's own, because this process is tiny when it forks.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static long long of_timeval(struct timeval t)
{
	return t.tv_sec * 1000000LL + t.tv_usec;
}

static void run(const char *output, char **command)
{
	int in = open("/dev/null", O_RDONLY);
	int out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0) {
		perror(output);
		_exit(126);
	}
	execvp(command[0], command);
	perror(command[0]);
	_exit(127);
}

int main(int argc, char **argv)
{
	long long start;
	struct rusage usage;
	int status;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "usage: measure OUTPUT COMMAND [ARGUMENT...]\n");
		return 2;
	}
	start = microseconds();
	pid = fork();
	if (pid == 0)
		run(argv[1], argv + 2);
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0) {
		perror("measure");
		return 1;
	}
	printf("%lld %lld %lld %ld %d\n", microseconds() - start, of_timeval(usage.ru_utime),
	       of_timeval(usage.ru_stime), usage.ru_maxrss,
	       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
