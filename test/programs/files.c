/*
 * Open files of all kinds, many of which are in no directory. usage: files DIRECTORY (an empty one)
 */
#include "ready.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

#define LONG_NAME \
	"a name that is too long to be kept in a dentry itself, and which is therefore somewhere else"

int main(int argc, char **argv)
{
	int fds[2];
	sigset_t signals;

	if (chdir(argv[1]))
		err(1, "%s", argv[1]);
	if (pipe(fds) || socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		err(1, "pipe, socketpair");
	socket(AF_INET, SOCK_DGRAM, 0);
	memfd_create("a memfd", 0);
	syscall(SYS_memfd_create, LONG_NAME, 0);
	eventfd(0, 0);
	epoll_create1(0);
	timerfd_create(CLOCK_MONOTONIC, 0);
	inotify_init();
	sigemptyset(&signals);
	signalfd(-1, &signals, 0);
	syscall(SYS_pidfd_open, getpid(), 0);
	open("/proc/self/ns/net", O_RDONLY);
	open("/proc/self/ns/user", O_RDONLY);
	open("/dev/null", O_RDWR);
	open("/dev/ptmx", O_RDWR | O_NOCTTY);
	open("/", O_PATH);
	open("/sys/kernel", O_RDONLY);
	open("/proc/self/comm", O_RDONLY);

	open("plain", O_RDWR | O_CREAT, 0600);
	open(LONG_NAME, O_RDWR | O_CREAT, 0600);
	open("new\nline \xc3\xa9 \\", O_RDWR | O_CREAT, 0600);
	open("unlinked", O_RDWR | O_CREAT, 0600);
	unlink("unlinked");
	open(".", O_TMPFILE | O_RDWR, 0600);
	mkdir("gone", 0700);
	open("gone/too", O_RDWR | O_CREAT, 0600);
	open("gone", O_RDONLY | O_DIRECTORY);
	unlink("gone/too");
	rmdir("gone");
	mkdir("deep", 0700);
	for (int i = 0; i < 100; i++) {
		mkdir("deep", 0700);
		if (chdir("deep"))
			err(1, "deep");
	}
	open("bottom", O_RDWR | O_CREAT, 0600);
	mkdir("left", 0700);
	if (chdir("left") || rmdir("../left"))
		err(1, "left");
	ready_and_wait();
	return 0;
}
