/* Children in the states that a task can be in, one line "STATE PID" each. */
#include "ready.h"
#include <sys/ptrace.h>

static pid_t children[8];
static int count;

static pid_t child(void (*run)(void))
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run();
		_exit(0);
	}
	children[count++] = pid;
	return pid;
}

static void spin(void) { for (;;) ; }
static void sleep_long(void) { pause(); }
static void stop(void) { raise(SIGSTOP); }
static void end(void) { }

static void traced(void)
{
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	raise(SIGSTOP);
}

/* The parent of a vfork is in uninterruptible sleep until the child is done. */
static void wait_for_vfork(void)
{
	if (vfork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
}

static void wait_until(pid_t pid, char state)
{
	char path[64], line[512], *end;
	FILE *stat;

	for (int i = 0; i < 5000; i++) {
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		stat = fopen(path, "r");
		if (stat && fgets(line, sizeof(line), stat)) {
			end = strrchr(line, ')');
			fclose(stat);
			if (end && end[2] == state)
				return;
		}
		usleep(1000);
	}
	errx(1, "%d does not become %c", pid, state);
}

static void show(char state, pid_t pid)
{
	wait_until(pid, state);
	printf("%c %d\n", state, pid);
}

int main(void)
{
	show('R', child(spin));
	show('S', child(sleep_long));
	show('D', child(wait_for_vfork));
	show('T', child(stop));
	show('t', child(traced));
	show('Z', child(end));
	ready_and_wait();
	for (int i = 0; i < count; i++)
		kill(children[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	return 0;
}
