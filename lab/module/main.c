// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include "ksight_lab.h"

static int __init start(void)
{
	struct proc_dir_entry *folder;
	int error = find_kallsyms();

	if (error)
		return error;
	folder = proc_mkdir("ksight_lab", NULL);
	if (!folder)
		return -ENOMEM;
	if (proc_create("tasks", 0400, folder, &tasks_ops) &&
	    proc_create("walk", 0600, folder, &walk_ops) &&
	    proc_create("facts", 0400, folder, &facts_ops) &&
	    proc_create("crash", 0200, folder, &crash_ops))
		return 0;
	proc_remove(folder);
	return -ENOMEM;
}

static void __exit end(void)
{
	remove_proc_subtree("ksight_lab", NULL);
}

module_init(start);
module_exit(end);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("The truth from inside the kernel, for ksight's tests");
