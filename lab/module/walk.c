// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/ksight_lab/walk: what the kernel's own walk through page tables finds. Lines "PID ADDRESS" are
 * written; reading answers them, one a line, until the file is opened for writing again. With pid 0 it
 * walks the kernel's own tables.
 */
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include "ksight_lab.h"

static DEFINE_MUTEX(questions_lock);
static char questions[1 << 18];
static size_t asked;

/* An entry of a page table; the table itself is in the direct map or in the kernel's image. */
static void show_entry(struct seq_file *file, const char *level, void *entry)
{
	seq_putc(file, '{');
	show_address(file, "at", __pa(entry));
	show_address(file, "value", READ_ONCE(*(unsigned long *)entry));
	seq_printf(file, "\"level\":\"%s\"}", level);
}

static void show_leaf(struct seq_file *file, unsigned long pfn, unsigned long address, unsigned long size)
{
	seq_puts(file, "],");
	show_address(file, "physical", (pfn << PAGE_SHIFT) | (address & (size - 1)));
	seq_printf(file, "\"size\":%lu", size);
}

static void show_nothing(struct seq_file *file)
{
	seq_puts(file, "],\"physical\":null,\"size\":null");
}

static void walk_pmd(struct seq_file *file, pmd_t *pmd, unsigned long address)
{
	pte_t *pte;

	seq_putc(file, ',');
	show_entry(file, "pmd", pmd);
	if (pmd_none(*pmd) || !pmd_present(*pmd))
		return show_nothing(file);
	if (pmd_leaf(*pmd))
		return show_leaf(file, pmd_pfn(*pmd), address, PMD_SIZE);
	pte = pte_offset_kernel(pmd, address);
	seq_putc(file, ',');
	show_entry(file, "pte", pte);
	if (!pte_present(*pte))
		return show_nothing(file);
	show_leaf(file, pte_pfn(*pte), address, PAGE_SIZE);
}

static void walk(struct seq_file *file, struct mm_struct *mm, unsigned long address)
{
	pgd_t *pgd = pgd_offset(mm, address);
	p4d_t *p4d;
	pud_t *pud;

	show_entry(file, "pgd", pgd);
	if (pgd_none(*pgd))
		return show_nothing(file);
	p4d = p4d_offset(pgd, address);
	/* With 4 levels the entry of the PGD counts as that of the P4D. */
	if ((void *)p4d != (void *)pgd) {
		seq_putc(file, ',');
		show_entry(file, "p4d", p4d);
	}
	if (p4d_none(*p4d))
		return show_nothing(file);
	pud = pud_offset(p4d, address);
	seq_putc(file, ',');
	show_entry(file, "pud", pud);
	if (pud_none(*pud))
		return show_nothing(file);
	if (pud_leaf(*pud))
		return show_leaf(file, pud_pfn(*pud), address, PUD_SIZE);
	walk_pmd(file, pmd_offset(pud, address), address);
}

/* The mm of a process, which the caller puts back; NULL if it has none. */
static struct mm_struct *mm_of(int nr)
{
	struct pid *pid = find_get_pid(nr);
	struct task_struct *task = get_pid_task(pid, PIDTYPE_PID);
	struct mm_struct *mm = NULL;

	put_pid(pid);
	if (task) {
		mm = get_task_mm(task);
		put_task_struct(task);
	}
	return mm;
}

static void answer(struct seq_file *file, int pid, unsigned long address)
{
	struct mm_struct *mm = pid ? mm_of(pid) : (void *)address_of("init_mm");

	seq_printf(file, "{\"pid\":%d,", pid);
	show_address(file, "address", address);
	show_pointer(file, "mm", mm);
	seq_puts(file, "\"entries\":[");
	if (mm) {
		mmap_read_lock(mm);
		walk(file, mm, address);
		mmap_read_unlock(mm);
	} else {
		show_nothing(file);
	}
	seq_puts(file, "}\n");
	if (mm && pid)
		mmput(mm);
}

static int show_walks(struct seq_file *file, void *unused)
{
	const char *line = questions;

	mutex_lock(&questions_lock);
	while (line && *line) {
		unsigned long address;
		int pid;

		if (sscanf(line, "%d %lx", &pid, &address) == 2)
			answer(file, pid, address);
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	mutex_unlock(&questions_lock);
	return 0;
}

static ssize_t write_walk(struct file *file, const char __user *buffer, size_t length, loff_t *at)
{
	ssize_t written = length;

	mutex_lock(&questions_lock);
	if (length >= sizeof(questions) - asked) {
		written = -E2BIG;
	} else if (copy_from_user(questions + asked, buffer, length)) {
		written = -EFAULT;
	} else {
		asked += length;
		questions[asked] = 0;
	}
	mutex_unlock(&questions_lock);
	return written;
}

static int open_walk(struct inode *inode, struct file *file)
{
	if (file->f_mode & FMODE_WRITE) {
		mutex_lock(&questions_lock);
		asked = 0;
		questions[0] = 0;
		mutex_unlock(&questions_lock);
	}
	return single_open(file, show_walks, NULL);
}

const struct proc_ops walk_ops = {
	.proc_open = open_walk,
	.proc_read = seq_read,
	.proc_write = write_walk,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};
