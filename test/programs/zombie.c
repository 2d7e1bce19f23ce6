/* A child that moves to a cgroup, and then ends. usage: zombie CGROUP.PROCS */
#include "ready.h"

int main(int argc, char **argv)
{
	siginfo_t info;
	pid_t child = fork();

	if (child == 0) {
		int fd = open(argv[1], O_WRONLY);

		_exit(write(fd, "0", 1) != 1);
	}
	/* It has ended, but is not reaped. */
	if (waitid(P_PID, child, &info, WEXITED | WNOWAIT) || info.si_status != 0)
		errx(1, "the child cannot move");
	printf("%d\n", child);
	ready_and_wait();
	return 0;
}
