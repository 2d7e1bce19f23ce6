import { readFileSync } from 'node:fs'
import { RangeIndex } from '../../bytes/range_index.js'
import { readElf } from '../../elf/elf.js'
import { KsightError } from '../../errors.js'
import type { Kernel } from '../../kernel/kernel.js'
import { VM } from '../../kernel/vm_flags.js'
import { listVmas, type VmaSummary } from '../../kernel/vma_summary.js'
import { processVmReadv } from '../../linux/process_vm_readv.js'
import type { UntypedView } from '../../object/kernel_types.js'
import type { CallFrames } from '../../unwind/cfi/call_frames.js'
import type { FunctionSymbol } from '../../unwind/elf_symbols.js'
import { loadBias, type MappedModule } from '../../unwind/module.js'
import { PerfMap, perfMapPath } from '../../unwind/perf_map.js'
import { CodeFile, type CodeFiles } from './code_files.js'

/** Code in a process, with the names of its functions. */
export interface CodeModule extends MappedModule {
  /** Why its file could not be used. */
  readonly problem: string | undefined
  /** The function at an address of the process; its address is one of the process, too. */
  functionAt(address: bigint): FunctionSymbol | undefined
}

/** More mappings than a vdso has pages would be something else. */
const LARGEST_VDSO = 1n << 20n

/** The mappings of a process as they were, and what the executable ones hold. */
export class ProcessCode {
  private readonly vmas: readonly VmaSummary[]
  private readonly index: RangeIndex
  private readonly modules: (CodeModule | undefined)[] = []
  private jit: PerfMap | undefined

  constructor(
    kernel: Kernel,
    mm: UntypedView,
    /** Its root directory. */
    root: UntypedView | undefined,
    /** Its pid as the caller sees it, and as it sees itself. */
    private readonly pids: { readonly ours: number; readonly own: number },
    private readonly files: CodeFiles,
  ) {
    this.vmas = listVmas(kernel, mm, root)
    this.index = new RangeIndex(
      this.vmas.map(({ start, end }) => ({ start: Number(start), end: Number(end) })),
    )
  }

  /** Where the mapping that an address is in ends. */
  readonly endOfMapping = (address: bigint): bigint | undefined => {
    return this.vmas[this.index.find(address) ?? -1]?.end
  }

  readonly find = (address: bigint): CodeModule | undefined => {
    const position = this.index.find(address)
    if (position === undefined) return undefined
    const vma = this.vmas[position]!
    if ((vma.flags & VM.VM_EXEC) === 0n) return undefined
    this.modules[position] ??= this.open(vma)
    return this.modules[position]
  }

  private open(vma: VmaSummary): CodeModule {
    const name = vma.name ?? '[anon]'
    const file = this.fileOf(vma)
    if (file === undefined) return this.ofNoFile(name)
    if (file instanceof KsightError) return { ...this.ofNoFile(name), problem: file.message }
    try {
      const bias = loadBias(file.elf.segments, vma)
      if (bias !== undefined) return ofFile(name, file, bias)
      return { ...this.ofNoFile(name), problem: `no segment of ${name} is mapped there` }
    } catch (error) {
      if (!(error instanceof KsightError)) throw error
      return { ...this.ofNoFile(name), problem: error.message }
    }
  }

  /** The code of a JIT compiler, which may tell the names of its functions. */
  private ofNoFile(name: string): CodeModule {
    const functionAt = (address: bigint) => this.perfMap.at(address)
    return { name, bias: 0n, callFrames: undefined, problem: undefined, functionAt }
  }

  private get perfMap(): PerfMap {
    this.jit ??= new PerfMap(textOf(`${this.root}${perfMapPath(this.pids.own)}`))
    return this.jit
  }

  private get root(): string {
    return `/proc/${this.pids.ours}/root`
  }

  private fileOf(vma: VmaSummary): CodeFile | KsightError | undefined {
    if (vma.name === '[vdso]') return this.vdso(vma)
    if (vma.file === undefined) return undefined
    const range = `${vma.start.toString(16)}-${vma.end.toString(16)}`
    const mapFile = `/proc/${this.pids.ours}/map_files/${range}`
    return this.files.open({
      mapFile,
      root: this.root,
      path: vma.file.path,
      inode: vma.file.inode,
    })
  }

  /** An ELF file that the kernel maps into each process. */
  private vdso({ start, end }: VmaSummary): CodeFile | KsightError {
    const length = end - start < LARGEST_VDSO ? end - start : LARGEST_VDSO
    const into = new Uint8Array(Number(length))
    try {
      processVmReadv(this.pids.ours, [{ address: start, into }])
      return new CodeFile(readElf(into, '[vdso]'))
    } catch (error) {
      if (error instanceof KsightError) return error
      throw error
    }
  }
}

function ofFile(name: string, file: CodeFile, bias: bigint): CodeModule {
  const callFrames: CallFrames = file.callFrames
  return {
    name,
    bias,
    callFrames,
    problem: undefined,
    functionAt: (address) => {
      const found = file.functionAt(BigInt.asUintN(64, address - bias))
      return found && { ...found, address: BigInt.asUintN(64, found.address + bias) }
    },
  }
}

/** Empty where there is no such file, as for most processes. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
