import type { Btf } from '../btf/btf.js'
import { loadBtf } from '../btf/load.js'
import { NotFoundError, UnsupportedError } from '../errors.js'
import { findBtf } from '../kernel/find_btf.js'
import type { Memory } from '../memory/memory.js'
import type { AddressRange } from '../symbols/areas.js'
import type { ImageHelp, ImageSymbols } from './image_symbols.js'

/** The types of the kernel in an image: what the user gave, or the BTF in its memory. */
export function imageTypes(
  memory: Memory,
  symbols: ImageSymbols,
  range: AddressRange,
  help: ImageHelp,
): Btf {
  const file = help.btf ?? help.vmlinux
  if (file !== undefined) return loadBtf(file.bytes, { source: file.name })
  try {
    // Without symbols it is searched for.
    const { bytes } = findBtf(memory, (name) => symbols.addressIfKnown(name), range)
    return loadBtf(bytes, { source: 'the BTF in the image' })
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error
    throw new UnsupportedError(
      'no type information in the image',
      'its kernel has no BTF (CONFIG_DEBUG_INFO_BTF), or its pages are not in the image',
      'give it with --btf FILE, or with --vmlinux FILE',
    )
  }
}
