import type { UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { getMmCounterSum, type MmCounter } from './mm.js'

const PAGE_SHIFT = 12n
const PAGE_MASK = ~0xfffn

/** The sizes that /proc/PID/status tells of an address space, in bytes. */
export interface TaskMem {
  /** VmSize: all mappings. */
  readonly size: bigint
  /** VmPeak: the largest that VmSize has been. */
  readonly peak: bigint
  /** VmLck: mappings that stay in memory (`mlock(2)`). */
  readonly locked: bigint
  /** VmPin: pages that devices use and that therefore do not move. */
  readonly pinned: bigint
  /** VmRSS: pages in memory; the sum of the three after VmHWM. */
  readonly resident: bigint
  /** VmHWM: the largest that VmRSS has been. */
  readonly residentPeak: bigint
  /** RssAnon, RssFile, RssShmem */
  readonly anonymous: bigint
  readonly file: bigint
  readonly shmem: bigint
  /** VmSwap */
  readonly swap: bigint
  /** VmData, VmStk: private mappings that may be written; those that grow downwards. */
  readonly data: bigint
  readonly stack: bigint
  /** VmExe, VmLib: the program's code; other private mappings of files that may be executed. */
  readonly text: bigint
  readonly library: bigint
  /** VmPTE: the page tables themselves, of all levels but the topmost. */
  readonly pageTables: bigint
  /** HugetlbPages, which count as nothing else; undefined without CONFIG_HUGETLB_PAGE. */
  readonly hugetlb: bigint | undefined
}

/**
 * `void task_mem(struct seq_file *m, struct mm_struct *mm)`: what the kernel counts of an address space.
 * For how exact the counts of pages in memory are, see {@link getMmCounterSum}: they are what the kernel
 * itself shows. Up to Linux 6.1, each thread may hold back what its last 64 page faults added
 * (`task->rss_stat`).
 */
export function taskMem(kernel: Kernel, mm: UntypedView): TaskMem {
  const bytes = (pages: bigint) => pages << PAGE_SHIFT
  const counter = (name: MmCounter) => {
    return bytes(getMmCounterSum(kernel, mm, name))
  }
  const anonymous = counter('MM_ANONPAGES')
  const file = counter('MM_FILEPAGES')
  const shmem = counter('MM_SHMEMPAGES')
  const resident = anonymous + file + shmem
  const text = textSize(mm)
  return {
    size: bytes(mm.total_vm),
    peak: bytes(larger(mm.total_vm, mm.hiwater_vm)),
    locked: bytes(mm.locked_vm),
    pinned: bytes(mm.pinned_vm.counter),
    resident,
    residentPeak: larger(resident, bytes(mm.hiwater_rss)),
    anonymous,
    file,
    shmem,
    swap: counter('MM_SWAPENTS'),
    data: bytes(mm.data_vm),
    stack: bytes(mm.stack_vm),
    text,
    library: bytes(mm.exec_vm) - text,
    pageTables: mm.pgtables_bytes.counter,
    hugetlb: mm.$has('hugetlb_usage') ? bytes(mm.hugetlb_usage.counter) : undefined,
  }
}

/** From the first page of the program's code to its last one, but no more than may be executed. */
function textSize(mm: UntypedView): bigint {
  const size = ((mm.end_code + 0xfffn) & PAGE_MASK) - (mm.start_code & PAGE_MASK)
  const executable = mm.exec_vm << PAGE_SHIFT
  return size < executable ? size : executable
}

/** The kernel keeps a high-water mark only when it lowers the count. */
function larger(now: bigint, mark: bigint): bigint {
  return now > mark ? now : mark
}
