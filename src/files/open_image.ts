import { readFileSync } from 'node:fs'
import type { HelpFile, ImageHelp } from '../dump/image_symbols.js'
import { openImage as openImageIn } from '../dump/open_image.js'
import type { Kernel } from '../kernel/kernel.js'
import { attempt, FileSource } from './file_source.js'

/** Files that help where an image lacks something. */
export interface ImageOptions {
  /** The kernel as an ELF file, with its symbols and types. */
  readonly vmlinux?: string
  readonly systemMap?: string
  /** BTF, raw or in an ELF file. */
  readonly btf?: string
}

/** Opens the kernel in the memory image that these files are: one, or all parts of a split one. */
export function openImage(files: readonly string[], options: ImageOptions = {}): Kernel {
  const sources: FileSource[] = []
  const close = () => {
    for (const source of sources) source[Symbol.dispose]()
  }
  try {
    for (const file of files) sources.push(new FileSource(file))
    return openImageIn(sources, helpFrom(options), { [Symbol.dispose]: close })
  } catch (error) {
    close()
    throw error
  }
}

function helpFrom({ vmlinux, systemMap, btf }: ImageOptions): ImageHelp {
  return {
    ...(vmlinux !== undefined && { vmlinux: readHelp(vmlinux) }),
    ...(systemMap !== undefined && { systemMap: readHelp(systemMap) }),
    ...(btf !== undefined && { btf: readHelp(btf) }),
  }
}

function readHelp(name: string): HelpFile {
  return { name, bytes: attempt(name, () => readFileSync(name)) }
}
