/*
 * An epoll instance, file 3, that watches many files; with "busy", files are added and removed until
 * it is to end. usage: epoll COUNT [busy]
 */
#include "ready.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

static int busy(int epoll, const int *files, int count)
{
	char c;

	fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	while (read(STDIN_FILENO, &c, 1) < 0 && errno == EAGAIN) {
		for (int i = 0; i < count; i += 3) {
			struct epoll_event event = { .events = EPOLLIN };

			epoll_ctl(epoll, EPOLL_CTL_DEL, files[i], NULL);
			epoll_ctl(epoll, EPOLL_CTL_ADD, files[i], &event);
		}
		/* Now and then the tree may be seen whole. */
		usleep(2000);
	}
	return 0;
}

int main(int argc, char **argv)
{
	int count = atoi(argv[1]), epoll = epoll_create1(0);
	int *files = calloc(count, sizeof(int));
	struct rlimit limit = { count + 100, count + 100 };

	setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < count; i++) {
		struct epoll_event event = { .events = EPOLLIN };

		/* Every third is another descriptor of the same file. */
		files[i] = i % 3 == 2 ? dup(files[i - 1]) : eventfd(0, 0);
		if (files[i] < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, files[i], &event))
			err(1, "epoll");
	}
	if (argc > 2) {
		puts("ready");
		fflush(stdout);
		return busy(epoll, files, count);
	}
	ready_and_wait();
	return 0;
}
