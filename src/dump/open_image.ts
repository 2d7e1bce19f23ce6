import type { ByteSource } from '../bytes/byte_source.js'
import { InconsistentError, KsightError, UsageError } from '../errors.js'
import type { Kernel } from '../kernel/kernel.js'
import type { Dump } from './dump.js'
import type { ImageHelp } from './image_symbols.js'
import { kernelInDump } from './kernel_in_dump.js'
import { openDump } from './open_dump.js'
import { RAW_FORMAT } from './raw.js'
import { kernelInRawFile } from './raw_layout.js'

/**
 * Opens the kernel in a memory image. All that is needed to understand it is in the image itself;
 * `help` takes the place of what an image has not got; `resources` are let go of with the kernel.
 */
export function openImage(
  sources: readonly ByteSource[],
  help: ImageHelp = {},
  resources?: Disposable,
): Kernel {
  const [first, ...more] = sources
  if (first === undefined) throw new UsageError('no memory image', 'no file is named')
  const dump = openDump(first, ...more)
  const open = (dump: Dump) => kernelInDump(dump, first.name, help, resources)
  try {
    return dump.format === RAW_FORMAT ? kernelInRawFile(first, dump, open) : open(dump)
  } catch (error) {
    if (dump.incomplete === undefined || !(error instanceof KsightError)) throw error
    throw new InconsistentError(`cannot open ${first.name}`, dump.incomplete, error.message)
  }
}
