// SPDX-License-Identifier: GPL-2.0
/* /proc/ksight_lab/tasks: the idle tasks, and all threads of all processes, one a line. */
#include <linux/cred.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include "ksight_lab.h"

/* Each byte that is not plain ASCII as the character of its number. */
static void show_comm(struct seq_file *file, struct task_struct *task)
{
	char comm[TASK_COMM_LEN];
	char *c;

	get_task_comm(comm, task);
	seq_puts(file, "\"comm\":\"");
	for (c = comm; *c; c++) {
		if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\')
			seq_printf(file, "\\u%04x", (unsigned char)*c);
		else
			seq_putc(file, *c);
	}
	seq_puts(file, "\",");
}

static void show_mm(struct seq_file *file, struct mm_struct *mm)
{
	show_pointer(file, "mm", mm);
	show_pointer(file, "pgd", mm ? mm->pgd : NULL);
	/* Nobody's page tables are in page 0. */
	show_pointer(file, "pgdPhysical", mm ? (void *)__pa(mm->pgd) : NULL);
}

static void show_task(struct seq_file *file, struct task_struct *task)
{
	const struct cred *cred = rcu_dereference(task->real_cred);
	struct task_struct *parent = rcu_dereference(task->real_parent);

	seq_printf(file, "{\"pid\":%d,\"tgid\":%d,\"ppid\":%d,", task->pid, task->tgid, parent->tgid);
	show_comm(file, task);
	show_pointer(file, "task", task);
	/* NULL for a thread that has ended and is only waited for. */
	show_pointer(file, "stack", task->stack);
	task_lock(task);
	show_mm(file, task->mm);
	task_unlock(task);
	seq_printf(file, "\"threads\":%d,\"uid\":%u,\"euid\":%u,\"flags\":%u,\"state\":\"%c\",\"cpu\":%u}\n",
		   get_nr_threads(task), __kuid_val(cred->uid), __kuid_val(cred->euid), task->flags,
		   task_state_to_char(task), task_cpu(task));
}

static int show_tasks(struct seq_file *file, void *unused)
{
	struct task_struct *(*idle_task)(int cpu) = (void *)address_of("idle_task");
	struct task_struct *process, *thread;
	int cpu;

	if (!idle_task)
		return -ENXIO;
	rcu_read_lock();
	for_each_online_cpu(cpu)
		show_task(file, idle_task(cpu));
	for_each_process_thread(process, thread)
		show_task(file, thread);
	rcu_read_unlock();
	return 0;
}

static int open_tasks(struct inode *inode, struct file *file)
{
	return single_open(file, show_tasks, NULL);
}

const struct proc_ops tasks_ops = {
	.proc_open = open_tasks,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};
