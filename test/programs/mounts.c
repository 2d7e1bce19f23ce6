/*
 * A mount namespace of its own, with mounts upon mounts, a root directory of its own and files that
 * cannot be reached from it. usage: mounts DIRECTORY (an empty one)
 */
#include "ready.h"
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

static void check(int result, const char *what)
{
	if (result < 0)
		err(1, "%s", what);
}

static void make(const char *path)
{
	check(mkdir(path, 0700), path);
}

static void file(const char *path)
{
	check(open(path, O_RDWR | O_CREAT, 0600), path);
}

int main(int argc, char **argv)
{
	check(chdir(argv[1]), "chdir");
	check(unshare(CLONE_NEWNS), "unshare");
	check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
	make("outer");
	file("outer/covered");
	check(mount("one", "outer", "tmpfs", 0, NULL), "tmpfs");
	make("outer/inner");
	check(mount("two", "outer/inner", "tmpfs", 0, NULL), "tmpfs");
	check(mount("three", "outer/inner", "tmpfs", 0, NULL), "tmpfs upon tmpfs");
	file("outer/inner/file");
	make("bound");
	check(mount("outer/inner", "bound", NULL, MS_BIND, NULL), "bind");
	file("bound/file");
	file("bound/other");
	check(open("namespace", O_RDWR | O_CREAT, 0600), "namespace");
	check(mount("/proc/self/ns/uts", "namespace", NULL, MS_BIND, NULL), "bind a namespace");
	check(open("namespace", O_RDONLY), "namespace");
	/* A mount that is in no namespace any more, with a file open in it. */
	make("detached");
	check(mount("four", "detached", "tmpfs", 0, NULL), "tmpfs");
	make("detached/below");
	file("detached/below/file");
	check(umount2("detached", MNT_DETACH), "umount");
	check(syscall(SYS_open_tree, AT_FDCWD, "outer", 1 /* OPEN_TREE_CLONE */), "open_tree");
	/* A directory that is moved out of what is bound: it has escaped. */
	make("source");
	make("source/escapes");
	make("target");
	check(mount("source", "target", NULL, MS_BIND, NULL), "bind");
	check(open("target/escapes", O_RDONLY | O_DIRECTORY), "escapes");
	check(rename("source/escapes", "escaped"), "rename");
	check(chroot("outer"), "chroot");
	ready_and_wait();
	return 0;
}
