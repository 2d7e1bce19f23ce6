// SPDX-License-Identifier: GPL-2.0
/* /proc/ksight_lab/facts: what a reader of the kernel's memory has to find out, in one JSON object. */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched/task.h>
#include <linux/smp.h>
#include <linux/utsname.h>
#include <asm/cpu_entry_area.h>
#include <asm/cpufeature.h>
#include <asm/fixmap.h>
#include <asm/pgtable.h>
#include <asm/processor.h>
#include <asm/vsyscall.h>
#include "ksight_lab.h"

static void show_symbol(struct seq_file *file, const char *name)
{
	show_pointer(file, name, (void *)address_of(name));
}

static void show_number(struct seq_file *file, const char *name, unsigned long number)
{
	seq_printf(file, "\"%s\":%lu,", name, number);
}

/* Where the kernel and its areas are. */
static void show_places(struct seq_file *file)
{
	show_address(file, "PAGE_OFFSET", PAGE_OFFSET);
	show_address(file, "VMALLOC_START", VMALLOC_START);
	show_address(file, "VMALLOC_END", VMALLOC_END);
	show_address(file, "VMEMMAP_START", VMEMMAP_START);
	show_address(file, "MODULES_VADDR", MODULES_VADDR);
	show_address(file, "MODULES_END", MODULES_END);
	show_address(file, "GUARD_HOLE_BASE_ADDR", GUARD_HOLE_BASE_ADDR);
	show_address(file, "GUARD_HOLE_END_ADDR", GUARD_HOLE_END_ADDR);
	show_address(file, "LDT_BASE_ADDR", LDT_BASE_ADDR);
	show_address(file, "LDT_END_ADDR", LDT_END_ADDR);
	show_address(file, "CPU_ENTRY_AREA_BASE", CPU_ENTRY_AREA_BASE);
	show_address(file, "ESPFIX_BASE_ADDR", ESPFIX_BASE_ADDR);
	show_address(file, "EFI_VA_START", EFI_VA_START);
	show_address(file, "EFI_VA_END", EFI_VA_END);
	show_address(file, "FIXADDR_START", FIXADDR_START);
	show_address(file, "FIXADDR_TOP", FIXADDR_TOP);
	show_address(file, "VSYSCALL_ADDR", VSYSCALL_ADDR);
	show_address(file, "TASK_SIZE_MAX", TASK_SIZE_MAX);
	show_address(file, "KERNEL_IMAGE_SIZE", KERNEL_IMAGE_SIZE);
	show_address(file, "__START_KERNEL_map", __START_KERNEL_map);
	show_address(file, "phys_base", phys_base);
	show_address(file, "kaslr_offset", address_of("_text") - __START_KERNEL);
	show_address(file, "high_memory", (unsigned long)high_memory);
	show_symbol(file, "_text");
	show_symbol(file, "_etext");
	show_symbol(file, "_end");
	show_symbol(file, "init_task");
	show_symbol(file, "init_mm");
	show_symbol(file, "init_top_pgt");
	show_address(file, "init_top_pgtPhysical", __pa(address_of("init_top_pgt")));
	show_address(file, "thisModule", (unsigned long)THIS_MODULE);
}

static void show_sizes(struct seq_file *file)
{
	show_number(file, "PAGE_SIZE", PAGE_SIZE);
	show_number(file, "THREAD_SIZE", THREAD_SIZE);
	show_number(file, "HZ", HZ);
	show_number(file, "pgtable_l5_enabled", pgtable_l5_enabled());
	show_number(file, "pti", boot_cpu_has(X86_FEATURE_PTI));
	show_number(file, "nr_cpu_ids", nr_cpu_ids);
	show_number(file, "num_online_cpus", num_online_cpus());
	show_number(file, "num_possible_cpus", num_possible_cpus());
}

/* The context in which this very file is read. */
static void show_context(struct seq_file *file)
{
	show_pointer(file, "current", current);
	show_number(file, "currentPid", current->pid);
	show_number(file, "in_task", !!in_task());
	show_number(file, "preempt_count", preempt_count());
	/* Only where the thread stays may these two be asked one after the other. */
	preempt_disable();
	show_number(file, "smp_processor_id", smp_processor_id());
	show_address(file, "this_cpu_off", this_cpu_read(this_cpu_off));
	preempt_enable();
}

static void show_cpu(struct seq_file *file, int cpu)
{
	struct task_struct *(*idle_task)(int cpu) = (void *)address_of("idle_task");

	seq_putc(file, '{');
	show_address(file, "__per_cpu_offset", __per_cpu_offset[cpu]);
	show_address(file, "cpu_info", (unsigned long)per_cpu_ptr(&cpu_info, cpu));
	show_address(file, "runqueues", address_of("runqueues") + __per_cpu_offset[cpu]);
	show_pointer(file, "idle_task", idle_task(cpu));
	seq_printf(file, "\"cpu\":%d}", cpu);
}

static int show_facts(struct seq_file *file, void *unused)
{
	const char *comma = "";
	int cpu;

	seq_printf(file, "{\"release\":\"%s\",", init_utsname()->release);
	show_places(file);
	show_sizes(file);
	show_context(file);
	seq_puts(file, "\"cpus\":[");
	for_each_online_cpu(cpu) {
		seq_puts(file, comma);
		show_cpu(file, cpu);
		comma = ",";
	}
	seq_puts(file, "]}\n");
	return 0;
}

static int open_facts(struct inode *inode, struct file *file)
{
	return single_open(file, show_facts, NULL);
}

const struct proc_ops facts_ops = {
	.proc_open = open_facts,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};
