/*
 * Prints the entries of /proc/PID/pagemap for the ranges of pages that standard input names, one
 * "PID FIRST COUNT" a line.
 */
#include "ready.h"

int main(void)
{
	unsigned long first, count, entry;
	char path[64];
	int pid, file;

	while (scanf("%d %lu %lu", &pid, &first, &count) == 3) {
		snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
		file = open(path, O_RDONLY);
		for (unsigned long page = first; page < first + count; page++) {
			if (pread(file, &entry, sizeof(entry), page * sizeof(entry)) != sizeof(entry))
				err(1, "%s", path);
			fwrite(&entry, sizeof(entry), 1, stdout);
		}
		close(file);
	}
	return 0;
}
