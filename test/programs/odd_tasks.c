#define _GNU_SOURCE
// Processes that are out of the ordinary, until standard input ends: a zombie, a stopped one, one with
// an effective user id of its own, one with threads, and one for each argument, with it as its name.
// Prints the pids, one a line: "zombie 12", "stopped 13", "setuid 14", "threads 15", "name 16", ...
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void *sleeping(void *name)
{
	prctl(PR_SET_NAME, name);
	pause();
	return NULL;
}

static pid_t start(const char *what)
{
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	else
		printf("%s %d\n", what, pid);
	return pid;
}

static void pause_forever(void)
{
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	siginfo_t info;

	pid_t zombie = start("zombie");
	if (zombie == 0)
		_exit(0);
	waitid(P_PID, zombie, &info, WEXITED | WNOWAIT);

	pid_t stopped = start("stopped");
	if (stopped == 0) {
		raise(SIGSTOP);
		pause_forever();
	}
	waitid(P_PID, stopped, &info, WSTOPPED | WNOWAIT);

	if (start("setuid") == 0) {
		// Where this is not allowed the ids stay equal.
		if (setresuid(1, 2, 0) != 0)
			perror("setresuid");
		// Who changes his ids is no longer sent the signal.
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause_forever();
	}

	if (start("threads") == 0) {
		pthread_t thread;
		pthread_create(&thread, NULL, sleeping, "first thread");
		pthread_create(&thread, NULL, sleeping, "second");
		pause_forever();
	}

	for (int i = 1; i < argc; i++) {
		if (start("name") == 0) {
			prctl(PR_SET_NAME, argv[i]);
			pause_forever();
		}
	}

	fflush(stdout);
	// Wait a moment for the children to become what they are to be.
	usleep(100000);
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
