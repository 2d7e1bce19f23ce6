import type { Btf } from '../btf/btf.js'
import { loadBtf } from '../btf/load.js'
import { KsightError, NotFoundError } from '../errors.js'
import { findBtf } from '../kernel/find_btf.js'
import type { Memory } from '../memory/memory.js'
import type { ImageHelp, ImageSymbols } from './image_symbols.js'

/** The types of the kernel in an image: what the user gave, or the BTF in its memory. */
export function imageTypes(memory: Memory, symbols: ImageSymbols, help: ImageHelp): Btf {
  const file = help.btf ?? help.vmlinux
  if (file !== undefined) return loadBtf(file.bytes, { source: file.name })
  try {
    const { bytes } = findBtf(memory, (name) => addressOf(symbols, name), symbols.imageRange)
    return loadBtf(bytes, { source: 'the BTF in the image' })
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error
    throw new NotFoundError(
      'no type information in the image',
      ['--btf FILE', '--vmlinux FILE'],
      `${error.why}, as in a kernel built without CONFIG_DEBUG_INFO_BTF or where pages were left out`,
    )
  }
}

/** Without symbols BTF is searched for. */
function addressOf(symbols: ImageSymbols, name: string): bigint | undefined {
  try {
    return symbols.addressOf(name)
  } catch (error) {
    if (error instanceof KsightError) return undefined
    throw error
  }
}
