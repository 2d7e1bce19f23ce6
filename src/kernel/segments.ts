import type { UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { taskMm } from './mm.js'
import { taskExe } from './path.js'
import { type UserStackPointer, userStackPointers } from './thread_stacks.js'
import { VM } from './vm_flags.js'
import { listVmas, type VmaSummary } from './vma_summary.js'

export type SegmentKind =
  /** Of a program or library: code, constants, data, data that is only written by the linker, zeroes. */
  | 'text'
  | 'rodata'
  | 'data'
  | 'relro'
  | 'bss'
  | 'heap'
  /** Of the main thread, and of another one. */
  | 'stack'
  | 'thread stack'
  /** Inaccessible, directly below the stack of a thread. */
  | 'guard'
  /** Inaccessible, for later use. */
  | 'reserved'
  /** The kernel's own pages: vdso, vvar, uprobes. */
  | 'vdso'
  | 'vvar'
  | 'special'
  | 'hugetlb'
  | 'memfd'
  /** Shared with other processes: anonymous, System V, POSIX. */
  | 'shared memory'
  /** A device's memory, or whatever else has no pages that the kernel counts. */
  | 'device'
  | 'file'
  | 'anonymous'

/** A mapping, and what it is to the process. */
export interface Segment extends VmaSummary {
  readonly kind: SegmentKind
  /** The program or library that it is a part of. */
  readonly image: string | undefined
  readonly isProgram: boolean
  /** The threads whose stack pointers are in it. */
  readonly threads: readonly UserStackPointer[]
  /** What `madvise(2)` said of transparent huge pages. */
  readonly hugePages: 'MADV_HUGEPAGE' | 'MADV_NOHUGEPAGE' | undefined
}

/**
 * The mappings of a process in ascending order, each with what it is. The kernel knows only files and
 * permissions; what follows from these and from where threads' stack pointers are:
 *
 * - A file of which a private mapping may be executed is a program or library: code is what may be executed,
 *   data what may be written, `relro` what no longer may, `bss` the anonymous pages that follow its last
 *   part. Other anonymous memory that happens to follow a library which has no bss counts as such.
 * - A thread's stack is the anonymous mapping that its stack pointer is in. While it handles a signal on
 *   a stack for signals, it is that one.
 */
export function processSegments(
  kernel: Kernel,
  process: UntypedView,
  root?: UntypedView,
): Segment[] {
  const mm = taskMm(process)
  if (mm === null) return []
  const vmas = listVmas(kernel, mm, root)
  return classify(vmas, taskExe(kernel, process, root), userStackPointers(kernel, process))
}

const NONE: readonly UserStackPointer[] = []

function classify(
  vmas: readonly VmaSummary[],
  program: string | undefined,
  stackPointers: readonly UserStackPointer[],
): Segment[] {
  const images = imagesOf(vmas, program)
  const threads = threadsOf(vmas, stackPointers)
  let above: VmaSummary | undefined
  let image: string | undefined
  const segments = vmas.map((vma, i): Segment => {
    const { file } = vma
    const continues = image !== undefined && above?.end === vma.start && isBss(vma, above)
    if (file !== undefined && images.has(file.path)) image = file.path
    else if (!continues) image = undefined
    above = vma
    const own = threads.get(i) ?? NONE
    // Written out, because there may be very many.
    return {
      vma: vma.vma,
      start: vma.start,
      end: vma.end,
      flags: vma.flags,
      offset: vma.offset,
      file,
      name: vma.name,
      kind: image === undefined ? kindOf(vma, own) : imageKind(vma),
      image,
      isProgram: image !== undefined && image === program,
      threads: own,
      hugePages: adviceIn(vma.flags),
    }
  })
  return segments.map((segment, i) => asGuard(segment, segments[i + 1]))
}

/**
 * The paths of programs and libraries. They are known by their paths, because on overlayfs before Linux
 * 6.7 the inode of a mapping is another one than that of the program.
 */
function imagesOf(vmas: readonly VmaSummary[], program: string | undefined): Set<string> {
  const images = new Set<string>(program === undefined ? [] : [program])
  for (const vma of vmas) {
    const { file, flags } = vma
    if (file === undefined || isShared(vma) || isDevice(flags)) continue
    if (has(flags, VM.VM_EXEC)) images.add(file.path)
  }
  return images
}

/** The threads whose stack pointers are in a mapping, by its number. */
function threadsOf(
  vmas: readonly VmaSummary[],
  stackPointers: readonly UserStackPointer[],
): Map<number, UserStackPointer[]> {
  const threads = new Map<number, UserStackPointer[]>()
  for (const pointer of stackPointers) {
    const at = indexOf(vmas, pointer.sp)
    if (at !== undefined) threads.set(at, [...(threads.get(at) ?? []), pointer])
  }
  return threads
}

/** The mapping that an address is in. */
function indexOf(vmas: readonly VmaSummary[], address: bigint): number | undefined {
  let [from, to] = [0, vmas.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if (vmas[middle]!.end <= address) from = middle + 1
    else to = middle
  }
  const vma = vmas[from]
  return vma !== undefined && vma.start <= address ? from : undefined
}

function isBss(vma: VmaSummary, above: VmaSummary): boolean {
  return (
    isPlain(vma) && has(vma.flags, VM.VM_WRITE) && has(above.flags, VM.VM_READ) && !isShared(vma)
  )
}

/** Anonymous, and nothing that the kernel has a name for. */
function isPlain({ file, name, flags }: VmaSummary): boolean {
  return file === undefined && name === undefined && !isDevice(flags)
}

function imageKind({ file, flags }: VmaSummary): SegmentKind {
  if (file === undefined) return 'bss'
  if (has(flags, VM.VM_EXEC)) return 'text'
  if (has(flags, VM.VM_WRITE)) return 'data'
  if (!has(flags, VM.VM_READ)) return 'reserved'
  // What was writable once still counts against the limit of what may be committed.
  return has(flags, VM.VM_ACCOUNT) ? 'relro' : 'rodata'
}

function kindOf(vma: VmaSummary, threads: readonly UserStackPointer[]): SegmentKind {
  const { file, name, flags } = vma
  if (has(flags, VM.VM_HUGETLB)) return 'hugetlb'
  if (name === '[heap]') return 'heap'
  if (name === '[stack]') return 'stack'
  if (name === '[vdso]') return 'vdso'
  if (name?.startsWith('[vvar')) return 'vvar'
  if (file === undefined && name !== undefined && !name.startsWith('[anon:')) return 'special'
  if (file?.path.startsWith('/memfd:')) return 'memfd'
  if (file !== undefined && isSharedMemory(file.path)) return 'shared memory'
  if (isDevice(flags)) return 'device'
  if (file !== undefined) return 'file'
  if (!has(flags, VM.VM_READ | VM.VM_WRITE | VM.VM_EXEC)) return 'reserved'
  return threads.length > 0 ? 'thread stack' : 'anonymous'
}

/** An anonymous mapping that is shared is a file without a name to the kernel. */
function isSharedMemory(path: string): boolean {
  return path === '/dev/zero (deleted)' || path.startsWith('/SYSV') || path.startsWith('/dev/shm/')
}

function asGuard(segment: Segment, above: Segment | undefined): Segment {
  const isBelowStack = above?.kind === 'thread stack' && above.start === segment.end
  if (segment.kind !== 'reserved' || segment.file !== undefined || !isBelowStack) return segment
  return { ...segment, kind: 'guard' }
}

function adviceIn(flags: bigint): Segment['hugePages'] {
  if (has(flags, VM.VM_HUGEPAGE)) return 'MADV_HUGEPAGE'
  return has(flags, VM.VM_NOHUGEPAGE) ? 'MADV_NOHUGEPAGE' : undefined
}

const has = (flags: bigint, bits: bigint) => (flags & bits) !== 0n
const isDevice = (flags: bigint) => has(flags, VM.VM_PFNMAP | VM.VM_IO)
const isShared = ({ flags }: VmaSummary) => has(flags, VM.VM_MAYSHARE)
