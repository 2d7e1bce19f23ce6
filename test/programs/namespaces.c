/*
 * A process in namespaces within namespaces, and threads and children of it. On the innermost level it
 * prints what /proc/self/status says there, and the ids it has. usage: namespaces LEVELS
 *
 * The ids of the outer level are mapped by more extents than fit into a struct uid_gid_map.
 */
#include "ready.h"
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>

static void check(int result, const char *what)
{
	if (result < 0)
		err(1, "%s", what);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(1, "%s", path);
	close(fd);
}

/* Inner id N is outer id N, 5000 for 0; in ten extents, the last ones first. */
static const char *outermost_map =
	"9000 9000 100\n800 800 100\n700 700 100\n600 600 100\n500 500 100\n400 400 100\n"
	"300 300 100\n200 200 100\n100 100 100\n0 5000 100\n";

/* Inner ids from 1 on are outer ids from 2 on, fewer of them on each level. */
static const char *inner_map = "0 0 1\n1 2 %d\n200 200 100\n300 300 100\n";

static void show_status(void)
{
	char line[4096];
	FILE *status = fopen("/proc/self/status", "r");

	while (fgets(line, sizeof(line), status))
		fputs(line, stdout);
	printf("getpid:\t%d\ngetppid:\t%d\ngetpgrp:\t%d\ngetsid:\t%d\ngetuid:\t%d\ngetgid:\t%d\n",
	       getpid(), getppid(), getpgrp(), getsid(0), getuid(), getgid());
}

static void descend(int level, int levels);

static void enter(int level, int levels)
{
	int to_parent[2], to_child[2];
	char path[64], map[1024], c;
	pid_t child;

	check(pipe(to_parent), "pipe");
	check(pipe(to_child), "pipe");
	child = fork();
	if (child == 0) {
		check(unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
			      CLONE_NEWNET | CLONE_NEWCGROUP),
		      "unshare");
		check(write(to_parent[1], "x", 1), "write");
		check(read(to_child[0], &c, 1), "read");
		check(setgid(0), "setgid");
		check(setuid(0), "setuid");
		/* Or its files in /proc would belong to the root of outside. */
		check(prctl(PR_SET_DUMPABLE, 1), "dumpable");
		if (fork() == 0) {
			check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
			check(mount("proc", "/proc", "proc", 0, NULL), "mount /proc");
			descend(level + 1, levels);
			_exit(0);
		}
		wait(NULL);
		_exit(0);
	}
	check(read(to_parent[0], &c, 1), "read");
	snprintf(map, sizeof(map), level == 0 ? outermost_map : inner_map, 40 - 10 * level);
	snprintf(path, sizeof(path), "/proc/%d/uid_map", child);
	write_file(path, map);
	snprintf(path, sizeof(path), "/proc/%d/gid_map", child);
	write_file(path, map);
	check(write(to_child[1], "x", 1), "write");
	close(to_parent[1]);
	wait(NULL);
}

static void descend(int level, int levels)
{
	if (level < levels) {
		enter(level, levels);
		return;
	}
	if (fork() == 0) {
		check(setsid(), "setsid");
		check(setgroups(2, (gid_t[]){ 302, 201 }), "setgroups");
		check(setresgid(0, 201, 202), "setresgid");
		check(setresuid(0, 301, 302), "setresuid");
		show_status();
		ready_and_wait();
		_exit(0);
	}
	wait(NULL);
}

int main(int argc, char **argv)
{
	descend(0, atoi(argv[1]));
	return 0;
}
