// SPDX-License-Identifier: GPL-2.0
/* /proc/ksight_lab/crash: ways for a kernel to die, in the context of the process that writes there. */
#include <linux/bug.h>
#include <linux/kernel.h>
#include "ksight_lab.h"

/* Not a constant that the compiler sees through. */
static int *nowhere;

static noinline void dereference_null(void)
{
	WRITE_ONCE(*READ_ONCE(nowhere), 1);
}

static noinline void bug(void)
{
	BUG();
}

static ssize_t write_crash(struct file *file, const char __user *buffer, size_t length, loff_t *at)
{
	char how[16];

	if (length >= sizeof(how))
		return -EINVAL;
	if (copy_from_user(how, buffer, length))
		return -EFAULT;
	how[length] = 0;
	strim(how);
	if (!strcmp(how, "null"))
		dereference_null();
	else if (!strcmp(how, "bug"))
		bug();
	else if (!strcmp(how, "panic"))
		panic("as ksight's lab was told");
	else
		return -EINVAL;
	return length;
}

const struct proc_ops crash_ops = {
	.proc_write = write_crash,
};
