/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel itself says of what ksight finds in its memory: files in /proc/ksight_lab, one JSON
 * object a line. Addresses are strings, because JSON's numbers are not exact beyond 2^53.
 */
#ifndef KSIGHT_LAB_H
#define KSIGHT_LAB_H

#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

extern const struct proc_ops tasks_ops, walk_ops, facts_ops, crash_ops;

int find_kallsyms(void);
unsigned long address_of(const char *symbol);

/* A member of an object, with a comma behind it; null in place of a NULL pointer. */
static inline void show_pointer(struct seq_file *file, const char *name, const void *pointer)
{
	if (pointer)
		seq_printf(file, "\"%s\":\"0x%lx\",", name, (unsigned long)pointer);
	else
		seq_printf(file, "\"%s\":null,", name);
}

static inline void show_address(struct seq_file *file, const char *name, unsigned long address)
{
	seq_printf(file, "\"%s\":\"0x%lx\",", name, address);
}

#endif
