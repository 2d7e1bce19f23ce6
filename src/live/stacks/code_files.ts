import { readFileSync, statSync } from 'node:fs'
import type { Elf } from '../../elf/elf.js'
import { FormatError, KsightError } from '../../errors.js'
import type { CallFrames } from '../../unwind/cfi/call_frames.js'
import { buildIdDebugPath, crc32, debugLinkOf, debugLinkPaths } from '../../unwind/debug_file.js'
import { callFramesOf } from '../../unwind/elf_call_frames.js'
import { ElfSymbols, type FunctionSymbol } from '../../unwind/elf_symbols.js'
import { buildIdOf } from '../../unwind/module.js'
import { readSparseElf } from './sparse_elf.js'

/** An ELF file that code is mapped from. */
export class CodeFile {
  private frames: CallFrames | undefined
  private symbols: ElfSymbols | undefined

  constructor(
    readonly elf: Elf,
    /** Where debug files are looked for beside it; undefined for what is in no file system. */
    private readonly path?: string,
    private readonly root = '',
  ) {}

  get callFrames(): CallFrames {
    this.frames ??= callFramesOf(this.elf)
    return this.frames
  }

  /** The function at an address of the file. */
  functionAt(address: bigint): FunctionSymbol | undefined {
    this.symbols ??= symbolsOf([...this.debugFile(), this.elf])
    return this.symbols.at(address)
  }

  private debugFile(): Elf[] {
    const buildId = idOf(this.elf)
    const byId = buildIdDebugPath(buildId ?? '')
    for (const path of byId === undefined ? [] : [byId, this.root + byId]) {
      const elf = readIfThere(path)
      if (elf !== undefined && idOf(elf) === buildId) return [elf]
    }
    return this.linkedFile()
  }

  /** The file that `.gnu_debuglink` names, if its checksum is right. */
  private linkedFile(): Elf[] {
    const link = this.path === undefined ? undefined : linkOf(this.elf)
    if (link === undefined) return []
    for (const path of debugLinkPaths(this.path!, link)) {
      try {
        const whole = this.root + path
        if (crc32(readFileSync(whole)) === link.crc) return [readSparseElf(whole, path)]
      } catch {
        // It is not there, or not that one.
      }
    }
    return []
  }
}

function symbolsOf(files: readonly Elf[]): ElfSymbols {
  try {
    return new ElfSymbols(files)
  } catch (error) {
    if (error instanceof KsightError) return new ElfSymbols([])
    throw error
  }
}

function idOf(elf: Elf): string | undefined {
  try {
    return buildIdOf(elf)
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

function linkOf(elf: Elf) {
  try {
    return debugLinkOf(elf)
  } catch (error) {
    if (error instanceof KsightError) return undefined
    throw error
  }
}

function readIfThere(path: string): Elf | undefined {
  try {
    return readSparseElf(path, path)
  } catch {
    return undefined
  }
}

/** Where a mapped file can be opened, and what it is called. */
export interface MappedPath {
  /** `/proc/PID/map_files/START-END`: the very file, also where it was deleted or replaced. */
  readonly mapFile: string
  /** `/proc/PID/root` */
  readonly root: string
  /** As the process sees it. */
  readonly path: string
  readonly inode: bigint
}

/** The files that code is mapped from, each read once for all processes, for as long as it is the same. */
export class CodeFiles {
  private readonly files = new Map<string, CodeFile | KsightError>()

  /** Gives a reason where a file cannot be used. */
  open(where: MappedPath): CodeFile | KsightError {
    try {
      const { openable, key } = locate(where)
      let file = this.files.get(key)
      if (file === undefined) {
        file = parse(openable, where)
        this.files.set(key, file)
      }
      return file
    } catch (error) {
      return asReason(where.path, error)
    }
  }
}

/** `map_files` needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE; without, the path must still be that of the file. */
function locate(where: MappedPath): { openable: string; key: string } {
  try {
    return { openable: where.mapFile, key: keyOf(where.mapFile).key }
  } catch {
    const openable = where.root + where.path
    const { key, inode } = keyOf(openable)
    if (inode === where.inode) return { openable, key }
    throw new KsightError(`cannot read ${where.path}`, 'the file was replaced meanwhile')
  }
}

function keyOf(path: string): { key: string; inode: bigint } {
  const { dev, ino, size, ctimeNs } = statSync(path, { bigint: true })
  return { key: `${dev}:${ino}:${size}:${ctimeNs}`, inode: ino }
}

function parse(openable: string, { path, root }: MappedPath): CodeFile | KsightError {
  try {
    return new CodeFile(readSparseElf(openable, path), path, root)
  } catch (error) {
    return asReason(path, error)
  }
}

function asReason(path: string, error: unknown): KsightError {
  if (error instanceof KsightError) return error
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined) throw error
  return new KsightError(`cannot read ${path}`, code)
}
