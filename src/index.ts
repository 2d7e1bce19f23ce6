export { Btf, type BtfOptions, type FoundMember } from './btf/btf.js'
export type * from './btf/kinds.js'
export { loadBtf } from './btf/load.js'
export type { Dump, LinearMapping, PhysicalRange } from './dump/dump.js'
export { openDump } from './dump/open_dump.js'
export * from './errors.js'
export { FileSource } from './files/file_source.js'
export type { ImageOptions } from './files/open_image.js'
export { accessProcessVm } from './kernel/access_process_vm.js'
export * from './kernel/capability_names.js'
export * from './kernel/cgroup.js'
export * from './kernel/cmdline.js'
export * from './kernel/cpumask.js'
export * from './kernel/cputime.js'
export * from './kernel/cred.js'
export * from './kernel/death.js'
export * from './kernel/dentry.js'
export {
  compoundHead,
  compoundOrder,
  entireMapcount,
  pageCompound,
  pageMapcount,
} from './kernel/folio.js'
export { followPage } from './kernel/follow_page.js'
export { getGateVma } from './kernel/gate_vma.js'
export * from './kernel/image_facts.js'

export { Kernel } from './kernel/kernel.js'
export * from './kernel/kernfs.js'
export * from './kernel/kthread.js'
export { kernelLayout, regionOf } from './kernel/layout/kernel_layout.js'
export { type Mapped, mappedBytes } from './kernel/layout/mapped.js'
export { LAYOUT_MODES, type LayoutMode, SPLITS, type Split } from './kernel/layout/modes.js'
export { referenceLayout } from './kernel/layout/reference.js'
export type { Region } from './kernel/layout/region.js'
export * from './kernel/list.js'

export {
  LOG_FACILITIES,
  LOG_LEVELS,
  type LogCaller,
  type LogRecord,
  type OnLost,
} from './kernel/log_record.js'

export { masForEach, mtreeLoad } from './kernel/maple_tree.js'

export { pageToPfn, pfnToPage, pfnValid } from './kernel/mem_section.js'
export * from './kernel/mm.js'
export { type MmPages, mmPages } from './kernel/mm_pages.js'
export { mmRoot } from './kernel/mm_root.js'
export { forEachModule, moduleBtf, moduleMemory } from './kernel/modules.js'
export * from './kernel/namespace.js'
export { hasPageFlag, pageFlagBits, pageFlags } from './kernel/page_flags.js'
export { type PageInfo, type PageOwner, pageInfo, slabOf } from './kernel/page_info.js'
export { pageType } from './kernel/page_type.js'
export * from './kernel/path.js'
export * from './kernel/percpu.js'
export * from './kernel/pf_flags.js'
export * from './kernel/pid.js'
export * from './kernel/printk.js'
export * from './kernel/proc_task_name.js'
export { pteFlags } from './kernel/pte_flags.js'
export * from './kernel/rbtree.js'
export * from './kernel/relations.js'
export {
  type Residency,
  type VmaRange,
  type VmaResidency,
  vmaResidency,
} from './kernel/residency.js'
export { type PageMapper, rmapWalk } from './kernel/rmap.js'
export * from './kernel/sched.js'
export {
  processSegments,
  type Segment,
  type SegmentKind,
} from './kernel/segments.js'
export * from './kernel/state.js'
export { pteToSwpEntry, type SwapEntry } from './kernel/swap_entry.js'
export { syscallName } from './kernel/syscall_names.js'
export * from './kernel/taint.js'

export { type TaskMem, taskMem } from './kernel/task_mem.js'
export { taskPtRegs } from './kernel/task_pt_regs.js'

export {
  forEachProcess,
  forEachProcessThread,
  forEachThread,
  taskColumns,
  taskRows,
  type Walk,
} from './kernel/tasks.js'
export { type UserStackPointer, userStackPointers } from './kernel/thread_stacks.js'
export * from './kernel/time.js'
export { lastTrouble, type Trouble } from './kernel/trouble.js'
export * from './kernel/uname.js'

export * from './kernel/user_memory.js'
export * from './kernel/user_namespace.js'
export { physToVirt, virtToPhys, vmallocToPfn } from './kernel/virt_to_phys.js'
export * from './kernel/vm_flags.js'
export { forEachVma, vmaFind, vmaLookup } from './kernel/vma.js'
export { type MappedFile, mappedFile } from './kernel/vma_file.js'
export { vmaIsInitialHeap, vmaIsInitialStack, vmaName } from './kernel/vma_name.js'
export { listVmas, type VmaSummary } from './kernel/vma_summary.js'
export { forEachVmapArea } from './kernel/vmap_area.js'
export * from './kernel/xarray.js'
export { isHugeZeroPfn, isZeroPfn } from './kernel/zero_pfn.js'
export { type AddressPart, type AddressParts, addressParts } from './memory/paging/address_parts.js'
export { arm64 } from './memory/paging/arm64.js'
export { forEachMapping, type Mapping, type Skipped } from './memory/paging/mappings.js'
export type { PagingMode } from './memory/paging/mode.js'
export { PagedMemory } from './memory/paging/paged_memory.js'
export * from './memory/paging/root.js'
export { type Walk as PageWalk, type WalkStep, walk, whyNot } from './memory/paging/walk.js'
export { x86_32, x86_64, x86Pae } from './memory/paging/x86.js'
export * from './object/container_of.js'
export { FlexibleArray } from './object/flexible_array.js'
export * from './object/kernel_types.js'
export { Pointer } from './object/pointer.js'
export { View } from './object/view.js'
export { openKernel, openStacks } from './open_kernel.js'
export * from './unwind/debug_file.js'
export { callFramesOf } from './unwind/elf_call_frames.js'
export { ElfSymbols } from './unwind/elf_symbols.js'
export { type KernelFunction, kernelFunctionText } from './unwind/kernel_function.js'
export * from './unwind/kernel_stack.js'
export type { StackKind } from './unwind/kernel_stack_areas.js'
export { machineOfElf } from './unwind/machine.js'
export * from './unwind/module.js'
export * from './unwind/perf_map.js'
export type { NamedRegisters } from './unwind/pt_regs.js'
export { Registers } from './unwind/registers.js'
export type * from './unwind/thread_stack.js'
export * from './unwind/unwind.js'
