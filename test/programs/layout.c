/*
 * Prints, as `KIND ADDRESS [TID]`, where the parts of its address space are that a test knows by itself;
 * what this machine cannot do is left out. usage: layout FILE (of two pages, that may be written)
 */
#include "ready.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

#define HUGE (2UL << 20)

static const char constant[] = "constant";
static char initialised[8192] = "data";
static char zeroes[1 << 20];

static pthread_barrier_t all;

static void tell(const char *kind, const void *address)
{
	printf("%s %lx\n", kind, (unsigned long)address);
}

static char *map(const char *kind, size_t size, int protection, int flags, int fd)
{
	char *start = mmap(NULL, size, protection, flags, fd, 0);

	if (start == MAP_FAILED)
		return NULL;
	if (protection & PROT_WRITE)
		*start = 1;
	if (kind)
		tell(kind, start);
	return start;
}

static void *thread(void *guard)
{
	pthread_attr_t attributes;
	size_t size;
	void *start;
	char variable;

	pthread_getattr_np(pthread_self(), &attributes);
	pthread_attr_getstack(&attributes, &start, &size);
	flockfile(stdout);
	printf("thread-stack %lx %ld\n", (unsigned long)&variable, syscall(SYS_gettid));
	/* The C library counts the guard to the stack or not, by its version. */
	printf("guard %lx\n", (unsigned long)start - 4096);
	funlockfile(stdout);
	pthread_barrier_wait(&all);
	pause();
	return NULL;
}

static void shared_memory(void)
{
	int id = shmget(IPC_PRIVATE, 8192, IPC_CREAT | 0600);
	char *start = id < 0 ? (void *)-1 : shmat(id, NULL, 0);

	if (start == (void *)-1)
		return;
	shmctl(id, IPC_RMID, NULL);
	tell("shared-memory", start);
}

static void file_parts(const char *path)
{
	int file = open(path, O_RDWR);
	char odd[4096];
	int other;

	if (file < 0)
		err(1, "%s", path);
	map("file", 8192, PROT_READ, MAP_PRIVATE, file);
	map("file", 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file);
	map("file", 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, file);
	snprintf(odd, sizeof(odd), "%s line 1\nline 2 \\ (deleted)", path);
	other = open(odd, O_RDWR | O_CREAT, 0600);
	if (other < 0 || ftruncate(other, 8192))
		err(1, "%s", odd);
	map("file", 8192, PROT_READ, MAP_SHARED, other);
	snprintf(odd, sizeof(odd), "%s removed", path);
	other = open(odd, O_RDWR | O_CREAT, 0600);
	if (other < 0 || ftruncate(other, 8192) || unlink(odd))
		err(1, "%s", odd);
	map("file", 8192, PROT_READ, MAP_PRIVATE, other);
	other = memfd_create("mem fd", 0);
	if (other >= 0 && !ftruncate(other, 8192))
		map("memfd", 8192, PROT_READ | PROT_WRITE, MAP_SHARED, other);
}

static void anonymous_parts(void)
{
	char *start;

	map("anonymous", 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1);
	map("anonymous", 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	map("reserved", 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	map("anonymous", 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	start = map("shared-memory", 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, start, 8192, "named shared");
	start = map("anonymous", 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, start, 8192, "named");
	start = map(NULL, 3 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	start = (char *)(((uintptr_t)start + HUGE - 1) & ~(HUGE - 1));
	if (!madvise(start, HUGE, MADV_HUGEPAGE)) {
		*start = 1;
		tell("huge", start);
	}
	if (!madvise(start + HUGE, 4096, MADV_NOHUGEPAGE))
		tell("not-huge", start + HUGE);
	madvise(start + HUGE, 4096, MADV_DONTFORK);
	madvise(start + HUGE, 4096, MADV_WIPEONFORK);
	madvise(start + HUGE, 4096, MADV_DONTDUMP);
	madvise(start + HUGE, 4096, MADV_MERGEABLE);
	map("hugetlb", HUGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1);
}

int main(int argc, char **argv)
{
	char variable;

	tell("text", main);
	tell("rodata", constant);
	tell("data", initialised);
	tell("bss", zeroes + 500000);
	tell("heap", malloc(100));
	tell("stack", &variable);
	tell("anonymous", malloc(10 << 20));
	tell("text", dlsym(RTLD_NEXT, "malloc"));
	tell("rodata", strerror(0));
	tell("data", stdin);
	tell("bss", dlsym(RTLD_NEXT, "environ"));
	tell("vdso", (void *)getauxval(AT_SYSINFO_EHDR));
	file_parts(argv[1]);
	anonymous_parts();
	shared_memory();
	pthread_barrier_init(&all, NULL, 4);
	for (int i = 0; i < 3; i++) {
		pthread_t id;

		pthread_create(&id, NULL, thread, NULL);
	}
	pthread_barrier_wait(&all);
	ready_and_wait();
	return 0;
}
