/* Sleeps in state D: the parent of a vfork waits uninterruptibly until its child is gone. */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	printf("%d\n", getpid());
	fflush(stdout);
	if (vfork() == 0) {
		char byte;
		/* Until the test closes its end. */
		_exit(read(0, &byte, 1) < 0);
	}
	return 0;
}
