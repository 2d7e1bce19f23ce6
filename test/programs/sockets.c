/* Sockets that differ in their options (3 and 4), a pipe (5) and a file with a write hint (7). */
#include "ready.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static void set(int socket, int level, int option, int value)
{
	if (setsockopt(socket, level, option, &value, sizeof(value)))
		err(1, "setsockopt");
}

int main(int argc, char **argv)
{
	int with = socket(AF_INET6, SOCK_STREAM, 0), without = socket(AF_INET6, SOCK_STREAM, 0);
	int ends[2], file;
	unsigned long long hint = 2 /* RWH_WRITE_LIFE_SHORT */;

	if (with != 3 || without != 4 || pipe(ends) || fcntl(ends[1], F_SETPIPE_SZ, 32768) < 0)
		err(1, "files");
	set(with, SOL_SOCKET, SO_REUSEADDR, 1);
	set(with, SOL_SOCKET, SO_REUSEPORT, 1);
	set(with, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	set(with, IPPROTO_TCP, TCP_NODELAY, 1);
	set(with, IPPROTO_TCP, TCP_KEEPCNT, 77);
	set(without, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	file = open(argv[1], O_RDWR | O_CREAT, 0640);
	if (file != 7 || fcntl(file, 1036 /* F_SET_RW_HINT */, &hint))
		err(1, "%s", argv[1]);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, exit);
	ready_and_wait();
	return 0;
}
