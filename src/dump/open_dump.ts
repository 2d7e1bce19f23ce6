import type { ByteSource } from '../bytes/byte_source.js'
import { isElf } from '../elf/header.js'
import { FormatError, UnsupportedError, UsageError } from '../errors.js'
import { compressorOf } from './compressed.js'
import type { Dump } from './dump.js'
import { openElfDump } from './elf_dump.js'
import { readStart } from './file_bytes.js'
import { FlattenedSource, isFlattened } from './flattened.js'
import { isKdump } from './kdump/header.js'
import { openKdump } from './kdump/open_kdump.js'
import { isLime, openLime } from './lime.js'
import { openRaw } from './raw.js'

/** Enough to tell any format. */
const START = 64

/**
 * Opens a memory image; its format is told by its content. `more` are the other files of an image that
 * makedumpfile split, in any order. Headers and notes are read, and no page before it is asked for.
 */
export function openDump(source: ByteSource, ...more: readonly ByteSource[]): Dump {
  const sources = [source, ...more].map(unflattened)
  const [first] = sources as [ByteSource]
  if (first.size === 0)
    throw new FormatError(first.name, 0, 'a memory image, and the file is empty')
  const start = readStart(first, START)
  if (isKdump(start)) return openKdump(sources)
  if (more.length > 0) {
    throw new UsageError(
      `cannot open ${first.name} and others together`,
      'it is no file of a split image',
    )
  }
  if (isElf(start)) return openElfDump(first)
  if (isLime(start)) return openLime(first)
  const compressor = compressorOf(start)
  if (compressor === undefined) return openRaw(first)
  throw new UnsupportedError(
    `cannot open ${first.name}`,
    `it is compressed with ${compressor}`,
    'unpack it first',
  )
}

function unflattened(source: ByteSource): ByteSource {
  return isFlattened(readStart(source, START)) ? new FlattenedSource(source) : source
}
