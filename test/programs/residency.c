/*
 * Has mappings whose pages are there, or not, for different reasons, and prints `KIND ADDRESS` of each;
 * what this machine cannot do is left out.
 */
#include "ready.h"
#include <stdint.h>
#include <sys/mman.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

#define PAGE 4096UL
#define PAGES 64
#define HUGE (2UL << 20)

static volatile char sum;

static char *map(size_t size, int flags)
{
	char *start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	return start == MAP_FAILED ? NULL : start;
}

/* Pages that have nothing to do with their neighbours: no VMA is merged with another, none becomes huge. */
static char *pages(const char *kind)
{
	char *start = map((PAGES + 2) * PAGE, 0);

	if (!start)
		err(1, "mmap");
	start += PAGE;
	mprotect(start - PAGE, PAGE, PROT_NONE);
	mprotect(start + PAGES * PAGE, PAGE, PROT_NONE);
	madvise(start, PAGES * PAGE, MADV_NOHUGEPAGE);
	printf("%s %lx\n", kind, (unsigned long)start);
	return start;
}

/* Two huge pages, of which the second is not touched. */
static char *huge_pages(const char *kind)
{
	char *start = map(4 * HUGE, 0);

	if (!start)
		err(1, "mmap");
	start += -(uintptr_t)start % HUGE + PAGE;
	mprotect(start - PAGE, PAGE, PROT_NONE);
	start += HUGE - PAGE;
	mprotect(start - PAGE, PAGE, PROT_NONE);
	madvise(start, 2 * HUGE, MADV_HUGEPAGE);
	printf("%s %lx\n", kind, (unsigned long)start);
	return start;
}

static void write_pages(char *start, int count)
{
	for (int i = 0; i < count; i++)
		start[i * PAGE] = i + 1;
}

int main(void)
{
	char *start;

	pages("untouched");
	write_pages(pages("half"), PAGES / 2);
	start = pages("zero");
	for (int i = 0; i < PAGES; i++)
		sum += start[i * PAGE];
	start = pages("closed");
	write_pages(start, PAGES);
	mprotect(start, PAGES * PAGE, PROT_NONE);
	start = huge_pages("huge");
	memset(start, 1, 2 * HUGE);
	start = huge_pages("huge-zero");
	sum += *start;
	start = pages("guarded-perhaps");
	if (!madvise(start, 16 * PAGE, MADV_GUARD_INSTALL))
		printf("guarded %lx\n", (unsigned long)start);
	start = pages("swapped");
	write_pages(start, PAGES);
	madvise(start, 16 * PAGE, MADV_PAGEOUT);
	start = map(HUGE, MAP_HUGETLB);
	if (start) {
		*start = 1;
		printf("hugetlb %lx\n", (unsigned long)start);
	}
	ready_and_wait();
	return 0;
}
