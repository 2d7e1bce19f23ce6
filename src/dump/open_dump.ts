import type { ByteSource } from '../bytes/byte_source.js'
import { isElf } from '../elf/header.js'
import type { Dump } from './dump.js'
import { openElfDump } from './elf_dump.js'
import { readStart } from './file_bytes.js'
import { openRaw } from './raw.js'

/**
 * Opens a memory image; what format it has is told by its content. `more` are the other files of a
 * kdump image that makedumpfile split. Nothing is read yet but headers and notes.
 */
export function openDump(source: ByteSource, ...more: readonly ByteSource[]): Dump {
  const start = readStart(source, 4096)
  if (isElf(start)) return openElfDump(source)
  return openRaw(source)
}
