/*
 * Prints a file and stays, or, after that, writes something to another file. What the first one lists
 * is then still true, because no process has come or gone. usage: last_look FILE [OTHER TEXT]
 */
#include "ready.h"

static void print(const char *path)
{
	char buffer[4096];
	int file = open(path, O_RDONLY);
	ssize_t length;

	if (file < 0)
		err(1, "%s", path);
	while ((length = read(file, buffer, sizeof(buffer))) > 0)
		fwrite(buffer, length, 1, stdout);
	close(file);
}

int main(int argc, char **argv)
{
	int other = argc > 3 ? open(argv[2], O_WRONLY) : -1;

	print(argv[1]);
	puts("ready");
	fflush(stdout);
	if (other >= 0 && write(other, argv[3], strlen(argv[3])) < 0)
		err(1, "%s", argv[2]);
	pause();
	return 0;
}
