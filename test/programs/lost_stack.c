/* Sleeps with a stack pointer that leads nowhere: usage: lost_stack ADDRESS */
#include "ready.h"
#include <sys/syscall.h>

int main(int argc, char **argv)
{
	unsigned long nowhere = strtoul(argv[1], NULL, 0), stack;

	puts("ready");
	fflush(stdout);
	asm volatile("mov %%rsp, %0; mov %1, %%rsp; syscall; mov %0, %%rsp"
		     : "=&r"(stack)
		     : "r"(nowhere), "a"(SYS_pause)
		     : "rcx", "r11", "memory");
	return 0;
}
